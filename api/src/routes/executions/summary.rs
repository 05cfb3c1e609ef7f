//! Events in one line.

use serde_json::Value;

/// The most characters of a line.
const MOST: usize = 160;

/// An event in one line. The payload is the contract's, as JSON: an object with the one key that names the case.
pub(super) fn of(kind: &str, payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let inner = payload
        .as_object()
        .filter(|cases| cases.len() == 1)
        .and_then(|cases| cases.values().next())
        .unwrap_or(&payload);
    shortened(&said(kind, inner).unwrap_or_else(|| kind.replace('_', " ")))
}

fn said(kind: &str, event: &Value) -> Option<String> {
    let text = |pointer: &str| event.pointer(pointer)?.as_str().filter(|text| !text.trim().is_empty());
    let who = text("/sender/name").or_else(|| text("/member/name"));
    let by = |what: String| who.map_or_else(|| what.clone(), |who| format!("{who}: {what}"));
    match kind {
        "message" | "message_edited" => {
            let content = text("/text").map(str::to_owned).or_else(|| attachment(event))?;
            Some(by(content))
        }
        "message_deleted" => {
            let count = event.pointer("/message_ids")?.as_array()?.len();
            Some(format!("{count} message{} deleted", if count == 1 { "" } else { "s" }))
        }
        "callback" => Some(by(format!("pressed “{}”", text("/data")?))),
        "member_changed" => Some(by(format!("{} → {}", text("/before")?, text("/after")?))),
        "join_requested" => Some(format!("{} asks to be let in", who?)),
        "reaction_changed" => {
            let added = event.pointer("/added")?.as_array()?;
            let list: Vec<_> = added.iter().filter_map(Value::as_str).collect();
            Some(by(if list.is_empty() { "took a reaction back".to_owned() } else { list.join(" ") }))
        }
        "poll_changed" => text("/question").map(str::to_owned),
        "poll_answered" => Some(by("voted".to_owned())),
        "scheduled" | "provider" => text("/name").map(str::to_owned),
        "effect_failed" => text("/message").map(str::to_owned),
        _ => None,
    }
}

/// What a message without text carries.
fn attachment(message: &Value) -> Option<String> {
    if let Some(kind) = message.pointer("/media/0/kind").and_then(Value::as_str) {
        return Some(format!("[{}]", kind.to_lowercase()));
    }
    if let Some(service) = message.pointer("/service").and_then(Value::as_str) {
        return Some(format!("[{}]", service.replace('_', " ")));
    }
    ["location", "contact", "poll"]
        .into_iter()
        .find(|part| message.get(part).is_some_and(|value| !value.is_null()))
        .map(|part| format!("[{part}]"))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let mut short: String = line.chars().take(MOST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_has_a_line() {
        let check = |kind: &str, payload: Value, expected: &str| {
            assert_eq!(of(kind, &payload.to_string()), expected);
        };
        let ada = json!({"id": "1", "name": "Ada"});
        check(
            "message",
            json!({"Message": {"sender": ada, "text": "hello\nthere", "media": []}}),
            "Ada: hello there",
        );
        check(
            "message",
            json!({"Message": {"sender": ada, "text": null, "media": [{"kind": "Photo"}]}}),
            "Ada: [photo]",
        );
        check(
            "message",
            json!({"Message": {"text": null, "media": [], "location": {"latitude": 1.0}}}),
            "[location]",
        );
        check(
            "message_deleted",
            json!({"MessageDeleted": {"message_ids": ["1", "2"]}}),
            "2 messages deleted",
        );
        check("callback", json!({"Callback": {"sender": ada, "data": "yes"}}), "Ada: pressed “yes”");
        check(
            "member_changed",
            json!({"MemberChanged": {"member": ada, "before": "Left", "after": "Member"}}),
            "Ada: Left → Member",
        );
        check("scheduled", json!({"Scheduled": {"name": "daily-summary"}}), "daily-summary");
        check("effect_failed", json!({"EffectFailed": {"message": "the chat is gone"}}), "the chat is gone");
        check("provider", json!({"Provider": {"name": "shipping_query"}}), "shipping_query");
        check("poll_answered", json!({"PollAnswered": {"sender": null}}), "voted");
        check("message", json!("damaged"), "message");
        let long = of("poll_changed", &json!({"PollChanged": {"question": "é".repeat(500)}}).to_string());
        assert_eq!(long.chars().count(), MOST);
    }
}
