//! Accounts on the wire.

use crate::error::ApiError;
use crate::wire::{PlanRef, Role, Time};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use twobot_domain::{Plan, TenantId, UserId};
use twobot_store::accounts;
use utoipa::ToSchema;

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewAccount {
    /// Not yet used by another account.
    #[schema(format = "email", example = "ada@example.org")]
    pub(super) email: String,
    /// 8 characters or more, among them an upper case letter, a digit and a special character.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    pub(super) password: SecretString,
    /// For people.
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub(super) name: String,
}

/// What signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Credentials {
    /// The account's address.
    #[schema(format = "email", example = "ada@example.org")]
    pub(super) email: String,
    /// Its password.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    pub(super) password: SecretString,
}

/// An address that may have an account.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ForgottenPassword {
    /// The account's address.
    #[schema(format = "email", example = "ada@example.org")]
    pub(super) email: String,
}

/// What a mail carried.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct MailToken {
    /// What stands behind `token=` in the mail's link.
    #[schema(value_type = String, example = "N2Vd0P3lq4w0mX7uV1cQ9sRk5tYb8zEhJ6aGfLoIxWs")]
    pub(super) token: SecretString,
}

/// A new password, by what a mail carried.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PasswordReset {
    /// What stands behind `token=` in the mail's link.
    #[schema(value_type = String, example = "N2Vd0P3lq4w0mX7uV1cQ9sRk5tYb8zEhJ6aGfLoIxWs")]
    pub(super) token: SecretString,
    /// The new one: 8 characters or more, among them an upper case letter, a digit and a special character, and none that is tried first.
    #[schema(value_type = String, format = Password, example = "Difference-Engine-2")]
    pub(super) password: SecretString,
}

/// A new password, by the present one.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PasswordChange {
    /// The present one.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    pub(super) current_password: SecretString,
    /// The new one: 8 characters or more, among them an upper case letter, a digit and a special character, and none that is tried first.
    #[schema(value_type = String, format = Password, example = "Difference-Engine-2")]
    pub(super) new_password: SecretString,
}

/// Someone who signs in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct User {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(format = "email", example = "ada@example.org")]
    email: String,
    /// For people.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// What they may do.
    role: Role,
    /// When they registered.
    created_at: Time,
    /// Whether they have shown that the address is theirs.
    email_verified: bool,
}

impl User {
    pub(super) fn new(user: accounts::User) -> Result<Self, ApiError> {
        Ok(Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: Role::stored(&user.role)?,
            created_at: user.created_at.into(),
            email_verified: user.email_verified_at.is_some(),
        })
    }
}

/// A session that was opened. The answer also sets it as a cookie.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct SignedIn {
    user: User,
    /// For programs: send it as `Authorization: Bearer <token>`. Valid for 30 days.
    token: String,
}

impl SignedIn {
    pub(super) fn new(user: accounts::User, token: String) -> Result<Self, ApiError> {
        Ok(Self { user: User::new(user)?, token })
    }
}

/// Who is signed in, and for whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Me {
    user: User,
    tenant: Tenant,
}

/// Who owns and pays.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Tenant {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: TenantId,
    /// For people.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// Its plan.
    plan: PlanRef,
}

impl Me {
    pub(super) fn new(user: accounts::User, tenant: accounts::Tenant, plan: &Plan) -> Result<Self, ApiError> {
        let tenant = Tenant { id: tenant.id, name: tenant.name, plan: plan.into() };
        Ok(Self { user: User::new(user)?, tenant })
    }
}
