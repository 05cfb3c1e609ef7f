//! Requests that show an API key: whether it holds, whether it may do this, and how often.

use crate::access::{self, Access};
use crate::error::ApiError;
use crate::extract::ShownKey;
use crate::key_token;
use crate::state::AppState;
use crate::token::{Carrier, token_of};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use twobot_redis::{Rule, Taken};
use twobot_store::api_keys::{KeyCheck, KeyUse};

/// Requests of one key; as many as a person may make.
const REQUESTS: Rule = Rule { name: "api-key", limit: 100, period: Duration::from_secs(60) };

/// Lets a request with a key through to the operations that the key may call, and every other request as it is. CSRF is none of a key's
/// worries: no browser adds one by itself.
pub(crate) async fn keys(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(token) = key_of(request.headers()) else { return next.run(request).await };
    let access = request.extensions().get::<MatchedPath>().and_then(|matched| {
        let path = matched.as_str();
        let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
        access::of(request.method(), path)
    });
    if access == Some(Access::Anyone) {
        return next.run(request).await;
    }
    let (key, taken) = match admit(&state, &token, access).await {
        Ok(admitted) => admitted,
        Err(error) => return error.into_response(),
    };
    request.extensions_mut().insert(ShownKey(Arc::new(key)));
    let mut response = next.run(request).await;
    tell(response.headers_mut(), taken);
    response
}

/// The key of a request. As with sessions the header means what it says, whatever cookie is there besides.
fn key_of(headers: &HeaderMap) -> Option<SecretString> {
    let (token, carrier) = token_of(headers)?;
    (carrier == Carrier::Bearer && key_token::is_key(token.expose_secret())).then_some(token)
}

async fn admit(
    state: &AppState,
    token: &SecretString,
    access: Option<Access>,
) -> Result<(KeyUse, Taken), ApiError> {
    let token = token.expose_secret();
    let prefix = key_token::prefix_of(token).ok_or_else(ApiError::invalid_api_key)?;
    let key = match state.store().authenticate_key(prefix, token).await? {
        KeyCheck::Holds(key) => key,
        KeyCheck::Unknown => return Err(ApiError::invalid_api_key()),
        KeyCheck::Revoked => return Err(ApiError::api_key_revoked()),
        KeyCheck::Expired => return Err(ApiError::api_key_expired()),
        KeyCheck::Replaced => return Err(ApiError::api_key_replaced()),
    };
    // Before anything else that costs something, and also for what is then refused.
    let taken = state.config.windows.take(&REQUESTS, &[key.key.uuid().as_bytes()]).await;
    if !taken.allowed {
        return Err(ApiError::too_many_requests(REQUESTS.limit, taken.resets.as_secs() + 1));
    }
    if key.is_to_be_noted()
        && let Err(error) = state.store().note_key_use(key.scope, key.key).await
    {
        // No reason to refuse what was asked for.
        tracing::warn!(key = %key.key, %error, "the use of a key could not be noted");
    }
    match access {
        Some(Access::Key(scope)) if key.scopes.contains(&scope) => Ok((key, taken)),
        Some(Access::Key(scope)) => Err(ApiError::scope_missing(scope)),
        // What nobody declared is not for programs.
        Some(Access::Person | Access::Anyone) | None => Err(ApiError::session_required()),
    }
}

/// Tells a program how much it may still ask for.
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
