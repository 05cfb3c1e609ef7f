//! Keys by which programs call the API in a person's name.
//!
//! Of a key's token only a digest is kept: it is as random as a session's, so that a fast one is enough.

mod authenticate;

pub use authenticate::{KeyCheck, KeyUse};

use crate::db::{Row, Tx, sql, sql_of, transaction};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twobot_domain::{ApiKeyId, ApiScope, Timestamp, UserId};

/// Revoked keys of a tenant that are kept, the newest, so that who still uses one is told so.
pub const REVOKED_KEPT: u64 = 100;

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// For people.
    pub name: String,
    /// The part of its token that is shown.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<ApiScope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it holds no more.
    pub expires_at: Option<Timestamp>,
    /// When its secret was last replaced.
    pub rotated_at: Option<Timestamp>,
    /// Until when the secret before that one holds, or held.
    pub replaced_until: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// In whose name it is used.
    pub user: UserId,
    /// For people.
    pub name: String,
    /// The part of its token that is shown; unique in the deployment.
    pub prefix: String,
    /// The whole token. Only its digest is kept.
    pub token: SecretString,
    /// What it may do.
    pub scopes: Vec<ApiScope>,
    /// From when on it holds no more.
    pub expires_at: Option<Timestamp>,
}

/// The digest under which a token is kept.
fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn scopes(row: &Row) -> Result<Vec<ApiScope>, StoreError> {
    let names: Vec<String> = row.json("scopes")?;
    let parse = |name: &String| {
        ApiScope::parse(name).ok_or_else(|| StoreError::Corrupt(format!("scope of a key: {name}")))
    };
    names.iter().map(parse).collect()
}

fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.get("id")?,
        name: row.get("name")?,
        prefix: row.get("prefix")?,
        scopes: scopes(row)?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        rotated_at: row.get("rotated_at")?,
        replaced_until: row.get("replaced_until")?,
        last_used_at: row.get("last_used_at")?,
    })
}

const COLUMNS: &str =
    "id, name, prefix, scopes, created_at, expires_at, rotated_at, replaced_until, last_used_at";

/// The same as [`Store::api_key`], within a transaction.
pub(crate) async fn within(tx: &mut Tx, scope: TenantScope, id: ApiKeyId) -> Result<ApiKey, StoreError> {
    let text =
        format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1 AND tenant_id = $2 AND revoked_at IS NULL");
    let row = tx.optional(sql_of(text).bind(id).bind(scope.tenant())).await?;
    api_key(&row.ok_or(StoreError::NotFound)?)
}

impl Store {
    /// Makes a key, unless the tenant has `limit` of them already. Expired ones count until they are revoked.
    ///
    /// # Errors
    /// `Quota` at the limit; `NotFound` when the scope has no such user; `Exists` when the prefix is taken.
    pub async fn create_api_key(
        &self,
        scope: TenantScope,
        new: &NewApiKey,
        limit: Option<u32>,
    ) -> Result<ApiKey, StoreError> {
        let (id, now) = (ApiKeyId::new(), Timestamp::now());
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let scopes =
            serde_json::to_string(&scopes).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        transaction!(self.db.begin(scope), |tx| {
            let used: u64 = tx
                .optional(
                    sql("SELECT count(*) AS n FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL")
                        .bind(scope.tenant()),
                )
                .await?
                .map_or(Ok(0), |row| row.get("n"))?;
            if let Some(allowed) = limit.map(u64::from).filter(|allowed| used >= *allowed) {
                return Err(StoreError::Quota { name: "api_keys", used, allowed, unit: "keys" });
            }
            let made = tx
                .run(
                    sql("INSERT INTO api_keys (id, tenant_id, user_id, name, prefix, scopes, digest, created_at, expires_at) \
                         SELECT $1, tenant_id, id, $2, $3, $4, $5, $6, $7 FROM users WHERE id = $8 AND tenant_id = $9")
                    .bind(id)
                    .bind(new.name.as_str())
                    .bind(new.prefix.as_str())
                    .bind(scopes.as_str())
                    .bind(digest(new.token.expose_secret()))
                    .bind(now)
                    .bind(new.expires_at)
                    .bind(new.user)
                    .bind(scope.tenant()),
                )
                .await?;
            if made == 0 {
                return Err(StoreError::NotFound);
            }
            self.write_note_of(&mut tx, scope, id.to_string()).await?;
            tx.commit().await
        })?;
        self.api_key(scope, id).await
    }

    /// One key that is not revoked.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such key.
    pub async fn api_key(&self, scope: TenantScope, id: ApiKeyId) -> Result<ApiKey, StoreError> {
        let text =
            format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1 AND tenant_id = $2 AND revoked_at IS NULL");
        api_key(&self.db.one(sql_of(text).bind(id).bind(scope.tenant())).await?)
    }

    /// The tenant's keys that are not revoked, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn api_keys(&self, scope: TenantScope, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 AND id > $2 AND revoked_at IS NULL ORDER BY id LIMIT $3"
        );
        let statement = sql_of(text).bind(scope.tenant()).bind(page.since()).bind(page.probe());
        let items = self.db.all(statement).await?.iter().map(api_key).collect::<Result<_, _>>()?;
        Ok(Page::from_probe(items, page, |item| item.id.uuid()))
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such key.
    pub async fn rename_api_key(
        &self,
        scope: TenantScope,
        id: ApiKeyId,
        name: &str,
    ) -> Result<ApiKey, StoreError> {
        let changed = self
            .change(
                scope,
                sql("UPDATE api_keys SET name = $1 WHERE id = $2 AND tenant_id = $3 AND revoked_at IS NULL")
                    .bind(name)
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { self.api_key(scope, id).await }
    }

    /// Gives a key another token, which has the same prefix. The one before holds until `until`; the one before that no more.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such key, or one that has expired.
    pub async fn rotate_api_key(
        &self,
        scope: TenantScope,
        id: ApiKeyId,
        token: &SecretString,
        until: Timestamp,
    ) -> Result<ApiKey, StoreError> {
        let changed = self
            .change(
                scope,
                sql("UPDATE api_keys SET replaced = digest, replaced_until = $1, digest = $2, rotated_at = $3 \
                     WHERE id = $4 AND tenant_id = $5 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)")
                .bind(until)
                .bind(digest(token.expose_secret()))
                .bind(Timestamp::now())
                .bind(id)
                .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { self.api_key(scope, id).await }
    }

    /// Ends a key for good. Of the tenant's revoked keys the newest [`REVOKED_KEPT`] stay known.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such key.
    pub async fn revoke_api_key(&self, scope: TenantScope, id: ApiKeyId) -> Result<(), StoreError> {
        transaction!(self.begin(scope), |tx| {
            let revoked = tx
                .run(
                    sql("UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND tenant_id = $3 AND revoked_at IS NULL")
                        .bind(Timestamp::now())
                        .bind(id)
                        .bind(scope.tenant()),
                )
                .await?;
            if revoked == 0 {
                return Err(StoreError::NotFound);
            }
            tx.run(
                sql("DELETE FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NOT NULL AND id <= \
                     (SELECT id FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET $2)")
                .bind(scope.tenant())
                .bind(REVOKED_KEPT),
            )
            .await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }
}
