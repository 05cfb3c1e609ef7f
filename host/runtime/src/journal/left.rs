//! What an owner is told of a call that was begun and that no later attempt came to again.

use crate::contract;
use crate::outside::InlineCall;
use serde::Deserialize;
use twobot_domain::{GatewayError, GatewayId, Trouble};
use twobot_store::installs::BoundGateway;

/// Why it is not known.
const WHY: &str = "the platform was interrupted before the answer, and when the run was repeated, it did not come to this again";

/// What the journal records of a request, of whichever kind.
#[derive(Deserialize)]
#[serde(untagged)]
enum Request {
    Call { gateway: GatewayId, call: InlineCall },
    Http { http: String },
}

/// What is told of a request; nothing of one that only asks, and so changed nothing whether it came through or not.
pub(super) fn trouble(request: &str, bound: &[BoundGateway]) -> Option<Trouble> {
    let (name, what) = match serde_json::from_str(request) {
        Ok(Request::Call { call: InlineCall::Chat(_), .. }) => return None,
        Ok(Request::Call { gateway, call: InlineCall::Perform(action) }) => {
            let known = bound.iter().find(|bound| bound.id == gateway);
            let name = known.map_or_else(|| gateway.to_string(), |known| known.name.clone());
            (name, contract::action_kind(&action).to_owned())
        }
        Ok(Request::Http { http }) => match http.split_once(' ') {
            Some(("GET" | "HEAD" | "OPTIONS", _)) => return None,
            Some((method, place)) => (place.to_owned(), method.to_owned()),
            None => (http, "a request".to_owned()),
        },
        // Of another version: better told without its name than not at all.
        Err(_) => ("the other side".to_owned(), "a call".to_owned()),
    };
    Some(GatewayError::OutcomeUnknown(format!("{what}: {WHY}")).trouble(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_have_changed_something_is_told_by_the_name_that_its_owner_knows() {
        let id = GatewayId::new();
        let bound = BoundGateway {
            slot: "channels".to_owned(),
            id,
            kind: "telegram-bot".to_owned(),
            name: "Shop".to_owned(),
        };
        let call = |gateway: GatewayId| {
            let action = contract::Action::ShowTyping("conversation".to_owned());
            json!({ "gateway": gateway, "call": InlineCall::Perform(action) }).to_string()
        };
        let messages = Vec::new();
        let chat = contract::ChatRequest { model: None, messages, temperature: None, max_tokens: None };
        let chat = json!({ "gateway": id, "call": InlineCall::Chat(chat) }).to_string();
        let http = |http: &str| json!({ "http": http, "sha256": "00" }).to_string();
        let stranger = GatewayId::new();
        for (request, told) in [
            (call(id), Some(("“Shop”", "show_typing:"))),
            (call(stranger), Some((&*stranger.to_string(), "show_typing:"))),
            (chat, None),
            (http("POST https://api.test"), Some(("“https://api.test”", "POST:"))),
            (http("DELETE https://api.test"), Some(("“https://api.test”", "DELETE:"))),
            (http("GET https://api.test"), None),
            (http("HEAD https://api.test"), None),
            ("{}".to_owned(), Some(("the other side", "a call:"))),
        ] {
            let trouble = trouble(&request, std::slice::from_ref(&bound));
            assert_eq!(trouble.is_some(), told.is_some(), "{request}");
            if let (Some(trouble), Some((name, what))) = (trouble, told) {
                assert_eq!(trouble.code, "gateway_outcome_unknown");
                assert!(trouble.title.contains(name), "{trouble:?}");
                assert!(trouble.detail.contains(what), "{trouble:?}");
            }
        }
    }
}
