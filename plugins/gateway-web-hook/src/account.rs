//! What a check tells.

use serde::Deserialize;
use twobot::prelude::*;

/// The connector's answer.
#[derive(Deserialize)]
pub(crate) struct Answer {
    id: String,
    verification: String,
    header: String,
    receiver: Option<Receiver>,
}

#[derive(Deserialize)]
struct Receiver {
    target: String,
    status: u16,
}

pub(crate) fn of(answer: Answer) -> Account {
    let Answer { id, verification, header, receiver } = answer;
    let believed = match verification.as_str() {
        "hmac" => format!("HMAC-SHA256 in {header}"),
        "token" if header == "authorization" => "a bearer token".to_owned(),
        "token" => format!("a token in {header}"),
        _ => "Standard Webhooks".to_owned(),
    };
    let mut details = vec![("Believes".to_owned(), believed)];
    let name = match receiver {
        Some(Receiver { target, status }) => {
            // Receivers take POST only, as a rule; that they answer at all is what counts.
            details.push(("Delivers to".to_owned(), format!("{target}, which answers (HTTP {status})")));
            target
        }
        None => {
            details.push(("Delivers to".to_owned(), "nobody: no address is set".to_owned()));
            "receiver only".to_owned()
        }
    };
    Account { id, name, details }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_told_in_words() {
        let told = |answer: Json| of(Answer::deserialize(answer).unwrap());
        let inbound =
            told(json!({"id": "g", "verification": "hmac", "header": "x-signature", "receiver": null}));
        assert_eq!(inbound.name, "receiver only");
        assert_eq!(inbound.details[0].1, "HMAC-SHA256 in x-signature");
        for (verification, header, words) in [
            ("standard", "webhook-signature", "Standard Webhooks"),
            ("token", "authorization", "a bearer token"),
            ("token", "x-gitlab-token", "a token in x-gitlab-token"),
        ] {
            let answer = json!({
                "id": "g", "verification": verification, "header": header,
                "receiver": {"target": "hooks.example.org:443", "status": 405},
            });
            let account = told(answer);
            assert_eq!(account.details[0].1, words);
            assert_eq!(account.name, "hooks.example.org:443");
            assert_eq!(account.details[1].1, "hooks.example.org:443, which answers (HTTP 405)");
        }
    }
}
