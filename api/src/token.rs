//! The tokens of a session, and the cookies that carry them.

use crate::config::ApiConfig;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderName, SET_COOKIE};
use axum_extra::extract::cookie::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use twobot_store::sessions::{ACCESS_MILLIS, IDLE_MILLIS, SessionKeys};

/// The name of the cookie that signs requests in.
pub(crate) const COOKIE: &str = "twobot_session";
/// The name of the cookie that renews the session.
const RENEWAL_COOKIE: &str = "twobot_renewal";
/// Where that cookie goes: to nothing but what has to do with signing in.
const RENEWAL_PATH: &str = "/api/v1/auth";

/// The name of the cookie by which a browser is known again that signs in once more. It opens nothing.
const DEVICE_COOKIE: &str = "twobot_device";
const DEVICE_MILLIS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// A token that nobody can guess: 32 bytes of the system's randomness.
///
/// # Errors
/// When the system has none.
pub(crate) fn new_token() -> Result<SecretString, rand::rngs::SysError> {
    let mut bytes = [0_u8; 32];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
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

/// The key of a browser that renews its session.
pub(crate) fn renewal_of(headers: &HeaderMap) -> Option<SecretString> {
    CookieJar::from_headers(headers).get(RENEWAL_COOKIE).map(|cookie| SecretString::from(cookie.value()))
}

/// What a browser was given to be known again by, if it can be that.
pub(crate) fn device_of(headers: &HeaderMap) -> Option<SecretString> {
    let jar = CookieJar::from_headers(headers);
    let value = jar.get(DEVICE_COOKIE)?.value();
    (value.len() == 43).then(|| SecretString::from(value))
}

/// The cookie that has a browser known again.
pub(crate) fn device_cookie(config: &ApiConfig, device: &SecretString) -> (HeaderName, String) {
    let pair = format!("{DEVICE_COOKIE}={}", device.expose_secret());
    (SET_COOKIE, cookie(config, &pair, RENEWAL_PATH, DEVICE_MILLIS, "Strict"))
}

/// A `Set-Cookie` value. The tokens are of the base64url alphabet, so that nothing in them needs escaping.
fn cookie(config: &ApiConfig, pair: &str, path: &str, millis: i64, same_site: &str) -> String {
    let secure = if config.secure_cookies { "; Secure" } else { "" };
    let seconds = millis / 1_000;
    format!("{pair}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}")
}

/// Two cookies, as headers of an answer.
pub(crate) type Cookies = [(HeaderName, String); 2];

fn cookies(config: &ApiConfig, session: (&str, i64), renewal: (&str, i64)) -> Cookies {
    [(COOKIE, "/", session, "Lax"), (RENEWAL_COOKIE, RENEWAL_PATH, renewal, "Strict")].map(
        |(name, path, (value, millis), same_site)| {
            (SET_COOKIE, cookie(config, &format!("{name}={value}"), path, millis, same_site))
        },
    )
}

/// The cookies that sign in, and renew that.
pub(crate) fn session_cookies(config: &ApiConfig, keys: &SessionKeys) -> Cookies {
    let (access, renewal) = (keys.access.expose_secret(), keys.renewal.expose_secret());
    cookies(config, (access, ACCESS_MILLIS), (renewal, IDLE_MILLIS))
}

/// The cookies that sign out.
pub(crate) fn clearing_cookies(config: &ApiConfig) -> Cookies {
    cookies(config, ("", 0), ("", 0))
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
        let keys = SessionKeys {
            access: SecretString::from("abc"),
            renewal: SecretString::from("def"),
            ..SessionKeys::new()
        };
        assert_eq!(
            session_cookies(&config, &keys).map(|(_, value)| value),
            [
                "twobot_session=abc; Path=/; Max-Age=900; HttpOnly; SameSite=Lax",
                "twobot_renewal=def; Path=/api/v1/auth; Max-Age=604800; HttpOnly; SameSite=Strict",
            ]
        );
        config.secure_cookies = true;
        assert_eq!(
            clearing_cookies(&config).map(|(_, value)| value),
            [
                "twobot_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
                "twobot_renewal=; Path=/api/v1/auth; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
            ]
        );
    }
}
