//! Where the server listens and keeps its files.

use super::reader::{Reader, Spec};
use std::net::{IpAddr, SocketAddr};
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
