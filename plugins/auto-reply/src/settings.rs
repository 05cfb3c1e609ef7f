//! What the tenant can choose. The schema's defaults are those of the types, so that they can not differ.

use serde::{Deserialize, Serialize};
use twobot::prelude::*;

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The first that matches answers.
    pub(crate) rules: Vec<Rule>,
    pub(crate) ai: Ai,
    /// Empty for none.
    pub(crate) fallback_reply: String,
    pub(crate) only_private: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(rename = "match")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) text: String,
    pub(crate) reply: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// One of some words or phrases, separated by commas.
    #[default]
    Keyword,
    /// A regular expression.
    Pattern,
    /// Every message.
    Any,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ai {
    pub(crate) enabled: bool,
    pub(crate) instructions: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let rule = |name: &str, text: &str, reply: &str| Rule {
            name: Some(name.to_owned()),
            kind: Kind::Keyword,
            text: text.to_owned(),
            reply: reply.to_owned(),
        };
        Self {
            rules: vec![
                rule(
                    "Greeting",
                    "hello, hi, hey, good morning, good evening, /start",
                    "Hello {name}! How can I help you?",
                ),
                rule("Help", "help, /help", "I answer automatically. Ask a question, or say hello."),
            ],
            ai: Ai::default(),
            fallback_reply: "Thank you for your message. I have no answer to that yet.".to_owned(),
            only_private: false,
        }
    }
}

impl Default for Ai {
    fn default() -> Self {
        Self {
            enabled: true,
            instructions: "You are a friendly assistant. Answer briefly, in the language of the question. \
                           If you do not know something, say so."
                .to_owned(),
            model: None,
        }
    }
}

pub(crate) fn schema() -> Json {
    let default = Settings::default();
    json!({
        "type": "object",
        "properties": {
            "rules": {
                "type": "array",
                "title": "Rules",
                "description": "The first rule that matches a message answers it.",
                "maxItems": 100,
                "default": default.rules,
                "items": rule_schema()
            },
            "ai": {
                "type": "object",
                "title": "AI",
                "description": "Answers in private conversations where no rule matches, if an AI gateway is bound.",
                "default": default.ai,
                "properties": {
                    "enabled": {"type": "boolean", "title": "Use the AI", "default": default.ai.enabled},
                    "instructions": {
                        "type": "string",
                        "title": "Instructions",
                        "description": "Who the AI is and what it should and should not do.",
                        "maxLength": 8000,
                        "default": default.ai.instructions
                    },
                    "model": {
                        "type": ["string", "null"],
                        "title": "Model",
                        "description": "The gateway's default where it is left out.",
                        "maxLength": 200
                    }
                },
                "additionalProperties": false
            },
            "fallback_reply": {
                "type": "string",
                "title": "Fallback reply",
                "description": "Answers in private conversations where neither a rule nor the AI does. Leave it empty for no answer.",
                "maxLength": 4000,
                "default": default.fallback_reply
            },
            "only_private": {
                "type": "boolean",
                "title": "Only private conversations",
                "description": "Never answer in groups.",
                "default": default.only_private
            }
        },
        "additionalProperties": false
    })
}

fn rule_schema() -> Json {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": ["string", "null"], "title": "Name", "maxLength": 100},
            "match": {
                "type": "string",
                "title": "Match",
                "description": "keyword: one of some words; pattern: a regular expression; any: every message.",
                "enum": ["keyword", "pattern", "any"],
                "default": "keyword"
            },
            "text": {
                "type": "string",
                "title": "Text",
                "description": "Words or phrases separated by commas, or a regular expression. Upper and lower case are the same.",
                "maxLength": 1000,
                "default": ""
            },
            "reply": {
                "type": "string",
                "title": "Reply",
                "description": "{name} stands for the sender's name and {text} for what they wrote.",
                "minLength": 1,
                "maxLength": 4000
            }
        },
        "required": ["match", "reply"],
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_document_has_the_defaults_that_the_schema_shows() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        let schema = schema();
        for (name, value) in serde_json::to_value(settings).unwrap().as_object().unwrap() {
            assert_eq!(&schema["properties"][name]["default"], value, "{name}");
        }
    }

    #[test]
    fn nulls_and_gaps_are_taken() {
        let settings: Settings = serde_json::from_value(json!({
            "rules": [{"match": "any", "reply": "x"}, {"name": null, "match": "pattern", "text": "a+", "reply": "y"}],
            "ai": {"model": null},
        }))
        .unwrap();
        assert_eq!(settings.rules[0].kind, Kind::Any);
        assert!(settings.ai.enabled && settings.ai.model.is_none());
    }
}
