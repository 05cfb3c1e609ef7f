//! What Telegram and the network say, in the platform's words. None of them carries the token.

use super::api::{Failure, Refusal, Request};
use crate::redact;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use teloxide_core::ApiError;
use twobot_domain::GatewayError;

/// Where the server says "slow down" but not for how long.
const UNNAMED_WAIT: Duration = Duration::from_secs(1);

/// A request that got no answer.
pub(super) fn unreachable(error: reqwest012::Error, request: &Request<'_>) -> GatewayError {
    // A server that accepts the connection and is silent is slow; one that does not even accept it is not there.
    if error.is_timeout() && !error.is_connect() {
        return GatewayError::TimedOut;
    }
    let was_sent = !error.is_connect() && !error.is_builder();
    // The address holds the token: it goes from the error, and from the causes below it should one repeat it.
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause = redact::message(&cause.to_string(), request.bot.token());
    if was_sent {
        return GatewayError::OutcomeUnknown(format!("the connection to {} broke: {cause}", server(request)));
    }
    GatewayError::Unavailable(format!("no connection to {}: {cause}", server(request)))
}

/// An answer that says no; `foreign` where it is not the Bot API's at all.
pub(super) fn refusal(refusal: &Refusal, request: &Request<'_>, foreign: bool) -> Failure {
    let Refusal { code, description, parameters } = refusal;
    if *code == 429 || parameters.retry_after.is_some() {
        let wait = parameters.retry_after;
        let error = GatewayError::RateLimited(wait.map(super::pace::whole_seconds));
        return Failure { error, hold: Some(wait.unwrap_or(UNNAMED_WAIT)) };
    }
    if let Some(chat) = parameters.migrate_to_chat_id {
        return rejected("migrated", format!("the group was upgraded to a supergroup; its id is now {chat}"))
            .into();
    }
    if *code >= 500 {
        return GatewayError::OutcomeUnknown(
            format!("{} answered {code} {description}", server(request)).trim_end().to_owned(),
        )
        .into();
    }
    if *code == 401 {
        return GatewayError::Unauthorized("Telegram does not know this bot token".to_owned()).into();
    }
    if foreign {
        let what = format!(
            "{} answered {code} and not as a Bot API server does; the operator should check TWOBOT_TELEGRAM_API_URL",
            server(request)
        );
        // Whoever says yes in words that can not be read may have done it.
        let is_yes = (200..300).contains(code);
        return if is_yes { GatewayError::OutcomeUnknown(what) } else { GatewayError::Unavailable(what) }
            .into();
    }
    match kind(description) {
        ApiError::InvalidToken => GatewayError::Unauthorized("Telegram does not know this bot token".to_owned()),
        ApiError::TerminatedByOtherGetUpdates => rejected(
            "409",
            "another program fetches this bot's updates at the same time (getUpdates); stop it, or give it a bot of its own"
                .to_owned(),
        ),
        // Telegram words this one in more ways than teloxide knows; all of them are conflicts of getUpdates.
        ApiError::CantGetUpdates => webhook_is_set(),
        ApiError::Unknown(_) if *code == 409 && description.contains("webhook") => webhook_is_set(),
        _ => rejected(&code.to_string(), description.clone()),
    }
    .into()
}

fn webhook_is_set() -> GatewayError {
    rejected(
        "409",
        "a webhook is set for this bot, by another program or an earlier connection; connect the gateway again to take over"
            .to_owned(),
    )
}

/// teloxide knows the descriptions by heart.
fn kind(description: &str) -> ApiError {
    serde_json::from_value(Value::String(description.to_owned()))
        .unwrap_or_else(|_| ApiError::Unknown(description.to_owned()))
}

fn rejected(code: &str, message: String) -> GatewayError {
    GatewayError::Rejected { code: code.to_owned(), message }
}

/// The server's host and port, which is what helps to find out what is wrong with it.
fn server(request: &Request<'_>) -> String {
    let address = request.bot.api_url();
    let host = address.host_str().unwrap_or("the Bot API server").to_owned();
    match address.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}
