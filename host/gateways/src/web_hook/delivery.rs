//! What a request delivers, what it is known by, and what its sender calls it.

use crate::connector::{Delivery, Headers, Malformed};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Headers that name a delivery, so that a repeat is known as one. The first that is there counts. They are believed since the request
/// was: whoever could write another id could as well write another document.
const IDS: [&str; 6] = [
    "webhook-id",
    "svix-id",
    "idempotency-key",
    "x-github-delivery",
    "x-gitea-delivery",
    "x-shopify-webhook-id",
];

/// Headers that say what happened. The first that is there counts.
const EVENTS: [&str; 5] =
    ["x-github-event", "x-gitea-event", "x-gitlab-event", "x-shopify-topic", "x-event-key"];

/// Bytes of an id. It stands in an index; longer ones are known by their digest.
const LONGEST_ID: usize = 200;

/// Bytes of an event's name.
const LONGEST_EVENT: usize = 100;

/// A delivery as the gateway's component gets it.
#[derive(Serialize)]
struct Envelope<'a> {
    /// What a repeat is known by.
    id: &'a str,
    /// What the sender's headers say that happened.
    event: Option<&'a str>,
    /// The body, as it came.
    document: &'a RawValue,
}

/// Reads a request that is authentic.
///
/// # Errors
/// When the body is not JSON.
pub(super) fn read(headers: &Headers, body: &str) -> Result<Delivery, Malformed> {
    // Without recursion, and without keeping anything of it: brackets may nest as deep as a body is long.
    serde_json::from_str::<IgnoredAny>(body).map_err(|error| {
        Malformed(format!(
            "the body must be a JSON document: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    let document: &RawValue =
        serde_json::from_str(body).map_err(|_| Malformed("the body must be a JSON document".to_owned()))?;
    let id = id(headers);
    let event = EVENTS.iter().find_map(|name| headers.get(*name)).map(|event| event.trim());
    let event = event.filter(|event| (1..=LONGEST_EVENT).contains(&event.len()));
    let body = serde_json::to_string(&Envelope { id: &id, event, document })
        .map_err(|error| Malformed(error.to_string()))?;
    Ok(Delivery { provider_id: id, body })
}

/// What a delivery is known by; one that has no name gets one that no other has.
fn id(headers: &Headers) -> String {
    match IDS.iter().find_map(|name| headers.get(*name)).map(|id| id.trim()).filter(|id| !id.is_empty()) {
        Some(id) if id.len() <= LONGEST_ID => id.to_owned(),
        Some(id) => hex::encode(Sha256::digest(id)),
        None => Uuid::now_v7().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn headers(list: &[(&str, &str)]) -> Headers {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn any_json_is_delivered_as_it_came() {
        for body in [
            "{}",
            " [1, 2]\n",
            "null",
            "true",
            "\"text\"",
            "12345678901234567890123",
            "1e999",
            r#"{"a":1,"a":2}"#,
        ] {
            let delivery = read(&headers(&[("webhook-id", "m1"), ("x-github-event", "push")]), body).unwrap();
            assert_eq!(delivery.provider_id, "m1");
            let expected = format!(r#"{{"id":"m1","event":"push","document":{}}}"#, body.trim());
            assert_eq!(delivery.body, expected);
        }
        // As deep as a body can be, and nobody's stack is at an end.
        let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        assert!(read(&Headers::new(), &deep).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused_and_not_repeated() {
        for body in ["", " ", "{", "{} {}", "a=1&b=2", "<xml/>", "{\"secret\": tok}", "\u{feff}{}"] {
            let Malformed(why) = read(&Headers::new(), body).unwrap_err();
            assert!(why.starts_with("the body must be a JSON document") && !why.contains("tok"), "{why}");
        }
    }

    #[test]
    fn a_delivery_is_known_by_the_first_name_it_has() {
        let id = |list: &[(&str, &str)]| read(&headers(list), "{}").unwrap().provider_id;
        assert_eq!(id(&[("idempotency-key", "k"), ("x-github-delivery", "g")]), "k");
        assert_eq!(id(&[("x-github-delivery", " g ")]), "g");
        let long = "x".repeat(10_000);
        assert_eq!(id(&[("webhook-id", &long)]).len(), 64);
        assert_eq!(id(&[("webhook-id", &long)]), id(&[("webhook-id", &long)]));
        // Without a name each is one of its own.
        assert_ne!(id(&[]), id(&[]));
        assert_ne!(id(&[("webhook-id", "")]), id(&[("webhook-id", " ")]));
    }

    #[test]
    fn what_happened_is_told_by_the_sender_or_not_at_all() {
        let event = |list: &[(&str, &str)]| {
            let body = read(&headers(list), "{}").unwrap().body;
            serde_json::from_str::<Value>(&body).unwrap()["event"].clone()
        };
        assert_eq!(event(&[("x-gitlab-event", "Push Hook")]), "Push Hook");
        assert_eq!(event(&[]), Value::Null);
        assert_eq!(event(&[("x-github-event", &"x".repeat(101))]), Value::Null);
        assert_eq!(event(&[("x-github-event", r#"a","document":"b"#)]), json!(r#"a","document":"b"#));
    }
}
