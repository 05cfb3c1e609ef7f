//! Asking and being answered, in the words of OpenAI's chat completions.

use crate::settings::{Provider, Settings};
use serde::Deserialize;
use twobot::ai::{ChatReply, ChatRequest, FinishReason, Role, TokenUsage};
use twobot::prelude::*;

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    model: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Answer,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

/// The body of the request.
pub(crate) fn request(settings: &Settings, request: ChatRequest) -> Result<Json, GatewayError> {
    if request.messages.is_empty() {
        return Err(GatewayError::Invalid("`messages` must not be empty".to_owned()));
    }
    let asked = request.model.as_deref().map(str::trim).filter(|model| !model.is_empty());
    let model = asked.or_else(|| settings.model()).ok_or_else(|| {
        GatewayError::Invalid(
            "`model` must be given: this gateway has no default model. Set one in its settings".to_owned(),
        )
    })?;
    let own = settings.system_prompt().map(|prompt| json!({"role": "system", "content": prompt}));
    let messages: Vec<_> = own
        .into_iter()
        .chain(
            request
                .messages
                .iter()
                .map(|message| json!({"role": role(message.role), "content": message.content})),
        )
        .collect();
    let mut body = json!({"model": model, "messages": messages});
    if let Some(temperature) = request.temperature {
        // Through text, so that 0.7 does not become 0.699999988079071.
        let exact = temperature.to_string().parse::<f64>().unwrap_or_default();
        body["temperature"] = exact.clamp(0.0, 2.0).into();
    }
    if let Some(tokens) = request.max_tokens {
        // OpenAI's newer models refuse the older name, and the others do not know the newer one.
        let name = if settings.provider == Provider::OpenAi { "max_completion_tokens" } else { "max_tokens" };
        body[name] = tokens.into();
    }
    Ok(body)
}

/// What the model said.
pub(crate) fn reply(answer: &Json, request: &Json) -> Result<ChatReply, GatewayError> {
    let unreadable =
        |why: &str| GatewayError::Unavailable(format!("the provider's answer can not be read: {why}"));
    let completion = Completion::deserialize(answer).map_err(|error| unreadable(&error.to_string()))?;
    let choice = completion.choices.into_iter().next().ok_or_else(|| unreadable("it has no `choices`"))?;
    let finish = match choice.finish_reason.as_deref() {
        _ if choice.message.refusal.is_some() => FinishReason::ContentFilter,
        Some("stop") | None => FinishReason::Stop,
        Some("length") => FinishReason::Length,
        Some("content_filter") => FinishReason::ContentFilter,
        Some(_) => FinishReason::Other,
    };
    let usage = completion.usage.map_or(TokenUsage { input: 0, output: 0 }, |usage| TokenUsage {
        input: usage.prompt_tokens,
        output: usage.completion_tokens,
    });
    let asked_model = || request["model"].as_str().unwrap_or_default().to_owned();
    Ok(ChatReply {
        text: choice.message.content.or(choice.message.refusal).unwrap_or_default(),
        model: completion.model.filter(|model| !model.is_empty()).unwrap_or_else(asked_model),
        finish,
        usage,
    })
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot::ai::ChatMessage;

    fn settings(document: Json) -> Settings {
        serde_json::from_value(document).unwrap()
    }

    fn ask(model: Option<&str>) -> ChatRequest {
        let turn = |role, content: &str| ChatMessage { role, content: content.to_owned() };
        ChatRequest {
            model: model.map(str::to_owned),
            messages: vec![turn(Role::System, "Be kind."), turn(Role::User, "Hi")],
            temperature: Some(0.7),
            max_tokens: Some(100),
        }
    }

    #[test]
    fn the_settings_fill_what_a_request_leaves_open() {
        let body = request(&settings(json!({"system_prompt": "You are Bo."})), ask(None)).unwrap();
        assert_eq!(
            body,
            json!({
                "model": "gpt-4.1-mini",
                "messages": [
                    {"role": "system", "content": "You are Bo."},
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": "Hi"},
                ],
                "temperature": 0.7,
                "max_completion_tokens": 100,
            })
        );
        let body = request(&settings(json!({"provider": "mistral"})), ask(Some("mine"))).unwrap();
        assert_eq!((&body["model"], &body["max_tokens"]), (&json!("mine"), &json!(100)));
        assert!(body.get("max_completion_tokens").is_none());
    }

    #[test]
    fn a_request_without_a_model_or_messages_says_so() {
        let custom = settings(json!({"provider": "custom"}));
        assert!(request(&custom, ask(None)).unwrap_err().explain().contains("`model`"));
        assert!(request(&custom, ask(Some("m"))).is_ok());
        let empty = ChatRequest { messages: Vec::new(), ..ask(Some("m")) };
        assert!(request(&custom, empty).unwrap_err().explain().contains("`messages`"));
    }

    #[test]
    fn answers_of_several_servers() {
        let asked = json!({"model": "asked"});
        let full = json!({
            "id": "x", "model": "gpt-4.1-mini-2025", "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        });
        let answer = reply(&full, &asked).unwrap();
        assert_eq!((answer.text.as_str(), answer.model.as_str()), ("Hello!", "gpt-4.1-mini-2025"));
        assert_eq!((answer.usage, answer.finish), (TokenUsage { input: 9, output: 3 }, FinishReason::Stop));

        let choice =
            |message: Json, finish: Json| json!({"choices": [{"message": message, "finish_reason": finish}]});
        let cases = [
            (choice(json!({"content": "a"}), json!(null)), "a", FinishReason::Stop),
            (choice(json!({"content": "a"}), json!("length")), "a", FinishReason::Length),
            (choice(json!({"content": null}), json!("content_filter")), "", FinishReason::ContentFilter),
            (
                choice(json!({"content": null, "refusal": "No."}), json!("stop")),
                "No.",
                FinishReason::ContentFilter,
            ),
            (
                choice(json!({"content": null, "tool_calls": []}), json!("tool_calls")),
                "",
                FinishReason::Other,
            ),
        ];
        for (answer, text, finish) in cases {
            let reply = reply(&answer, &asked).unwrap();
            assert_eq!((reply.text.as_str(), reply.finish, reply.model.as_str()), (text, finish, "asked"));
        }
    }

    #[test]
    fn unreadable_answers_are_the_providers_fault() {
        for answer in [json!({}), json!({"choices": []}), json!({"choices": [{}]}), json!([]), json!("x")] {
            let error = reply(&answer, &json!({})).unwrap_err();
            assert!(matches!(error, GatewayError::Unavailable(_)), "{answer}");
        }
    }
}
