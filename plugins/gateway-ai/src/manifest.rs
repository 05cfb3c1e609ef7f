//! What this kind of gateway is.

use crate::settings::Provider;
use twobot::prelude::*;

const DESCRIPTION: &str = "\
Lets your plugins ask a language model.

Choose the provider and enter a key of your account there:

| Provider | Where keys are made |
|---|---|
| OpenAI | platform.openai.com, *API keys* |
| Google Gemini | aistudio.google.com, *Get API key* |
| Anthropic Claude | console.anthropic.com, *API keys* |
| Mistral | console.mistral.ai, *API keys* |
| Groq | console.groq.com, *API keys* |
| Ollama | runs on your own machine; give its address, such as `http://localhost:11434/v1` |
| Custom | any service that speaks the OpenAI interface; give its address and model |

Your provider bills you for what is asked. The key is sealed on arrival and shown to nobody, plugins included.";

pub(crate) fn manifest() -> GatewayManifest {
    let providers: Vec<_> = Provider::ALL.into_iter().map(Provider::id).collect();
    let names: Vec<_> = Provider::ALL
        .into_iter()
        .map(|provider| match provider.usual_model() {
            Some(model) => format!("{} ({model})", provider.name()),
            None => provider.name().to_owned(),
        })
        .collect();
    GatewayManifest::new("ai", "AI", env!("CARGO_PKG_VERSION"), "openai")
        .summary("Ask a language model: OpenAI, Gemini, Claude, Mistral, Groq, Ollama or your own.")
        .description(DESCRIPTION)
        .features([Feature::AiChat])
        // An answer that nobody saw costs tokens and no more; without one the person who asked waits for nothing.
        .when_unknown(WhenUnknown::Repeat, [GatewayCall::Chat])
        .credentials_schema(json!({
            "type": "object",
            "properties": {
                "api_key": {
                    "type": "string",
                    "title": "API key",
                    "description": "Ollama and custom endpoints may do without.",
                    "maxLength": 500,
                    "writeOnly": true
                }
            },
            "additionalProperties": false
        }))
        .config_schema(json!({
            "type": "object",
            "properties": {
                "provider": {
                    "type": "string",
                    "title": "Provider",
                    "description": format!("With the model that is asked where you name none: {}.", names.join(", ")),
                    "enum": providers,
                    "default": Provider::default().id()
                },
                "base_url": {
                    "type": "string",
                    "title": "Address",
                    "description": "Only for Ollama and custom endpoints, such as https://ai.example.org/v1",
                    "pattern": "^(https?://.*)?$",
                    "maxLength": 500
                },
                "model": {
                    "type": "string",
                    "title": "Model",
                    "description": "The provider's name of it. Needed for custom endpoints.",
                    "maxLength": 200
                },
                "system_prompt": {
                    "type": "string",
                    "title": "System prompt",
                    "description": "Stands before every conversation, ahead of what the plugin says.",
                    "maxLength": 8000
                }
            },
            "allOf": [{
                "if": {"properties": {"provider": {"const": "custom"}}, "required": ["provider"]},
                "then": {"required": ["base_url", "model"]}
            }],
            "additionalProperties": false
        }))
}
