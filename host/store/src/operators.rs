//! What operators do: those who look after the whole platform, and so after tenants that are not theirs.
//!
//! They see what a tenant is, how much it has and uses, and who its people are; nothing of what it keeps. Each change of theirs stands in
//! the audit logs of both tenants, that of the operator and the one that it was about.

mod mails;
mod tenants;

pub use mails::MailFilter;
pub use tenants::{Person, TenantFilter, TenantRow};

use crate::audit::{Note, append};
use crate::db::{Tx, sql};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::UserId;

/// The right to look after every tenant. Only signing in as an operator makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversight {
    /// The operator's own tenant.
    own: TenantScope,
}

impl Oversight {
    pub(crate) const fn of(own: TenantScope) -> Self {
        Self { own }
    }
}

/// Records what an operator does with a tenant, in the log of each. Logs are always written in the order of their tenants, so that no two
/// wait for each other.
async fn record(tx: &mut Tx, right: Oversight, scope: TenantScope, note: &Note) -> Result<(), StoreError> {
    let mut scopes = vec![right.own, scope];
    scopes.sort_by_key(|scope| scope.tenant());
    scopes.dedup();
    for scope in scopes {
        append(tx, scope, note).await?;
    }
    Ok(())
}

impl Store {
    /// Makes a user an operator, or takes that from them. Says whether it was otherwise before.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn set_operator(&self, scope: TenantScope, user: UserId, on: bool) -> Result<bool, StoreError> {
        self.profile(scope, user).await?;
        let (after, before) = if on { ("admin", "none") } else { ("none", "admin") };
        let changed = self
            .change(
                scope,
                sql("UPDATE users SET operator = $1 WHERE id = $2 AND tenant_id = $3 AND operator = $4")
                    .bind(after)
                    .bind(user)
                    .bind(scope.tenant())
                    .bind(before),
            )
            .await?;
        Ok(changed > 0)
    }

    /// Whether anybody is an operator.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn has_operators(&self) -> Result<bool, StoreError> {
        let row = self
            .db
            .optional(sql("SELECT id FROM users WHERE operator = 'admin' ORDER BY id LIMIT 1"))
            .await?;
        Ok(row.is_some())
    }
}
