//! Which provider an account names, and how its API wants to be called.

use crate::connector::Account;
use async_openai::config::Config;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::GatewayError;
use url::Url;

/// A provider whose address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The value of the setting `provider`.
    pub name: &'static str,
    /// Where its OpenAI-compatible API is.
    pub base_url: &'static str,
    /// Whether it answers nobody without a key.
    pub needs_key: bool,
}

const fn preset(name: &'static str, base_url: &'static str) -> Preset {
    Preset { name, base_url, needs_key: true }
}

/// The known providers.
pub const PRESETS: &[Preset] = &[
    preset("openai", "https://api.openai.com/v1"),
    preset("gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    preset("claude", "https://api.anthropic.com/v1"),
    preset("mistral", "https://api.mistral.ai/v1"),
    preset("groq", "https://api.groq.com/openai/v1"),
    Preset { needs_key: false, ..preset("ollama", "http://127.0.0.1:11434/v1") },
];

/// What is asked of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `chat.completions`
    Chat,
    /// `models.list`
    Models,
}

/// Where one call goes and with which headers. Takes the place of async-openai's own configurations, which read the process's
/// environment and panic over keys that can not stand in a header.
#[derive(Clone)]
pub(super) struct Endpoint {
    base: Url,
    /// The base as text, without a slash at its end.
    prefix: String,
    key: SecretString,
    headers: HeaderMap,
    query: Vec<(&'static str, &'static str)>,
}

impl Endpoint {
    /// Where the account's settings say.
    ///
    /// # Errors
    /// `Invalid` names the wrong setting; `Unauthorized` says that there is no key.
    pub(super) fn of(account: &Account, operation: Operation) -> Result<Self, GatewayError> {
        let name = account.setting("provider").unwrap_or("openai");
        let preset = PRESETS.iter().find(|preset| preset.name == name);
        let base = match (preset, account.setting("base_url")) {
            // A preset's address is its own; where Ollama runs is up to whoever runs it.
            (Some(preset), None) => preset.base_url,
            (Some(preset), Some(_)) if preset.name != "ollama" => preset.base_url,
            (Some(_), Some(own)) => own,
            (None, Some(own)) if name == "custom" => own,
            (None, None) if name == "custom" => {
                return Err(GatewayError::Invalid("base_url: a custom provider needs one".to_owned()));
            }
            (None, _) => return Err(GatewayError::Invalid(format!("provider: `{name}` is not known"))),
        };
        let key = SecretString::from(account.credential("api_key").expose_secret().trim().to_owned());
        if key.expose_secret().is_empty() && preset.is_some_and(|preset| preset.needs_key) {
            return Err(GatewayError::Unauthorized("no API key is set".to_owned()));
        }
        let base = base_url(base)?;
        let prefix = base.as_str().trim_end_matches('/').to_owned();
        let mut endpoint = Self { base, prefix, key, headers: HeaderMap::new(), query: Vec::new() };
        if name == "claude" && operation == Operation::Models {
            // Its list of models is its own API's, which wants the key elsewhere and gives 20 at a time.
            endpoint.header("x-api-key", "")?;
            endpoint.headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
            endpoint.query.push(("limit", "1000"));
        } else {
            endpoint.header(AUTHORIZATION.as_str(), "Bearer ")?;
        }
        Ok(endpoint)
    }

    /// Puts the key into a header; none where there is no key.
    fn header(&mut self, name: &'static str, before: &str) -> Result<(), GatewayError> {
        let key = self.key.expose_secret();
        if key.is_empty() {
            return Ok(());
        }
        let mut value = HeaderValue::from_str(&format!("{before}{key}")).map_err(|_| {
            GatewayError::Unauthorized("the API key has characters that no key has; copy it again".to_owned())
        })?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(())
    }

    /// With the key by which a provider knows a call again that was made before. Those that take none pass over the header.
    pub(super) fn known_by(mut self, key: Option<&str>) -> Self {
        if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
            self.headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        self
    }

    pub(super) const fn base(&self) -> &Url {
        &self.base
    }
}

