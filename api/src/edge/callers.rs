//! Requests of somebody: whether their key or session holds, whether they may do this, and how often.

use crate::access::{self, Access};
use crate::error::ApiError;
use crate::extract::{ClientAddress, Session, ShownKey, ShownSession, is_safe};
use crate::key_token;
use crate::limits::{Caller, TooMuch};
use crate::state::AppState;
use crate::token::{Carrier, token_of};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use twobot_redis::Taken;
use twobot_store::api_keys::{KeyCheck, KeyUse};

/// Counts requests by the network address that they come from. Deliveries are not: a provider sends those of all tenants from a few
/// addresses, and one tenant must not be able to have them turned away from the others.
pub(crate) async fn addresses(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if matched.contains("/webhooks/") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &state).await;
    match state.take_from(address).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(TooMuch::Busy(taken)) => told(ApiError::too_many_from_address(taken), taken),
        Err(TooMuch::Blocked(left)) => ApiError::address_blocked(left).into_response(),
    }
}

/// Lets a request with a key through to the operations that the key may call, one with a session through if that holds, and what anyone
/// may do as it is. CSRF is none of a key's worries: no browser adds one by itself.
pub(crate) async fn callers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let access = access::of_matched(request.method(), request.extensions().get::<MatchedPath>());
    if access == Some(Access::Anyone) {
        return next.run(request).await;
    }
    let key = key_of(request.headers());
    if key.is_none() && access.is_none() {
        // There is nothing here, or not by this method; whoever asks is told so.
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let (caller, key) = match key {
        Some(token) => match key_that_holds(&state, &token).await {
            Ok(key) => (Caller::Key(key.key), Some(key)),
            Err(error) => return error.into_response(),
        },
        None => match Session::from_request_parts(&mut parts, &state).await {
            Ok(session) => {
                let by_page = token_of(&parts.headers).is_some_and(|(_, carrier)| carrier == Carrier::Cookie);
                let user = session.user.id;
                parts.extensions.insert(ShownSession(Box::new(session)));
                let reads = by_page && is_safe(&parts.method);
                (if reads { Caller::Page(user) } else { Caller::Person(user) }, None)
            }
            Err(error) => return error.into_response(),
        },
    };
    // Before anything else that costs something, and also for what is then refused.
    let taken = state.take_of(caller).await;
    if !taken.allowed {
        return told(ApiError::too_many_requests(taken), taken);
    }
    if let Some(key) = key {
        if let Err(error) = may(&state, &key, access).await {
            return told(error, taken);
        }
        parts.extensions.insert(ShownKey(Arc::new(key)));
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    tell(response.headers_mut(), taken);
    response
}

/// The key of a request. As with sessions the header means what it says, whatever cookie is there besides.
fn key_of(headers: &HeaderMap) -> Option<SecretString> {
    let (token, carrier) = token_of(headers)?;
    (carrier == Carrier::Bearer && key_token::is_key(token.expose_secret())).then_some(token)
}

async fn key_that_holds(state: &AppState, token: &SecretString) -> Result<KeyUse, ApiError> {
    let token = token.expose_secret();
    let prefix = key_token::prefix_of(token).ok_or_else(ApiError::invalid_api_key)?;
    match state.store().authenticate_key(prefix, token).await? {
        KeyCheck::Holds(key) => Ok(key),
        KeyCheck::Unknown => Err(ApiError::invalid_api_key()),
        KeyCheck::Revoked => Err(ApiError::api_key_revoked()),
        KeyCheck::Expired => Err(ApiError::api_key_expired()),
        KeyCheck::Replaced => Err(ApiError::api_key_replaced()),
    }
}

async fn may(state: &AppState, key: &KeyUse, access: Option<Access>) -> Result<(), ApiError> {
    if key.is_to_be_noted()
        && let Err(error) = state.store().note_key_use(key.scope, key.key).await
    {
        // No reason to refuse what was asked for.
        tracing::warn!(key = %key.key, %error, "the use of a key could not be noted");
    }
    // What nobody declared is not for programs.
    let Some((access, scope)) = access.and_then(|access| Some((access, access.scope()?))) else {
        return Err(ApiError::session_required());
    };
    if !key.scopes.contains(&scope) {
        return Err(ApiError::scope_missing(scope));
    }
    if key.role < access.role() {
        return Err(ApiError::role_required(access.role(), key.role));
    }
    Ok(())
}

fn told(error: ApiError, taken: Taken) -> Response {
    let mut response = error.into_response();
    tell(response.headers_mut(), taken);
    response
}

/// Tells how much may still be asked for.
fn tell(headers: &mut HeaderMap, taken: Taken) {
    let numbers = [
        ("x-ratelimit-limit", u64::from(taken.limit)),
        ("x-ratelimit-remaining", u64::from(taken.remaining)),
        ("x-ratelimit-reset", taken.resets.as_secs()),
    ];
    for (name, number) in numbers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
    }
}
