//! What the provider offers.

use crate::settings::Settings;
use twobot::prelude::*;

/// The account, as far as a list of models tells.
pub(crate) fn account(settings: &Settings, answer: &Json) -> Account {
    // Most providers list them under `data`; some put a folder before the name.
    let models: Vec<&str> = answer["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|model| model["id"].as_str())
        .map(|id| id.strip_prefix("models/").unwrap_or(id))
        .collect();
    let mut details = vec![("Models".to_owned(), models.len().to_string())];
    if let Some(model) = settings.model() {
        // Ollama lists `llama3.2:latest` for `llama3.2`.
        let is_listed = models.iter().any(|id| *id == model || id.strip_suffix(":latest") == Some(model));
        let note = if is_listed || models.is_empty() { "" } else { " (not in the provider's list)" };
        details.push(("Model".to_owned(), format!("{model}{note}")));
    }
    Account { id: settings.provider.id().to_owned(), name: settings.provider.name().to_owned(), details }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_detail(settings: Json, models: &Json) -> String {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let account = account(&settings, models);
        account.details.last().map(|(_, value)| value.clone()).unwrap()
    }

    #[test]
    fn the_default_model_is_looked_for() {
        let listed = |ids: &[&str]| json!({"object": "list", "data": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
        assert_eq!(model_detail(json!({}), &listed(&["gpt-4.1-mini", "o3"])), "gpt-4.1-mini");
        assert_eq!(model_detail(json!({"provider": "ollama"}), &listed(&["llama3.2:latest"])), "llama3.2");
        assert_eq!(
            model_detail(json!({"provider": "gemini"}), &listed(&["models/gemini-2.5-flash"])),
            "gemini-2.5-flash"
        );
        assert_eq!(
            model_detail(json!({"model": "gone"}), &listed(&["o3"])),
            "gone (not in the provider's list)"
        );
        assert_eq!(model_detail(json!({}), &json!("odd")), "gpt-4.1-mini");
        assert_eq!(model_detail(json!({"provider": "custom"}), &listed(&["a", "b"])), "2");
    }
}
