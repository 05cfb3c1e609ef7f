//! The token of a session, and the cookie that carries it.

use crate::config::ApiConfig;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum_extra::extract::cookie::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::Timestamp;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "twobot_session";

/// How long a session lasts.
const DAYS: i64 = 30;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A token that nobody can guess: 32 bytes of the system's randomness.
///
/// # Errors
/// When the system has none.
pub(crate) fn new_token() -> Result<SecretString, rand::rngs::SysError> {
    let mut bytes = [0_u8; 32];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
}

/// When a session that begins now ends.
pub(crate) fn expiry() -> Timestamp {
    Timestamp::now().plus_millis(DAYS * DAY_MILLIS)
}

/// Where a token was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// In the `Authorization` header, which only a program sets.
    Bearer,
    /// In the cookie, which a browser adds by itself.
    Cookie,
}

/// The token of a request. The header wins: who sets it means it.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<(SecretString, Carrier)> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| (SecretString::from(token.trim()), Carrier::Bearer));
    }
    let jar = CookieJar::from_headers(headers);
    jar.get(COOKIE).map(|cookie| (SecretString::from(cookie.value()), Carrier::Cookie))
}

/// A `Set-Cookie` value. The token is of the base64url alphabet, so that nothing in it needs escaping.
fn cookie(config: &ApiConfig, value: &str, seconds: i64) -> String {
    let secure = if config.secure_cookies { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The cookie that signs in.
pub(crate) fn session_cookie(config: &ApiConfig, token: &SecretString) -> String {
    cookie(config, token.expose_secret(), DAYS * DAY_SECONDS)
}

/// The cookie that signs out.
pub(crate) fn clearing_cookie(config: &ApiConfig) -> String {
    cookie(config, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, two) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one.expose_secret(), two.expose_secret());
    }

    #[test]
    fn the_header_wins_over_the_cookie() {
        let found = |headers: &[(&'static str, &str)]| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            token_of(&headers).map(|(token, carrier)| (token.expose_secret().to_owned(), carrier))
        };
        let cookie = ("cookie", "other=1; twobot_session=abc");
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[cookie]), Some(("abc".to_owned(), Carrier::Cookie)));
        assert_eq!(
            found(&[cookie, ("authorization", "bearer def")]),
            Some(("def".to_owned(), Carrier::Bearer))
        );
        assert_eq!(found(&[cookie, ("authorization", "Basic def")]), None);
    }

    #[test]
    fn cookies_are_closed_to_scripts_and_to_plain_http_when_asked() {
        let mut config = ApiConfig::local("0.0.0");
        let token = SecretString::from("abc");
        assert_eq!(
            session_cookie(&config, &token),
            "twobot_session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
        );
        config.secure_cookies = true;
        assert_eq!(
            clearing_cookie(&config),
            "twobot_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        );
    }
}
