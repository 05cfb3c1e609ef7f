//! Tenants, and the people who sign in for them.

use crate::account_tokens::{NewToken, hand_out};
use crate::db::{Row, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use sha2::{Digest, Sha256};
use twobot_domain::{Role, TenantId, Timestamp, UserId};

/// The state of a tenant's workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceState {
    /// Events are handled.
    Running,
    /// Stopped by its owner: events are kept and wait.
    Stopped,
    /// Unpaid or abusive.
    Suspended,
}

impl WorkspaceState {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "running" => Ok(Self::Running),
            "stopped" => Ok(Self::Stopped),
            "suspended" => Ok(Self::Suspended),
            other => Err(StoreError::Corrupt(format!("workspace state {other}"))),
        }
    }
}

/// Who owns and pays.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// For people.
    pub name: String,
    /// The id of its plan in the catalogue.
    pub plan: String,
    /// The state of its workspace.
    pub state: WorkspaceState,
    /// When it registered.
    pub created_at: Timestamp,
    /// When it is removed with all that it has, where its owner asked for that.
    pub closes_at: Option<Timestamp>,
    /// Since when it is suspended, if it is.
    pub suspended_at: Option<Timestamp>,
    /// Why it is suspended, in an operator's words.
    pub suspended_for: Option<String>,
}

/// Someone who signs in.
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// In lower case; unique in the deployment.
    pub email: String,
    /// For people.
    pub name: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they showed that the address is theirs, or since when the operator says so.
    pub email_verified_at: Option<Timestamp>,
}

/// What a sign-in needs to check a password.
#[derive(Clone, Debug)]
pub struct Login {
    /// Whose data they will see once the password is right.
    pub scope: TenantScope,
    /// Who it is.
    pub user: User,
    /// PHC string of argon2id.
    pub password_hash: String,
    /// Whether a right password is only the first of two steps.
    pub two_factor: bool,
}

/// A tenant to be made together with its owner.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Lower-cased by the store.
    pub email: String,
    /// For people; the tenant gets the same.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    /// The id of the plan.
    pub plan: String,
}

/// A person who joins a tenant that is there.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Lower-cased by the store.
    pub email: String,
    /// For people.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
}

/// The digest under which a bearer token is stored. Tokens are long and random, so that a fast digest is enough.
pub(crate) fn token_digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

pub(crate) fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: row.get("role")?,
        created_at: row.get("created_at")?,
        email_verified_at: row.get("email_verified_at")?,
    })
}

pub(crate) fn tenant(row: &Row) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.get("id")?,
        name: row.get("name")?,
        plan: row.get("plan")?,
        state: WorkspaceState::parse(&row.get::<String>("state")?)?,
        created_at: row.get("created_at")?,
        closes_at: row.get("closes_at")?,
        suspended_at: row.get("suspended_at")?,
        suspended_for: row.get("suspended_for")?,
    })
}

impl Store {
    /// Makes a tenant and its owner, whose address somebody vouches for.
    ///
    /// # Errors
    /// `Exists` when the address has an account.
    pub async fn register(&self, account: &NewAccount) -> Result<(TenantScope, User), StoreError> {
        self.register_as(account, None).await
    }

    /// The same for someone who has yet to show that the address is theirs, by a token that goes there.
    ///
    /// # Errors
    /// `Exists` when the address has an account.
    pub async fn register_unverified(
        &self,
        account: &NewAccount,
        verification: &NewToken,
    ) -> Result<(TenantScope, User), StoreError> {
        self.register_as(account, Some(verification)).await
    }

