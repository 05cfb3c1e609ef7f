//! What servers answer, brought into the form that OpenAI documents.
//!
//! async-openai's types want every field that OpenAI always sends and no value that OpenAI never sends. Other servers leave out
//! `id`, `created` or `object` (Gemini, Ollama, llama.cpp), know more reasons to stop (Mistral), other service tiers (Groq) or give a
//! message's content in parts. Its feature `byot` would take any type, but it also changes the typed streaming calls of the whole
//! build, which then forget to ask for a stream. So the answer is reduced here to what a caller needs: content, reason to stop,
//! model and usage.

use serde_json::{Map, Value, json};

/// A chat completion; none where the document is not one.
pub(super) fn chat(document: &Value) -> Option<Value> {
    let choices: Vec<Value> = document.get("choices")?.as_array()?.iter().enumerate().map(choice).collect();
    let mut plain = json!({
        "id": text(document, "id"),
        "object": "chat.completion",
        "created": number(document, "created"),
        "model": text(document, "model"),
        "choices": choices,
    });
    if let Some(usage) = document.get("usage").filter(|usage| usage.is_object()) {
        let (input, output) = (number(usage, "prompt_tokens"), number(usage, "completion_tokens"));
        plain["usage"] = json!({
            "prompt_tokens": input,
            "completion_tokens": output,
            "total_tokens": number(usage, "total_tokens").max(input + output).min(u32::MAX.into()),
        });
    }
    Some(plain)
}

/// A list of models; none where the document is not one.
pub(super) fn models(document: &Value) -> Option<Value> {
    let models = document.get("data")?.as_array()?.iter().filter_map(|model| {
        Some(json!({
            "id": model.get("id")?.as_str()?,
            "object": "model",
            "created": number(model, "created"),
            "owned_by": text(model, "owned_by"),
        }))
    });
    Some(json!({ "object": "list", "data": models.collect::<Vec<_>>() }))
}

fn choice((index, choice): (usize, &Value)) -> Value {
    let said = choice.get("message").unwrap_or(&Value::Null);
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    if let Some(content) = said.get("content").and_then(content) {
        message.insert("content".to_owned(), content.into());
    }
    if let Some(refusal) = said.get("refusal").and_then(Value::as_str) {
        message.insert("refusal".to_owned(), refusal.into());
    }
    let calls: Vec<Value> = said
        .get("tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(tool_call)
        .collect();
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    let mut plain = json!({ "index": index, "message": message });
    if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).and_then(finish_reason) {
        plain["finish_reason"] = reason.into();
    }
    plain
}

/// The text of a message that is a text or a list of parts. Parts of another kind (a model's reasoning) are not its answer.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()),
        _ => None,
    }
}

/// The call of a function, with arguments as text, as they are documented; Ollama's older versions send them as an object.
fn tool_call(call: &Value) -> Option<Value> {
    let function = call.get("function")?;
    let arguments = match function.get("arguments") {
        Some(Value::String(arguments)) => arguments.clone(),
        Some(Value::Null) | None => "{}".to_owned(),
        Some(arguments) => arguments.to_string(),
    };
    Some(json!({
        "id": text(call, "id"),
        "type": "function",
        "function": { "name": function.get("name")?.as_str()?, "arguments": arguments },
    }))
}

/// OpenAI's word for a reason; none for one that has no equal there.
fn finish_reason(reason: &str) -> Option<&'static str> {
    match reason.to_ascii_lowercase().as_str() {
        "stop" | "eos" | "end_turn" | "stop_sequence" => Some("stop"),
        "length" | "model_length" | "max_tokens" => Some("length"),
        "content_filter" | "safety" | "recitation" | "refusal" => Some("content_filter"),
        "tool_calls" | "tool_use" => Some("tool_calls"),
        "function_call" => Some("function_call"),
        _ => None,
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A count. What is no count counts as none, and async-openai's counts end at 32 bits.
fn number(of: &Value, name: &str) -> u64 {
    let value = of.get(name).unwrap_or(&Value::Null);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
    let number = value.as_u64().or_else(|| value.as_f64().map(|number| number as u64));
    number.unwrap_or_default().min(u32::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_openai::types::chat::CreateChatCompletionResponse;
    use async_openai::types::models::ListModelResponse;

    fn read(document: Value) -> CreateChatCompletionResponse {
        serde_json::from_value(chat(&document).unwrap()).unwrap()
    }

    #[test]
    fn the_least_that_a_server_can_say_is_read() {
        let answer = read(json!({ "choices": [{ "message": { "content": "hi" } }] }));
        assert_eq!(answer.choices[0].message.content.as_deref(), Some("hi"));
        assert_eq!(answer.usage, None);
        assert!(read(json!({ "choices": [] })).choices.is_empty());
        assert_eq!(read(json!({ "choices": [{}] })).choices[0].message.content, None);
    }

    #[test]
    fn the_oddities_of_servers_are_read() {
        let answer = read(json!({
            "id": 5, "created": 1.7e9, "model": "m", "service_tier": "on_demand", "object": null,
            "choices": [{
                "finish_reason": "model_length",
                "message": {
                    "role": "model",
                    "content": [{ "type": "thinking", "thinking": [] }, { "type": "text", "text": "a" }, { "text": "b" }],
                    "tool_calls": [{ "function": { "name": "f", "arguments": { "x": 1 } } }, { "function": {} }],
                    "annotations": "none",
                },
            }],
            "usage": { "prompt_tokens": 3, "completion_tokens": 99_999_999_999_u64, "prompt_tokens_details": "none" },
        }));
        assert_eq!(answer.choices[0].message.content.as_deref(), Some("ab"));
        assert_eq!(answer.choices[0].message.tool_calls.as_ref().unwrap().len(), 1);
        assert_eq!(serde_json::to_value(answer.choices[0].finish_reason).unwrap(), "length");
        assert_eq!(answer.usage.unwrap().prompt_tokens, 3);
    }

    #[test]
    fn models_are_read() {
        let document = json!({ "data": [{ "type": "model", "id": "claude-x", "display_name": "X" }, { "name": "no id" }] });
        let list: ListModelResponse = serde_json::from_value(models(&document).unwrap()).unwrap();
        assert_eq!(list.data.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["claude-x"]);
    }

    #[test]
    fn what_is_neither_is_told_apart() {
        for document in
            [json!(null), json!([]), json!({}), json!({ "choices": "x" }), json!({ "error": "x" })]
        {
            assert_eq!(chat(&document), None, "{document}");
            assert_eq!(models(&document), None, "{document}");
        }
    }
}
