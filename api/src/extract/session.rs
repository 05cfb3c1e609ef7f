//! Who asks.

use super::Origin;
use crate::access::{self, Access};
use crate::error::ApiError;
use crate::state::AppState;
use crate::token::{self, Carrier};
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use secrecy::ExposeSecret;
use twobot_domain::{Role, SessionId};
use twobot_store::TenantScope;
use twobot_store::accounts::User;
use twobot_store::audit::By;
use twobot_store::operators::Oversight;
use url::Url;

/// A signed-in request, of someone whose role the operation allows. A handler that takes one can not be reached without.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The right to the tenant's rows.
    pub(crate) scope: TenantScope,
    /// Who it is.
    pub(crate) user: User,
    /// The session that says so.
    pub(crate) id: SessionId,
    /// What they may do besides as an operator, if they are one.
    pub(crate) operator: Option<Oversight>,
    origin: Origin,
}

impl Session {
    /// On whose word something is done, as the audit log has it.
    pub(crate) fn by(&self) -> By {
        self.origin.by(&self.user)
    }
}

/// A session that was looked at already. Only [`crate::edge::callers`] puts one into a request.
#[derive(Clone, Debug)]
pub(crate) struct ShownSession(pub(crate) Box<Session>);

impl FromRequestParts<AppState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if let Some(ShownSession(session)) = parts.extensions.get() {
            return Ok(Self::clone(session));
        }
        let (token, carrier) = token::token_of(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
        let signed_in =
            state.store().authenticate(token.expose_secret()).await?.ok_or_else(ApiError::unauthenticated)?;
        // A browser adds the cookie whoever made it send the request; a header it adds for nobody.
        if carrier == Carrier::Cookie && !is_safe(&parts.method) {
            require_same_origin(&parts.headers, state.config.public_url.as_ref(), Unsaid::Refuse)?;
        }
        // What nobody declared is nobody's but the owner's.
        let access = access::of_matched(&parts.method, parts.extensions.get::<MatchedPath>());
        let needed = access.map_or(Role::Owner, Access::role);
        let role = Role::parse(&signed_in.user.role).unwrap_or(Role::Member);
        if access == Some(Access::Operator) && signed_in.operator.is_none() {
            return Err(ApiError::operator_required());
        }
        if role < needed {
            return Err(ApiError::role_required(needed, role));
        }
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        Ok(Self {
            scope: signed_in.scope,
            user: signed_in.user,
            id: signed_in.session,
            operator: signed_in.operator,
            origin,
        })
    }
}

/// Whether a method only reads.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What to do with a request that does not say which page sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// Every browser says it; what does not has no business with a cookie.
    Refuse,
    /// Programs do not say it, and may come here.
    Accept,
}

/// Checks that one of our own pages sent a request.
///
/// # Errors
/// `csrf_failed` when another site did.
pub(crate) fn require_same_origin(
    headers: &HeaderMap,
    public_url: Option<&Url>,
    unsaid: Unsaid,
) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        // `none`: the person themself, such as by a bookmark.
        (Some(site), _) if site == "same-origin" || site == "none" => true,
        // A page of the public address that reaches us under another name, which the browser calls foreign.
        (_, Some(origin)) => is_own_origin(origin, text(HOST.as_str()), public_url),
        (Some(_), None) => false,
        (None, None) => unsaid == Unsaid::Accept,
    };
    if own { Ok(()) } else { Err(ApiError::csrf_failed()) }
}

/// Whether an origin is that of the public address, or of the host that the request was sent to. The scheme is not compared
/// with the latter: behind a proxy that ends TLS we do not know it.
fn is_own_origin(origin: &str, host: Option<&str>, public_url: Option<&Url>) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    if public_url.is_some_and(|public| public.origin() == origin.origin()) {
        return true;
    }
    let Some(host) = host else { return false };
    Url::parse(&format!("{}://{host}", origin.scheme()))
        .is_ok_and(|own| own.has_host() && own.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_send_the_cookie() {
        let public = Url::parse("https://bots.example.org").unwrap();
        let check = |headers: &[(&'static str, &str)], expected: bool| {
            let mut map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            map.insert(HOST, "localhost:8080".parse().unwrap());
            let result = require_same_origin(&map, Some(&public), Unsaid::Refuse);
            assert_eq!(result.is_ok(), expected, "{headers:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site"), ("origin", "http://evil.localhost:8080")], false);
        check(&[("origin", "http://localhost:8080")], true);
        check(&[("origin", "https://localhost:8080")], true);
        check(&[("origin", "http://localhost:9090")], false);
        check(&[("origin", "https://bots.example.org")], true);
        check(&[("origin", "http://bots.example.org")], false);
        check(&[("origin", "https://bots.example.org.evil.example")], false);
        check(&[("origin", "null")], false);
        check(&[], false);
    }

    #[test]
    fn programs_need_not_say_where_they_are() {
        assert!(require_same_origin(&HeaderMap::new(), None, Unsaid::Accept).is_ok());
        let mut foreign = HeaderMap::new();
        foreign.insert(ORIGIN, "https://evil.example".parse().unwrap());
        assert!(require_same_origin(&foreign, None, Unsaid::Accept).is_err());
    }
}
