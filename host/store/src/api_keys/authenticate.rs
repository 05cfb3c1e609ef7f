//! Whose a key is that a request shows.

use super::{digest, scopes};
use crate::db::{Row, sql};
use crate::{Store, StoreError, TenantScope};
use subtle::{Choice, ConstantTimeEq};
use twobot_domain::{ApiKeyId, ApiScope, Role, Timestamp, UserId};

/// How exactly it is known when a key was last used, in milliseconds: it is written at most this often.
const USE_NOTED_EVERY: i64 = 60_000;

/// What a token is.
#[derive(Clone, Debug)]
pub enum KeyCheck {
    /// None that holds or held. Also a wrong secret: of who does not have the right one, nothing more is said.
    Unknown,
    /// Of a key that was revoked.
    Revoked,
    /// Of a key that has expired.
    Expired,
    /// One that was replaced, and whose time of grace is over.
    Replaced,
    /// One that holds.
    Holds(KeyUse),
}

/// Who calls with a key, and what they may do.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// The right to the tenant's rows.
    pub scope: TenantScope,
    /// The key.
    pub key: ApiKeyId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<ApiScope>,
    /// In whose name it is used.
    pub user: UserId,
    /// How they are called.
    pub user_name: String,
    /// What they may do now: the key may do no more.
    pub role: Role,
    /// When it was used before, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Whether a token is the one whose digest a column has. Takes as long for every token.
fn is(row: &Row, column: &str, shown: &[u8]) -> Result<Choice, StoreError> {
    let kept: Vec<u8> = row.get::<Option<Vec<u8>>>(column)?.unwrap_or_default();
    Ok(kept.as_slice().ct_eq(shown))
}

impl Store {
    /// What a token is whose shown part is `prefix`.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn authenticate_key(&self, prefix: &str, token: &str) -> Result<KeyCheck, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT k.id, k.tenant_id, k.user_id, k.name, k.scopes, k.digest, k.replaced, k.replaced_until, k.expires_at, \
                     k.revoked_at, k.last_used_at, u.name AS user_name, u.role \
                     FROM api_keys k JOIN users u ON u.id = k.user_id AND u.tenant_id = k.tenant_id WHERE k.prefix = $1")
                .bind(prefix),
            )
            .await?;
        let Some(row) = row else { return Ok(KeyCheck::Unknown) };
        let (now, shown) = (Timestamp::now(), digest(token));
        let (current, replaced) = (is(&row, "digest", &shown)?, is(&row, "replaced", &shown)?);
        if !bool::from(current | replaced) {
            return Ok(KeyCheck::Unknown);
        }
        let over = |column: &str| -> Result<bool, StoreError> {
            Ok(row.get::<Option<Timestamp>>(column)?.is_some_and(|end| end <= now))
        };
        if row.get::<Option<Timestamp>>("revoked_at")?.is_some() {
            return Ok(KeyCheck::Revoked);
        }
        if over("expires_at")? {
            return Ok(KeyCheck::Expired);
        }
        if bool::from(replaced) && over("replaced_until")? {
            return Ok(KeyCheck::Replaced);
        }
        Ok(KeyCheck::Holds(KeyUse {
            scope: TenantScope::of(row.get("tenant_id")?),
            key: row.get("id")?,
            name: row.get("name")?,
            scopes: scopes(&row)?,
            user: row.get("user_id")?,
            user_name: row.get("user_name")?,
            // One that nobody knows may the least.
            role: Role::parse(&row.get::<String>("role")?).unwrap_or(Role::Member),
            last_used_at: row.get("last_used_at")?,
        }))
    }

    /// Notes that a key is used now, unless that was noted less than a minute ago. Says whether it did.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn note_key_use(&self, scope: TenantScope, key: ApiKeyId) -> Result<bool, StoreError> {
        let now = Timestamp::now();
        let noted = self
            .db
            .run(
                sql("UPDATE api_keys SET last_used_at = $1 WHERE id = $2 AND tenant_id = $3 \
                     AND (last_used_at IS NULL OR last_used_at <= $4)")
                .bind(now)
                .bind(key)
                .bind(scope.tenant())
                .bind(now.plus_millis(-USE_NOTED_EVERY)),
            )
            .await?;
        Ok(noted > 0)
    }
}

impl KeyUse {
    /// Whether the use now is worth a note: it is long enough since the last.
    #[must_use]
    pub fn is_to_be_noted(&self) -> bool {
        let now = Timestamp::now();
        self.last_used_at.is_none_or(|last| last <= now.plus_millis(-USE_NOTED_EVERY))
    }
}
