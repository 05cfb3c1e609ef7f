//! The action `test`: what would happen to a message.

use crate::settings::Settings;
use crate::{rules, template};
use serde::Deserialize;
use twobot::prelude::*;

#[derive(Deserialize)]
struct Input {
    text: String,
}

/// Which rule a message would match, and its reply. The AI is not asked.
pub(crate) fn run(settings: &Settings, input: &Json, ai_is_bound: bool) -> Result<Json, ActionError> {
    let Input { text } = Input::deserialize(input)
        .map_err(|_| ActionError::InvalidInput("`text` must be what someone might write".to_owned()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(ActionError::InvalidInput("`text` must not be empty".to_owned()));
    }
    let found = rules::first_match(&settings.rules, text);
    let (answered_by, rule, reply) = match found.rule {
        Some((position, rule)) => ("rule", Some(rules::title(position, rule)), Some(rule.reply.as_str())),
        None if settings.ai.enabled && ai_is_bound => ("ai", None, None),
        None if settings.fallback_reply.is_empty() => ("nobody", None, None),
        None => ("fallback", None, Some(settings.fallback_reply.as_str())),
    };
    Ok(json!({
        "answered_by": answered_by,
        "rule": rule,
        "reply": reply.map(|reply| template::fill(reply, "Ada", text)),
        "problems": found.problems,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Kind, Rule};

    #[test]
    fn says_who_answers_and_what() {
        let mut settings = Settings::default();
        let run = |settings: &Settings, text: &str, ai| run(settings, &json!({"text": text}), ai).unwrap();
        assert_eq!(
            run(&settings, "hello", true),
            json!({"answered_by": "rule", "rule": "rule 1 (Greeting)", "reply": "Hello Ada! How can I help you?", "problems": []})
        );
        assert_eq!(run(&settings, "What is the time?", true)["answered_by"], "ai");
        assert_eq!(run(&settings, "What is the time?", false)["answered_by"], "fallback");
        settings.fallback_reply.clear();
        settings
            .rules
            .insert(0, Rule { kind: Kind::Pattern, text: "[".into(), reply: "x".into(), name: None });
        let nothing = run(&settings, "What is the time?", false);
        assert_eq!(nothing["answered_by"], "nobody");
        assert!(nothing["problems"][0].as_str().unwrap().starts_with("rule 1 is passed over"), "{nothing}");
    }

    #[test]
    fn wrong_input_is_named() {
        for input in [json!({}), json!({"text": 7}), json!({"text": " "}), Json::Null] {
            let Err(ActionError::InvalidInput(why)) = run(&Settings::default(), &input, false) else {
                panic!("{input}")
            };
            assert!(why.contains("`text`"), "{why}");
        }
    }
}
