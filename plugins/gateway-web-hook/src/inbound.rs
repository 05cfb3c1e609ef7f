//! What services send.

use serde::Deserialize;
use serde_json::value::RawValue;
use twobot::ProviderEvent;
use twobot::gateway::malformed;
use twobot::prelude::*;

/// What a document is called that does not say what it is.
const NAMELESS: &str = "document";

/// Characters of an event's name.
const NAME_LENGTH: usize = 100;

/// A delivery as the connector keeps it.
#[derive(Deserialize)]
struct Envelope<'a> {
    /// What the sender's headers say that happened.
    #[serde(default)]
    event: Option<String>,
    /// The sender's document, as it came.
    #[serde(borrow)]
    document: &'a RawValue,
}

/// What a document says of itself: `type`, as Standard Webhooks and most others have it, or `event`.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
}

pub(crate) fn decode(delivery: &Inbound) -> Result<Decoded, Malformed> {
    let envelope: Envelope<'_> = serde_json::from_str(&delivery.body)
        .map_err(|error| malformed(format!("not what the connector keeps: {error}")))?;
    let document = envelope.document.get();
    let name = envelope
        .event
        .and_then(fitting)
        .or_else(|| name_within(document))
        .unwrap_or_else(|| NAMELESS.to_owned());
    let event = ProviderEvent { name, data: document.to_owned() };
    Ok(Decoded::Events(vec![DecodedEvent::at(delivery.received_at, Payload::Provider(event))]))
}

fn name_within(document: &str) -> Option<String> {
    // A list would do for the deserialiser: a struct may also be written as the list of its fields.
    if !document.starts_with('{') {
        return None;
    }
    let named: Named<'_> = serde_json::from_str(document).ok()?;
    let text = |value: Option<&RawValue>| serde_json::from_str(value?.get()).ok().and_then(fitting);
    text(named.kind).or_else(|| text(named.event))
}

/// A name that can stand in a list of events.
fn fitting(name: String) -> Option<String> {
    let name = name.trim();
    let fits = (1..=NAME_LENGTH).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &str) -> ProviderEvent {
        match decode(&Inbound { received_at: 9_000, body: body.to_owned() }).unwrap() {
            Decoded::Events(mut events) if events.len() == 1 => match events.remove(0) {
                DecodedEvent { occurred_at: 9_000, payload: Payload::Provider(event) } => event,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn of_document(document: &str) -> ProviderEvent {
        decoded(&format!(r#"{{"id":"1","event":null,"document":{document}}}"#))
    }

    #[test]
    fn any_document_becomes_an_event_as_it_came() {
        for document in
            ["{}", "[1, 2]", "null", "\"text\"", "1e999", "12345678901234567890123", r#"{"a":1,"a":2}"#]
        {
            let event = of_document(document);
            assert_eq!((event.name.as_str(), event.data.as_str()), ("document", document));
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(of_document(&deep).data, deep);
        let deep = format!(r#"{{"type":"deep","in":{deep}}}"#);
        assert_eq!(of_document(&deep).name, "deep");
    }

    #[test]
    fn it_is_called_what_its_sender_calls_it() {
        let with =
            |event: &str| decoded(&format!(r#"{{"event":{event},"document":{{"type":"within"}}}}"#)).name;
        assert_eq!(with(r#"" push ""#), "push");
        assert_eq!(with("null"), "within");
        assert_eq!(with(r#""""#), "within");
        assert_eq!(with(r#""a\nb""#), "within");
        for (document, name) in [
            (r#"{"type":"user.created"}"#, "user.created"),
            (r#"{"event":"paid"}"#, "paid"),
            (r#"{"type":7,"event":"paid"}"#, "paid"),
            (r#"{"type":{"type":"x"}}"#, "document"),
            (r#"{"type":"a","type":"b"}"#, "document"),
            (r#"["user.created"]"#, "document"),
            (r#"{"type":"\ud800"}"#, "document"),
        ] {
            assert_eq!(of_document(document).name, name, "{document}");
        }
        let long = "x".repeat(101);
        assert_eq!(of_document(&format!(r#"{{"type":"{long}"}}"#)).name, "document");
    }

    #[test]
    fn what_the_connector_did_not_keep_is_malformed() {
        for body in ["", "{}", "[]", "7", r#"{"document":"#] {
            assert!(decode(&Inbound { received_at: 0, body: body.to_owned() }).is_err(), "{body}");
        }
    }
}
