//! Where a Redis server is.

use redis::{ConnectionInfo, IntoConnectionInfo as _};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// Where a Redis server is, and how to sign in there. Shown without the password.
#[derive(Clone)]
pub struct Address {
    pub(crate) info: ConnectionInfo,
    shown: String,
}

/// Why a text is no address of a Redis server. Never shows the text: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongAddress(&'static str);

impl fmt::Display for WrongAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for WrongAddress {}

impl FromStr for Address {
    type Err = WrongAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| {
            WrongAddress(
                "must be an address such as redis://:<password>@<host>:6379/0, with what is not plain in the password written as %XX",
            )
        })?;
        if !matches!(url.scheme(), "redis" | "rediss") {
            return Err(WrongAddress("must begin with redis://, or with rediss:// for TLS"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(WrongAddress("must name a host: redis://<host>"));
        }
        // What stands behind a `#` would switch the check of certificates off.
        if url.query().is_some() || url.fragment().is_some() {
            return Err(WrongAddress("must have nothing behind the database's number: no `?`, no `#`"));
        }
        let database = url.path().trim_matches('/');
        if !database.is_empty() && database.parse::<u16>().is_err() {
            return Err(WrongAddress("may name a database by its number only: redis://<host>/0"));
        }
        let info =
            text.into_connection_info().map_err(|_| WrongAddress("is no address of a Redis server"))?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{}{port}/{database}", url.scheme(), url.host_str().unwrap_or_default());
        Ok(Self { info, shown })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_host_and_never_shows_its_password() {
        for (text, shown) in [
            ("redis://localhost", Some("redis://localhost/")),
            ("redis://ada:hush@db.example.org:6380/2", Some("redis://db.example.org:6380/2")),
            ("rediss://:hu%20sh@[::1]:6379", Some("rediss://[::1]:6379/")),
            ("redis://:hush@host/0/", Some("redis://host/0")),
            ("redis://", None),
            ("redis:///0", None),
            ("redis://:hush@:6379", None),
            ("redis://:hush@host:port", None),
            ("redis://:hu/sh@host", None),
            ("redis://:hush@host/zero", None),
            ("redis://:hush@host/70000", None),
            ("rediss://:hush@host/#insecure", None),
            ("redis://:hush@host/?protocol=resp3", None),
            ("redis+unix:///run/redis.sock?pass=hush", None),
            ("unix:///run/redis.sock", None),
            ("postgres://ada:hush@host/x", None),
            ("http://:hush@host", None),
            ("host:6379", None),
            ("hush", None),
            ("", None),
        ] {
            match (text.parse::<Address>(), shown) {
                (Ok(address), Some(shown)) => {
                    assert_eq!(address.to_string(), shown, "{text}");
                    assert!(!format!("{address:?} {:?}", address.info).contains("hu"), "{address:?}");
                }
                (Err(error), None) => {
                    assert!(error.to_string().len() > 10);
                    assert!(!format!("{error} {error:?}").contains("hu"), "{text}: {error}");
                }
                (parsed, _) => panic!("{text}: {parsed:?}"),
            }
        }
    }
}
