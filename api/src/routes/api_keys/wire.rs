//! API keys on the wire.

use crate::error::ApiError;
use crate::key_token;
use crate::wire::{ApiScope, Etag, Time, Versioned};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use twobot_domain::{ApiKeyId, Timestamp};
use twobot_store::api_keys;
use utoipa::ToSchema;

/// The longest time of grace after a rotation, in seconds: a week.
pub(super) const MAX_GRACE: u32 = 7 * 24 * 60 * 60;

/// The time of grace where none is given, in seconds: a day.
const USUAL_GRACE: u32 = 24 * 60 * 60;

/// An API key. Its secret is shown once, when it is made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ApiKey {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: ApiKeyId,
    /// For people.
    #[schema(example = "Deploy script")]
    name: String,
    /// What its token begins with.
    #[schema(example = "2bot_k3v9x0q2ma")]
    prefix: String,
    /// What it may do.
    scopes: Vec<ApiScope>,
    /// Whether it has expired.
    expired: bool,
    /// When it was made.
    created_at: Time,
    /// From when on it holds no more; null where it holds until it is revoked.
    expires_at: Option<Time>,
    /// When its secret was last replaced.
    rotated_at: Option<Time>,
    /// Until when the secret before that one still holds; null once it does not.
    old_secret_until: Option<Time>,
    /// When it was last used, to the minute.
    last_used_at: Option<Time>,
    /// Its version, as in the header `ETag`: send it as `If-Match` with a change.
    etag: Etag,
}

impl Versioned for ApiKey {
    fn etag(&self) -> &Etag {
        &self.etag
    }
}

impl ApiKey {
    pub(super) fn new(key: api_keys::ApiKey) -> Result<Self, ApiError> {
        let now = Timestamp::now();
        let scopes = key.scopes.iter().map(|scope| ApiScope::stored(scope.as_str()));
        Ok(Self {
            etag: key.version().into(),
            id: key.id,
            name: key.name,
            prefix: key_token::shown(&key.prefix),
            scopes: scopes.collect::<Result<_, _>>()?,
            expired: key.expires_at.is_some_and(|end| end <= now),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Time::from),
            rotated_at: key.rotated_at.map(Time::from),
            old_secret_until: key.replaced_until.filter(|end| *end > now).map(Time::from),
            last_used_at: key.last_used_at.map(Time::from),
        })
    }
}

/// An API key with its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyWithSecret {
    key: ApiKey,
    /// Send it as `Authorization: Bearer <token>`. Keep it now: it is not kept here, and can not be shown again.
    #[schema(example = "2bot_k3v9x0q2ma_1lFu5Ly5BbYq7bPqyEsLeOqJG3dUy0Qm6cNc2l5Cw8R3NdVzq")]
    token: String,
}

impl Versioned for ApiKeyWithSecret {
    fn etag(&self) -> &Etag {
        &self.key.etag
    }
}

impl ApiKeyWithSecret {
    pub(super) fn new(key: api_keys::ApiKey, token: &SecretString) -> Result<Self, ApiError> {
        Ok(Self { key: ApiKey::new(key)?, token: token.expose_secret().to_owned() })
    }
}

/// An API key to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewApiKey {
    /// For people: what the key is for.
    #[schema(min_length = 1, max_length = 100, example = "Deploy script")]
    pub(super) name: String,
    /// What it may do; at least one.
    #[schema(min_items = 1)]
    pub(super) scopes: Vec<ApiScope>,
    /// From when on it holds no more (RFC 3339), at most ten years from now; left out or null for a key that holds until it is revoked.
    #[schema(format = DateTime, example = "2027-01-31T12:00:00Z")]
    pub(super) expires_at: Option<String>,
}

/// What to change of an API key. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ApiKeyChanges {
    /// For people.
    #[schema(min_length = 1, max_length = 100, example = "Deploy script")]
    pub(super) name: Option<String>,
}

/// How to replace a secret.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Rotation {
    /// Seconds for which the old secret still holds: 0 to 604800 (a week); 86400 (a day) where it is left out.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 604_800, example = 86_400)]
    grace_seconds: Option<i64>,
}

impl Rotation {
    /// The time of grace, in seconds.
    pub(super) fn grace(&self) -> Result<u32, ApiError> {
        match self.grace_seconds.map(u32::try_from) {
            None => Ok(USUAL_GRACE),
            Some(Ok(seconds)) if seconds <= MAX_GRACE => Ok(seconds),
            Some(_) => Err(ApiError::invalid_field(
                "grace_seconds",
                format!("must be a whole number from 0 to {MAX_GRACE}"),
            )),
        }
    }
}
