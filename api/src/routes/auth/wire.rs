//! Accounts on the wire.

use crate::error::ApiError;
use crate::wire::{PlanRef, Role, Time};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use twobot_domain::{Plan, SessionId, TenantId, Timestamp, UserId};
use twobot_store::profiles::Profile;
use twobot_store::sessions::SessionKeys;
use twobot_store::two_factor::NewChallenge;
use twobot_store::{accounts, sessions};
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

/// What confirms an address.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Confirmation {
    /// What stands behind `token=` in the mail's link.
    #[schema(value_type = String, example = "N2Vd0P3lq4w0mX7uV1cQ9sRk5tYb8zEhJ6aGfLoIxWs")]
    pub(super) token: SecretString,
    /// The password that was chosen when registering, where the account waits for this.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, example = "Analytical-Engine-1")]
    pub(super) password: Option<SecretString>,
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

/// What a program signs in with from now on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Tokens {
    /// Send it as `Authorization: Bearer <token>`.
    token: String,
    /// The seconds for which the token is good.
    #[schema(example = 900)]
    expires_in: i64,
    /// Renews both at `POST /auth/refresh`. It works once; keep it as you would keep a password.
    refresh_token: String,
}

impl Tokens {
    pub(super) fn new(keys: &SessionKeys, until: Timestamp) -> Self {
        Self {
            token: keys.access.expose_secret().to_owned(),
            expires_in: (until.0 - Timestamp::now().0).max(0) / 1_000,
            refresh_token: keys.renewal.expose_secret().to_owned(),
        }
    }
}

/// A session that was opened. The answer also sets it as cookies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct SignedIn {
    user: User,
    #[serde(flatten)]
    tokens: Tokens,
}

impl SignedIn {
    pub(super) fn new(user: accounts::User, tokens: Tokens) -> Result<Self, ApiError> {
        Ok(Self { user: User::new(user)?, tokens })
    }
}

/// What a right password is answered with.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says in the document that it is one of both; each is answered by itself")]
pub(super) enum LoginAnswer {
    SignedIn(SignedIn),
    Challenge(Challenge),
}

/// A sign-in that waits for a code. Nobody is signed in yet.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginChallenge)]
pub(super) struct Challenge {
    /// Always true.
    two_factor_required: bool,
    /// Goes to `POST /auth/login/two-factor`, with a code.
    #[schema(example = "N2Vd0P3lq4w0mX7uV1cQ9sRk5tYb8zEhJ6aGfLoIxWs")]
    challenge: String,
    /// Until when it is taken there.
    expires_at: Time,
}

impl Challenge {
    pub(super) fn new(new: &NewChallenge) -> Self {
        Self {
            two_factor_required: true,
            challenge: new.token.expose_secret().to_owned(),
            expires_at: new.expires_at.into(),
        }
    }
}

/// The second step of a sign-in: a code of the authenticator, or a recovery code.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = LoginSecondStep)]
pub(super) struct SecondStep {
    /// As `POST /auth/login` answered it.
    #[schema(value_type = String, example = "N2Vd0P3lq4w0mX7uV1cQ9sRk5tYb8zEhJ6aGfLoIxWs")]
    pub(super) challenge: SecretString,
    /// Six digits of the authenticator.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "287082")]
    pub(super) code: Option<SecretString>,
    /// One of the recovery codes, instead.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) recovery_code: Option<SecretString>,
}

/// A refresh token. Browsers leave it out: theirs is in a cookie.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Refresh {
    /// The one that was answered last.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) refresh_token: Option<SecretString>,
}

/// Where an account is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuthSession)]
pub(super) struct Session {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: SessionId,
    /// The kind of program, by its own word.
    #[schema(example = "Firefox on Linux")]
    device: String,
    /// The part of the network address that many share.
    #[schema(example = "203.0.113.0/24")]
    network: String,
    /// When it was opened.
    created_at: Time,
    /// When it was opened or renewed the last time.
    last_used_at: Time,
    /// When it ends if it is not renewed.
    expires_at: Time,
    /// Whether it is the one that asks.
    current: bool,
}

impl Session {
    pub(super) fn new(one: sessions::Session, current: SessionId) -> Self {
        Self {
            current: one.id == current,
            id: one.id,
            device: one.device.name,
            network: one.device.network,
            created_at: one.created_at.into(),
            last_used_at: one.used_at.into(),
            expires_at: one.expires_at.into(),
        }
    }
}

/// Who is signed in, and for whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Me {
    user: User,
    /// Whether they look after the whole server.
    operator: bool,
    /// A language tag (BCP 47), whose dates and numbers the dashboard shows.
    #[schema(example = "en")]
    language: String,
    /// A name of the IANA list, in which the dashboard shows times; null for that of the browser.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
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
    /// When the account is removed with all that it has; null unless that was asked for.
    closes_at: Option<Time>,
}

impl Me {
    pub(super) fn new(
        user: accounts::User,
        operator: bool,
        profile: Profile,
        tenant: accounts::Tenant,
        plan: &Plan,
    ) -> Result<Self, ApiError> {
        let tenant = Tenant {
            id: tenant.id,
            name: tenant.name,
            plan: plan.into(),
            closes_at: tenant.closes_at.map(Into::into),
        };
        let (language, time_zone) = (profile.language, profile.time_zone);
        Ok(Self { user: User::new(user)?, operator, language, time_zone, tenant })
    }
}
