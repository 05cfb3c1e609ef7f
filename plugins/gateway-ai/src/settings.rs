//! What the tenant can choose.

use serde::Deserialize;
use twobot::config;
use twobot::prelude::*;

/// The providers whose addresses the host knows, and two for which the tenant gives one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    #[default]
    OpenAi,
    Gemini,
    Claude,
    Mistral,
    Groq,
    Ollama,
    Custom,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) provider: Provider,
    model: Option<String>,
    system_prompt: Option<String>,
}

impl Provider {
    pub(crate) const ALL: [Self; 7] =
        [Self::OpenAi, Self::Gemini, Self::Claude, Self::Mistral, Self::Groq, Self::Ollama, Self::Custom];

    /// The name in the configuration.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::Claude => "claude",
            Self::Mistral => "mistral",
            Self::Groq => "groq",
            Self::Ollama => "ollama",
            Self::Custom => "custom",
        }
    }

    /// The name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::Gemini => "Google Gemini",
            Self::Claude => "Anthropic Claude",
            Self::Mistral => "Mistral",
            Self::Groq => "Groq",
            Self::Ollama => "Ollama",
            Self::Custom => "Custom endpoint",
        }
    }

    /// A model that is inexpensive and quick; none where nobody knows what is installed.
    pub(crate) fn usual_model(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("gpt-4.1-mini"),
            Self::Gemini => Some("gemini-2.5-flash"),
            Self::Claude => Some("claude-haiku-4-5"),
            Self::Mistral => Some("mistral-small-latest"),
            Self::Groq => Some("llama-3.3-70b-versatile"),
            Self::Ollama => Some("llama3.2"),
            Self::Custom => None,
        }
    }
}

impl Settings {
    pub(crate) fn load() -> Result<Self, GatewayError> {
        config::load().map_err(|error| GatewayError::Invalid(error.to_string()))
    }

    /// The model to ask where a request names none.
    pub(crate) fn model(&self) -> Option<&str> {
        filled(&self.model).or_else(|| self.provider.usual_model())
    }

    /// What every conversation begins with.
    pub(crate) fn system_prompt(&self) -> Option<&str> {
        filled(&self.system_prompt)
    }
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for provider in Provider::ALL {
            let settings: Settings = serde_json::from_value(json!({"provider": provider.id()})).unwrap();
            assert_eq!(settings.provider, provider);
        }
    }

    #[test]
    fn the_model_is_the_tenants_or_the_usual_one() {
        let model = |document: Json| {
            let settings: Settings = serde_json::from_value(document).unwrap();
            settings.model().map(str::to_owned)
        };
        assert_eq!(model(json!({})).as_deref(), Some("gpt-4.1-mini"));
        assert_eq!(model(json!({"provider": "groq", "model": " x "})).as_deref(), Some("x"));
        assert_eq!(
            model(json!({"provider": "gemini", "model": "", "base_url": "ignored"})).as_deref(),
            Some("gemini-2.5-flash")
        );
        assert_eq!(model(json!({"provider": "custom", "model": null})), None);
    }
}
