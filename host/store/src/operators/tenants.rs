//! Tenants, as operators see them.

use super::{Oversight, record};
use crate::accounts::{Tenant, WorkspaceState, tenant};
use crate::audit::Note;
use crate::db::{Row, sql, transaction};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use twobot_domain::{TenantId, Timestamp, UserId};

/// Which tenants are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// Part of the tenant's name, or of the address of one of its people.
    pub text: String,
    /// `running`, `stopped` or `suspended`.
    pub state: String,
    /// The id of a plan.
    pub plan: String,
}

/// A tenant in the list.
#[derive(Clone, Debug)]
pub struct TenantRow {
    /// The tenant.
    pub tenant: Tenant,
    /// The address of its owner.
    pub owner: Option<String>,
    /// How many people it has.
    pub people: u64,
}

/// A person of a tenant.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// In lower case.
    pub email: String,
    /// For people.
    pub name: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    /// Whether they are an operator.
    pub operator: bool,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they showed that the address is theirs.
    pub email_verified_at: Option<Timestamp>,
}

fn person(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: row.get("role")?,
        operator: row.get::<String>("operator")? == "admin",
        created_at: row.get("created_at")?,
        email_verified_at: row.get("email_verified_at")?,
    })
}

/// A text as a pattern that finds it anywhere, whatever signs of patterns it has.
fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for sign in text.to_lowercase().chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// Tenants, the newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tenants(
        &self,
        _right: Oversight,
        filter: &TenantFilter,
        page: PageRequest,
    ) -> Result<Page<TenantRow>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT t.id, t.name, t.plan, t.state, t.created_at, t.closes_at, t.suspended_at, t.suspended_for, \
                     (SELECT min(o.email) FROM users o WHERE o.tenant_id = t.id AND o.role = 'owner') AS owner, \
                     (SELECT count(*) FROM users p WHERE p.tenant_id = t.id) AS people FROM tenants t \
                     WHERE t.id < $1 AND ($2 = '' OR t.state = $2) AND ($3 = '' OR t.plan = $3) \
                     AND ($4 = '%%' OR lower(t.name) LIKE $4 ESCAPE '!' OR EXISTS \
                     (SELECT 1 FROM users u WHERE u.tenant_id = t.id AND u.email LIKE $4 ESCAPE '!')) \
                     ORDER BY t.id DESC LIMIT $5")
                .bind(page.before())
                .bind(filter.state.as_str())
                .bind(filter.plan.as_str())
                .bind(anywhere(&filter.text))
                .bind(page.probe()),
            )
            .await?;
        let row = |row: &Row| {
            Ok(TenantRow { tenant: tenant(row)?, owner: row.get("owner")?, people: row.get("people")? })
        };
        let items = rows.iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Page::from_probe(items, page, |item: &TenantRow| item.tenant.id.uuid()))
    }

    /// A tenant by its id, which an operator may look at: with the right to its rows.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn tenant_by_id(
        &self,
        _right: Oversight,
        id: TenantId,
    ) -> Result<(TenantScope, Tenant), StoreError> {
        let scope = TenantScope::of(id);
        let tenant = self.tenant(scope).await?;
        Ok((scope, tenant))
    }

    /// The people of a tenant, who came first first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn people(&self, scope: TenantScope) -> Result<Vec<Person>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, email, name, role, operator, created_at, email_verified_at FROM users \
                     WHERE tenant_id = $1 ORDER BY id")
                .bind(scope.tenant()),
            )
            .await?;
        rows.iter().map(person).collect()
    }

    /// Suspends a tenant: nothing of it is worked on until it is resumed.
    ///
    /// # Errors
    /// `Conflict` when it is suspended; `NotFound` when there is none.
    pub async fn suspend(
        &self,
        scope: TenantScope,
        right: Oversight,
        reason: &str,
        note: &Note,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let changed = tx
                .run(
                    sql("UPDATE tenants SET state_before = state, state = 'suspended', suspended_at = $1, suspended_for = $2 \
                         WHERE id = $3 AND state <> 'suspended'")
                    .bind(Timestamp::now())
                    .bind(reason)
                    .bind(scope.tenant()),
                )
                .await?;
            if changed == 0 {
                return Err(StoreError::Conflict);
            }
            record(&mut tx, right, scope, note).await?;
            tx.commit().await
        })
    }

    /// Lets a suspended tenant go on as it was before; answers how that is.
    ///
    /// # Errors
    /// `Conflict` when it is not suspended.
    pub async fn resume(
        &self,
        scope: TenantScope,
        right: Oversight,
        note: &Note,
    ) -> Result<WorkspaceState, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let row = tx
                .optional(
                    // An account that is to be removed meanwhile does not begin to work again.
                    sql("UPDATE tenants SET state = CASE WHEN state_before = 'running' AND closes_at IS NULL THEN 'running' \
                         ELSE 'stopped' END, state_before = NULL, suspended_at = NULL, suspended_for = NULL \
                         WHERE id = $1 AND state = 'suspended' RETURNING state")
                    .bind(scope.tenant()),
                )
                .await?
                .ok_or(StoreError::Conflict)?;
            record(&mut tx, right, scope, note).await?;
            tx.commit().await?;
            WorkspaceState::parse(&row.get::<String>("state")?)
        })
    }

    /// Moves a tenant to another plan, as an operator.
    ///
    /// # Errors
    /// `Conflict` when it has that plan; `NotFound` when there is no such tenant.
    pub async fn move_to_plan(
        &self,
        scope: TenantScope,
        right: Oversight,
        plan: &str,
        note: &Note,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let changed = tx
                .run(
                    sql("UPDATE tenants SET plan = $1 WHERE id = $2 AND plan <> $1")
                        .bind(plan)
                        .bind(scope.tenant()),
                )
                .await?;
            if changed == 0 {
                return Err(StoreError::Conflict);
            }
            record(&mut tx, right, scope, note).await?;
            tx.commit().await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_a_text_and_no_pattern() {
        assert_eq!(anywhere(""), "%%");
        assert_eq!(anywhere("Ann"), "%ann%");
        assert_eq!(anywhere("100%_!"), "%100!%!_!!%");
    }
}
