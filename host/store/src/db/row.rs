//! Rows of answers, read by column name.

use super::local::LocalRow;
use crate::error::StoreError;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// A row of an answer.
pub(crate) enum Row {
    /// Of SQLite.
    Local(LocalRow),
    Postgres(PgRow),
}

impl Row {
    /// The value of a column.
    pub(crate) fn get<T: Column>(&self, name: &str) -> Result<T, StoreError> {
        T::read(self, name)
    }

    /// A column that holds JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.get::<String>(name)?)
            .map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))
    }

    /// A column that holds JSON or nothing.
    pub(crate) fn json_option<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(name)?
            .map(|text| {
                serde_json::from_str(&text).map_err(|error| StoreError::Corrupt(format!("{name}: {error}")))
            })
            .transpose()
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError>;
}

macro_rules! columns {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                match row {
                    Row::Local(row) => row.get(name),
                    Row::Postgres(row) => Ok(row.try_get(name)?),
                }
            }
        }
    )+};
}
columns!(i64, Option<i64>, String, Option<String>, Vec<u8>, Option<Vec<u8>>, Uuid, Option<Uuid>);

impl Column for bool {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Ok(row.get::<i64>(name)? != 0)
    }
}

impl Column for u64 {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Ok(Self::try_from(row.get::<i64>(name)?).unwrap_or(0))
    }
}

impl Column for twobot_domain::Timestamp {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        row.get(name).map(Self)
    }
}

impl Column for Option<twobot_domain::Timestamp> {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Ok(row.get::<Option<i64>>(name)?.map(twobot_domain::Timestamp))
    }
}

/// Calls a macro with the names of all ids.
macro_rules! with_ids {
    ($macro:ident) => {
        $macro!(
            TenantId,
            UserId,
            SessionId,
            TwoFactorId,
            ApiKeyId,
            GatewayId,
            InstallId,
            InboundId,
            EventId,
            ExecutionId,
            EffectId,
            OutboundId,
            ScheduleId,
            ConversationId,
            ChatMessageId,
            NotificationId,
            AuditId,
            MailId,
            NodeId,
        );
    };
}
pub(super) use with_ids;

macro_rules! ids_from_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl Column for twobot_domain::$name {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                Ok(Self::from_uuid(row.get(name)?))
            }
        }
        impl Column for Option<twobot_domain::$name> {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                Ok(row.get::<Option<Uuid>>(name)?.map(twobot_domain::$name::from_uuid))
            }
        }
    )+};
}
with_ids!(ids_from_columns);
