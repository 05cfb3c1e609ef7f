//! What the owner of a web hook decided.

use super::signing::Keys;
use crate::connector::Account;
use crate::egress::HostPort;
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::GatewayError;
use url::Url;

/// Where services put the HMAC of a body, unless they say something else.
const USUAL_SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// How a request is believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// By Standard Webhooks: a signature over id, time and body.
    Standard,
    /// By the HMAC-SHA-256 of its body, in this header.
    Hmac { header: String },
    /// By a token: in this header, or as `Authorization: Bearer …`.
    Token { header: Option<String> },
}

impl Mode {
    /// The way that the settings name.
    ///
    /// # Errors
    /// `Invalid` for one that is not known here.
    pub(super) fn of(account: &Account) -> Result<Self, GatewayError> {
        let header = account.setting("header").map(str::to_ascii_lowercase);
        match account.setting("verification") {
            None | Some("standard") => Ok(Self::Standard),
            Some("hmac") => {
                Ok(Self::Hmac { header: header.unwrap_or_else(|| USUAL_SIGNATURE_HEADER.to_owned()) })
            }
            Some("token") => Ok(Self::Token { header: header.filter(|name| name != "authorization") }),
            Some(_) => Err(GatewayError::Invalid("verification: must be standard, hmac or token".to_owned())),
        }
    }

    /// Its name in the settings.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Hmac { .. } => "hmac",
            Self::Token { .. } => "token",
        }
    }

    /// The header that counts, in lower case.
    pub(super) fn header(&self) -> &str {
        match self {
            Self::Standard => "webhook-signature",
            Self::Hmac { header } | Self::Token { header: Some(header) } => header,
            Self::Token { header: None } => "authorization",
        }
    }
}

/// Who gets what goes out.
pub(super) struct Receiver {
    /// The address.
    pub(super) url: Url,
    /// Its host and port, which is all of it that is told: a path may hold a secret.
    pub(super) target: String,
    /// What deliveries are signed with.
    pub(super) keys: Keys,
    /// The same as its owner wrote it, to keep it out of what is shown.
    pub(super) secret: SecretString,
}

impl Receiver {
    /// The receiver of a gateway, where its owner named one.
    ///
    /// # Errors
    /// `Invalid` for an address that is none, `Unauthorized` without a secret to sign with.
    pub(super) fn of(account: &Account) -> Result<Option<Self>, GatewayError> {
        let Some(address) = account.setting("url") else { return Ok(None) };
        let url =
            Url::parse(address.trim()).map_err(|error| GatewayError::Invalid(format!("url: {error}")))?;
        let target =
            HostPort::of(&url).map_or_else(|| "the receiver".to_owned(), |target| target.to_string());
        let secret = account.credential("signing_secret");
        let keys = Keys::parse(secret.expose_secret())
            .map_err(|why| GatewayError::Unauthorized(format!("signing_secret: {why}")))?;
        Ok(Some(Self { url, target, keys, secret }))
    }
}

/// Said where something is to go out and no address is set.
pub(super) fn no_receiver() -> GatewayError {
    GatewayError::Invalid(
        "url: this gateway has no address to deliver to; its owner can set one in the gateway's settings"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use twobot_domain::{GatewayId, TenantId};

    fn account(credentials: &Value, config: Value) -> Account {
        Account {
            tenant: TenantId::new(),
            gateway: GatewayId::new(),
            credentials: SecretString::from(credentials.to_string()),
            config,
            webhook_secret: SecretString::from(String::new()),
        }
    }

    #[test]
    fn each_way_has_its_header() {
        for (config, name, header) in [
            (json!({}), "standard", "webhook-signature"),
            (json!({"verification": "standard", "header": "X-Other"}), "standard", "webhook-signature"),
            (json!({"verification": "hmac"}), "hmac", "x-hub-signature-256"),
            (json!({"verification": "hmac", "header": "X-Signature"}), "hmac", "x-signature"),
            (json!({"verification": "token"}), "token", "authorization"),
            (json!({"verification": "token", "header": "Authorization"}), "token", "authorization"),
            (json!({"verification": "token", "header": "X-Gitlab-Token"}), "token", "x-gitlab-token"),
        ] {
            let mode = Mode::of(&account(&json!({}), config.clone())).unwrap();
            assert_eq!((mode.name(), mode.header()), (name, header), "{config}");
        }
        assert!(Mode::of(&account(&json!({}), json!({"verification": "none"}))).is_err());
    }

    #[test]
    fn a_receiver_has_an_address_and_a_secret() {
        let secret = json!({"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        let of = |credentials: &Value, url: &str| Receiver::of(&account(credentials, json!({"url": url})));
        assert!(of(&secret, "").unwrap().is_none());
        let found = of(&secret, " https://hooks.example.org/secret/path ").unwrap().unwrap();
        assert_eq!(found.target, "hooks.example.org:443");
        assert!(matches!(of(&secret, "nonsense"), Err(GatewayError::Invalid(_))));
        assert!(matches!(of(&json!({}), "https://example.org/"), Err(GatewayError::Unauthorized(_))));
    }
}