    async fn register_as(
        &self,
        account: &NewAccount,
        verification: Option<&NewToken>,
    ) -> Result<(TenantScope, User), StoreError> {
        let (tenant, id, now) = (TenantId::new(), UserId::new(), Timestamp::now());
        let email = account.email.to_lowercase();
        let verified = if verification.is_some() { None } else { Some(now) };
        transaction!(self.db.begin_shared(), |tx| {
            tx.run(
            sql("INSERT INTO tenants (id, name, plan, state, created_at) VALUES ($1, $2, $3, 'running', $4)")
                .bind(tenant)
                .bind(account.name.as_str())
                .bind(account.plan.as_str())
                .bind(now),
        )
        .await?;
            tx.run(
                sql("INSERT INTO users (id, tenant_id, email, name, password_hash, role, created_at, email_verified_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(id)
                .bind(tenant)
                .bind(email.as_str())
                .bind(account.name.as_str())
                .bind(account.password_hash.as_str())
                .bind(account.role.as_str())
                .bind(now)
                .bind(verified),
            )
            .await?;
            if let Some(verification) = verification {
                hand_out(&mut tx, self, TenantScope::of(tenant), id, verification).await?;
            }
            tx.commit().await
        })?;
        let user = User {
            id,
            email,
            name: account.name.clone(),
            role: account.role.clone(),
            created_at: now,
            email_verified_at: verified,
        };
        Ok((TenantScope::of(tenant), user))
    }

    /// Adds a person to a tenant, whose address somebody vouches for.
    ///
    /// # Errors
    /// `Exists` when the address has an account.
    pub async fn add_user(&self, scope: TenantScope, new: &NewUser) -> Result<UserId, StoreError> {
        let (id, now) = (UserId::new(), Timestamp::now());
        self.change(
            scope,
            sql("INSERT INTO users (id, tenant_id, email, name, password_hash, role, created_at, email_verified_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(id)
            .bind(scope.tenant())
            .bind(new.email.to_lowercase())
            .bind(new.name.as_str())
            .bind(new.password_hash.as_str())
            .bind(new.role.as_str())
            .bind(now)
            .bind(now),
        )
        .await?;
        Ok(id)
    }

    /// Gives a person another role. Says whether it is so now: a tenant's only owner stays its owner.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn set_user_role(
        &self,
        scope: TenantScope,
        user: UserId,
        role: Role,
    ) -> Result<bool, StoreError> {
        self.profile(scope, user).await?;
        let changed = self
            .change(
                scope,
                sql("UPDATE users SET role = $1 WHERE id = $2 AND tenant_id = $3 AND (role <> 'owner' OR $1 = 'owner' OR EXISTS \
                     (SELECT 1 FROM users o WHERE o.tenant_id = $3 AND o.role = 'owner' AND o.id <> $2))")
                .bind(role.as_str())
                .bind(user)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(changed > 0)
    }

    /// What is needed to check the password of whoever has this address.
    ///
    /// # Errors
    /// Only those of the database; an unknown address is `None`.
    pub async fn login(&self, email: &str) -> Result<Option<Login>, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT u.id, u.tenant_id, u.email, u.name, u.role, u.created_at, u.email_verified_at, u.password_hash, f.enabled_at \
                     FROM users u LEFT JOIN two_factor f ON f.user_id = u.id AND f.tenant_id = u.tenant_id WHERE u.email = $1")
                    .bind(email.to_lowercase()),
            )
            .await?;
        row.map(|row| {
            Ok(Login {
                scope: TenantScope::of(row.get("tenant_id")?),
                user: user(&row)?,
                password_hash: row.get("password_hash")?,
                two_factor: row.get::<Option<Timestamp>>("enabled_at")?.is_some(),
            })
        })
        .transpose()
    }

    /// Replaces a user's password.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn set_password(&self, scope: TenantScope, user: UserId, hash: &str) -> Result<(), StoreError> {
        let changed = self
            .db
            .run(
                sql("UPDATE users SET password_hash = $1 WHERE id = $2 AND tenant_id = $3")
                    .bind(hash)
                    .bind(user)
                    .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// The tenant of a scope.
    ///
    /// # Errors
    /// `NotFound` when it was deleted meanwhile.
    pub async fn tenant(&self, scope: TenantScope) -> Result<Tenant, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT id, name, plan, state, created_at, closes_at, suspended_at, suspended_for FROM tenants WHERE id = $1")
                    .bind(scope.tenant()),
            )
            .await?;
        tenant(&row)
    }

    /// Starts, stops or suspends a workspace.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_workspace_state(
        &self,
        scope: TenantScope,
        state: WorkspaceState,
    ) -> Result<(), StoreError> {
        let statement =
            sql("UPDATE tenants SET state = $1 WHERE id = $2").bind(state.as_str()).bind(scope.tenant());
        self.change(scope, statement).await.map(drop)
    }

    /// Moves a tenant to another plan.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn set_plan(&self, scope: TenantScope, plan: &str) -> Result<(), StoreError> {
        self.db
            .run(sql("UPDATE tenants SET plan = $1 WHERE id = $2").bind(plan).bind(scope.tenant()))
            .await
            .map(drop)
    }
}
