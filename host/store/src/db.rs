//! One way to run a statement, whatever the database.
//!
//! A [`Statement`] is SQL that every dialect understands (`$1` parameters, `ON CONFLICT`, `RETURNING`) with its values; a
//! [`Row`] is read by column name. Only this module and `migrations/` know which database it is: a second dialect is a
//! second arm in each `match` here, and not a second set of repositories. See `docs/decisions/0003-one-store-two-dialects.md`.

mod writer;

use crate::error::StoreError;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Arguments as _, ConnectOptions as _, Connection as _, Row as _, SqlSafeStr as _, Sqlite};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;
use writer::{LocalRow, Writer, WriterTx};

/// Connections that read at the same time.
const READERS: u32 = 4;

/// How long another process may keep the database to itself before whoever wants to write gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A value for a parameter of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Uuid(Option<Uuid>),
}

macro_rules! into_value {
    ($($from:ty => |$value:ident| $case:ident($into:expr)),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$case(Some($into))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$case(value.map(|$value| $into))
            }
        }
    )+};
}
into_value! {
    i64 => |value| Integer(value),
    bool => |value| Integer(i64::from(value)),
    // Counts come from guests too; what does not fit is as good as the largest.
    u64 => |value| Integer(i64::try_from(value).unwrap_or(i64::MAX)),
    twobot_domain::Timestamp => |value| Integer(value.0),
    String => |value| Text(value),
    &str => |value| Text(value.to_owned()),
    Vec<u8> => |value| Bytes(value),
    &[u8] => |value| Bytes(value.to_vec()),
    Uuid => |value| Uuid(value),
}

macro_rules! ids_into_value {
    ($($name:ident),+ $(,)?) => {$(
        into_value! { twobot_domain::$name => |value| Uuid(value.uuid()) }
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
ids_into_value!(
    TenantId,
    UserId,
    SessionId,
    GatewayId,
    InstallId,
    InboundId,
    EventId,
    ExecutionId,
    EffectId,
    ScheduleId,
    ConversationId,
    ChatMessageId,
    NotificationId,
    AuditId,
);

/// SQL with the values of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    text: std::borrow::Cow<'static, str>,
    values: Vec<Value>,
}

/// Begins a statement. The text is a constant: values never become part of it.
pub(crate) const fn sql(text: &'static str) -> Statement {
    Statement { text: std::borrow::Cow::Borrowed(text), values: Vec::new() }
}

/// Begins a statement whose text was put together from constants, such as a list of `$n` of the right length.
pub(crate) const fn sql_of(text: String) -> Statement {
    Statement { text: std::borrow::Cow::Owned(text), values: Vec::new() }
}

impl Statement {
    /// The value of the next parameter.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    fn into_sqlite(self) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, StoreError> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            match value {
                Value::Integer(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
                Value::Uuid(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        let text = match self.text {
            std::borrow::Cow::Borrowed(text) => text.into_sql_str(),
            std::borrow::Cow::Owned(text) => sqlx::AssertSqlSafe(text).into_sql_str(),
        };
        Ok(sqlx::query_with(text, arguments))
    }
}

/// A row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Local(LocalRow),
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
                    Row::Sqlite(row) => Ok(row.try_get(name)?),
                    Row::Local(row) => row.get(name),
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

/// The database.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// SQLite has one writer at a time; tasks take turns with it instead of racing for the lock.
    Sqlite { readers: SqlitePool, writer: Writer },
}

impl Db {
    /// Opens the database that a URL names, and makes it where it is a file that does not exist.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            let scheme = url.split(':').next().unwrap_or_default();
            return Err(StoreError::UnsupportedDatabase(scheme.to_owned()));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("cache_size", "-32000")
            .pragma("temp_store", "memory")
            .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_millis(500));
        if let Some(folder) =
            Path::new(options.get_filename()).parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Folder(folder.display().to_string(), error))?;
        }
        // The writer makes the file where there is none.
        let writer = Writer::open(options.get_filename())?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self::Sqlite { readers, writer })
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let options = SqliteConnectOptions::new().filename(writer.path()).foreign_keys(true);
                let mut connection = options.busy_timeout(PATIENCE).connect().await?;
                sqlx::migrate!("../../migrations/sqlite").run(&mut connection).await?;
                Ok(connection.close().await?)
            }
        }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin().await?)),
        }
    }

    /// The rows that a query answers.
    pub(crate) async fn all(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => {
                Ok(statement.into_sqlite()?.fetch_all(readers).await?.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    /// The first row that a query answers.
    pub(crate) async fn optional(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => {
                Ok(statement.into_sqlite()?.fetch_optional(readers).await?.map(Row::Sqlite))
            }
        }
    }

    /// The one row that a query answers.
    pub(crate) async fn one(&self, statement: Statement) -> Result<Row, StoreError> {
        self.optional(statement).await?.ok_or(StoreError::NotFound)
    }

    /// Runs a single writing statement in a transaction of its own, and says how many rows it changed.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut tx = writer.begin().await?;
                let changed = tx.run(&statement)?;
                tx.commit().await?;
                Ok(changed)
            }
        }
    }

    /// Closes every connection, so that the files can be moved or removed.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

/// A transaction that may write. Dropped without [`Tx::commit`], it never was.
pub(crate) enum Tx {
    Sqlite(WriterTx),
}

impl Tx {
    /// The rows that a statement answers.
    pub(crate) async fn all(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => Ok(tx.rows(&statement, usize::MAX)?.into_iter().map(Row::Local).collect()),
        }
    }

    /// The first row that a statement answers.
    pub(crate) async fn optional(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => Ok(tx.rows(&statement, 1)?.into_iter().next().map(Row::Local)),
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => tx.run(&statement),
        }
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
        }
    }
}
