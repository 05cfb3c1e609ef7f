//! Who asks, where a program may ask with a key of its own.

use super::{Origin, Session};
use crate::error::ApiError;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::sync::Arc;
use twobot_store::TenantScope;
use twobot_store::api_keys::KeyUse;
use twobot_store::audit::By;

/// A key that holds and may call this operation. Only [`crate::edge::keys`] puts one into a request.
#[derive(Clone, Debug)]
pub(crate) struct ShownKey(pub(crate) Arc<KeyUse>);

/// A request of a person with a session, or of a program with a key that may make it. A handler that takes a [`Session`] instead can not be
/// reached with a key, whatever the table of operations says.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The right to the tenant's rows.
    pub(crate) scope: TenantScope,
    who: Who,
}

#[derive(Clone, Debug)]
enum Who {
    Person(Box<Session>),
    Key(Arc<KeyUse>, Origin),
}

impl Caller {
    /// On whose word something is done, as the audit log has it.
    pub(crate) fn by(&self) -> By {
        match &self.who {
            Who::Person(session) => session.by(),
            Who::Key(key, origin) => origin.by_key(key),
        }
    }

    /// How the person is called who asks, or in whose name a program does.
    pub(crate) fn name(&self) -> &str {
        match &self.who {
            Who::Person(session) => &session.user.name,
            Who::Key(key, _) => &key.user_name,
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if let Some(ShownKey(key)) = parts.extensions.get().cloned() {
            let Ok(origin) = Origin::from_request_parts(parts, state).await;
            return Ok(Self { scope: key.scope, who: Who::Key(key, origin) });
        }
        let session = Session::from_request_parts(parts, state).await?;
        Ok(Self { scope: session.scope, who: Who::Person(Box::new(session)) })
    }
}
