//! Which request it is and where it comes from, for the audit log.

use super::ClientAddress;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::IpAddr;
use twobot_store::accounts::User;
use twobot_store::api_keys::KeyUse;
use twobot_store::audit::By;

/// The id of a request, as [`crate::edge`] gave it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestId(pub(crate) String);

/// Which request it is and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    request_id: String,
    address: IpAddr,
}

impl Origin {
    /// Someone who asks for something in this request.
    pub(crate) fn by(&self, user: &User) -> By {
        By::user(user.id, &user.name).in_request(&self.request_id, self.address)
    }

    /// A program that asks in someone's name, which says so.
    pub(crate) fn by_key(&self, key: &KeyUse) -> By {
        let name = format!("{} (API key {})", key.user_name, key.name);
        By::user(key.user, &name).in_request(&self.request_id, self.address)
    }
}

impl FromRequestParts<AppState> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let RequestId(request_id) = parts.extensions.get().cloned().unwrap_or_default();
        Ok(Self { request_id, address })
    }
}
