//! Where the server listens and keeps its files.

use super::reader::{Reader, Spec};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use url::Url;

/// Where the server listens and keeps its files.
#[derive(Debug)]
pub(crate) struct Server {
    /// `TWOBOT_LISTEN`
    pub(crate) listen: SocketAddr,
    /// `TWOBOT_PUBLIC_URL`
    pub(crate) public_url: Option<Url>,
    /// `TWOBOT_DATA_DIR`
    pub(crate) data_dir: PathBuf,
    /// `TWOBOT_TRUSTED_PROXIES`
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// `TWOBOT_REQUESTS_PER_CALLER`
    pub(crate) requests_per_caller: NonZeroU32,
    /// `TWOBOT_REQUESTS_PER_ADDRESS`
    pub(crate) requests_per_address: NonZeroU32,
    /// `TWOBOT_CORS_ORIGINS`
    pub(crate) cors_origins: Vec<String>,
    /// `TWOBOT_REGISTRATION`
    pub(crate) registration_open: bool,
    /// `TWOBOT_DEMO_PASSWORD`
    pub(crate) demo_password: Option<String>,
}

fn public_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text)
        .map_err(|error| format!("`{text}` is no address such as https://bots.example.com: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!(
            "`{text}` must begin with https:// (or http:// for trying things out) and name a host"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` must have no query and no fragment"));
    }
    // Paths are joined to it.
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn proxies(text: &str) -> Result<Vec<IpAddr>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty())
        .map(|address| address.parse().map_err(|_| format!("`{address}` is no IP address")))
        .collect()
}

fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("`{text}` must be a whole number from 1 on"))
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    let origin = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        // A browser sends no path, no slash at the end, and no port that the scheme means anyway.
        let origin = url.map(|url| url.origin().ascii_serialization());
        origin.filter(|origin| origin == text).ok_or_else(|| {
            format!("`{text}` is no origin such as https://app.example.com: only scheme, host and port, in lower case")
        })
    };
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(origin).collect()
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "open" => Ok(true),
        "closed" => Ok(false),
        other => Err(format!("`{other}` must be open or closed")),
    }
}

impl Server {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.with_default(
                "TWOBOT_LISTEN",
                "Address and port that the server listens on.",
                "127.0.0.1:8080",
                |text| text.parse().map_err(|_| format!("`{text}` is no address and port such as 127.0.0.1:8080")),
            ),
            public_url: reader.optional(
                Spec {
                    name: "TWOBOT_PUBLIC_URL",
                    doc: "Where people and providers reach this server. Without it, gateways poll instead of using webhooks.",
                    default: "(none)".to_owned(),
                    secret: false,
                },
                public_url,
            ),
            data_dir: reader.with_default(
                "TWOBOT_DATA_DIR",
                "Folder for the database, the master key, compiled components and files of plugins.",
                "./data",
                |text| Ok(PathBuf::from(text)),
            ),
            trusted_proxies: reader.with_default(
                "TWOBOT_TRUSTED_PROXIES",
                "Addresses of proxies whose X-Forwarded-For is believed, separated by commas.",
                "",
                proxies,
            ),
            requests_per_caller: reader.with_default(
                "TWOBOT_REQUESTS_PER_CALLER",
                "Requests to the API that a person or a key may make in a minute; pages of the dashboard may read ten times as often.",
                "100",
                at_least_one,
            ),
            requests_per_address: reader.with_default(
                "TWOBOT_REQUESTS_PER_ADDRESS",
                "Requests to the API that may come from a network address in a minute; past five times as many it is blocked for an hour.",
                "1000",
                at_least_one,
            ),
            cors_origins: reader.with_default(
                "TWOBOT_CORS_ORIGINS",
                "Origins of other sites whose pages may call the API with a token, separated by commas.",
                "",
                origins,
            ),
            registration_open: reader.with_default(
                "TWOBOT_REGISTRATION",
                "Whether strangers may register: open or closed.",
                "open",
                on_or_off,
            ),
            demo_password: reader.optional(
                Spec {
                    name: "TWOBOT_DEMO_PASSWORD",
                    doc: "Password of the demo tenant that `twobot serve --demo` makes.",
                    default: "(made by chance at the first start and kept in the data directory)".to_owned(),
                    secret: true,
                },
                |text| Ok(text.to_owned()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let named = |text: &str| origins(text).ok();
        assert_eq!(named(""), Some(Vec::new()));
        let two = vec!["https://app.example.com".to_owned(), "http://localhost:5173".to_owned()];
        assert_eq!(named("https://app.example.com, http://localhost:5173,"), Some(two));
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://a.example:443",
            "ftp://a",
        ] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_is_allowed_nothing() {
        assert_eq!(at_least_one("100").map(NonZeroU32::get), Ok(100));
        for wrong in ["0", "-1", "many", ""] {
            assert!(at_least_one(wrong).is_err(), "{wrong}");
        }
    }
}
