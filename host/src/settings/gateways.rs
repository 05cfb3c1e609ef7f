//! How gateways reach their providers.

use super::reader::Reader;
use twobot_gateways::EgressPolicy;
use url::Url;

/// How gateways reach their providers.
#[derive(Debug)]
pub(crate) struct Gateways {
    /// `TWOBOT_TELEGRAM_API_URL`
    pub(crate) telegram_api_url: Url,
    /// `TWOBOT_EGRESS_ALLOW`
    pub(crate) egress: EgressPolicy,
}

fn http_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(url),
        _ => Err(format!("`{text}` must be an address that begins with http:// or https://")),
    }
}

impl Gateways {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        Self {
            telegram_api_url: reader.with_default(
                "TWOBOT_TELEGRAM_API_URL",
                "The Bot API server. Set it if you run your own.",
                "https://api.telegram.org",
                http_url,
            ),
            egress: reader.with_default(
                "TWOBOT_EGRESS_ALLOW",
                "Private addresses that tenants' AI endpoints and plugins may reach, as host:port, separated by commas (a local Ollama: 127.0.0.1:11434).",
                "",
                |text| EgressPolicy::parse(text).map_err(|error| error.to_string()),
            ),
        }
    }
}