fn base_url(text: &str) -> Result<Url, GatewayError> {
    let url = Url::parse(text.trim()).map_err(|error| GatewayError::Invalid(format!("base_url: {error}")))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(GatewayError::Invalid(
            "base_url: it must not have a query (?) or fragment (#)".to_owned(),
        ));
    }
    Ok(url)
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.clone()
    }

    fn api_base(&self) -> &str {
        &self.prefix
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use twobot_domain::{GatewayId, TenantId};

    fn account(config: Value, key: &str) -> Account {
        Account {
            tenant: TenantId::new(),
            gateway: GatewayId::new(),
            credentials: SecretString::from(json!({ "api_key": key }).to_string()),
            config,
            webhook_secret: SecretString::from(String::new()),
        }
    }

    fn url(config: Value) -> Result<String, GatewayError> {
        Endpoint::of(&account(config, "sk-1"), Operation::Chat)
            .map(|endpoint| endpoint.url("/chat/completions"))
    }

    #[test]
    fn settings_name_an_address() {
        for (config, expected) in [
            (json!({}), "https://api.openai.com/v1/chat/completions"),
            (json!({ "provider": "groq" }), "https://api.groq.com/openai/v1/chat/completions"),
            (
                json!({ "provider": "gemini", "base_url": "" }),
                "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            ),
            // What is left in the form from another provider does not send this one's key there.
            (
                json!({ "provider": "openai", "base_url": "https://evil.example" }),
                "https://api.openai.com/v1/chat/completions",
            ),
            (json!({ "provider": "ollama" }), "http://127.0.0.1:11434/v1/chat/completions"),
            (
                json!({ "provider": "ollama", "base_url": "http://gpu:11434/v1/" }),
                "http://gpu:11434/v1/chat/completions",
            ),
            (
                json!({ "provider": "custom", "base_url": " https://ai.example " }),
                "https://ai.example/chat/completions",
            ),
        ] {
            assert_eq!(url(config.clone()).unwrap(), expected, "{config}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        for (config, part) in [
            (json!({ "provider": "custom" }), "base_url"),
            (json!({ "provider": "custom", "base_url": "ai.example/v1" }), "base_url"),
            (json!({ "provider": "custom", "base_url": "https://ai.example/v1?key=1" }), "query"),
            (json!({ "provider": "skynet" }), "skynet"),
        ] {
            let Err(GatewayError::Invalid(text)) = url(config.clone()) else { panic!("{config} was taken") };
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn keys_are_asked_for_where_they_are_needed() {
        for (config, key, taken) in [
            (json!({ "provider": "openai" }), "", false),
            (json!({ "provider": "openai" }), "sk\n1", false),
            (json!({ "provider": "openai" }), " sk-1\n", true),
            (json!({ "provider": "ollama" }), "", true),
            (json!({ "provider": "custom", "base_url": "https://ai.example" }), "", true),
        ] {
            let endpoint = Endpoint::of(&account(config.clone(), key), Operation::Chat);
            match endpoint {
                Ok(endpoint) => {
                    assert!(taken, "{config} was taken with {key:?}");
                    assert_eq!(endpoint.headers.contains_key(AUTHORIZATION), !key.is_empty());
                    assert!(!format!("{:?}", endpoint.headers).contains("sk-1"));
                }
                Err(error) => {
                    assert!(!taken, "{config} was refused with {key:?}");
                    assert!(matches!(error, GatewayError::Unauthorized(_)));
                }
            }
        }
    }

    #[test]
    fn claudes_models_are_asked_in_its_own_way() {
        let claude = account(json!({ "provider": "claude" }), "sk-1");
        let models = Endpoint::of(&claude, Operation::Models).unwrap();
        assert_eq!(models.headers["x-api-key"], "sk-1");
        assert!(!models.headers.contains_key(AUTHORIZATION));
        let chat = Endpoint::of(&claude, Operation::Chat).unwrap();
        assert_eq!(chat.headers[AUTHORIZATION], "Bearer sk-1");
    }
}
