//! A Bot API server that remembers every message it was asked to send, and now and then answers badly.

use crate::moods::{Counts, Mood};
use crate::polls::{self, Polls};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Where a bot wants its updates delivered.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// The path of its address.
    pub(crate) path: String,
    pub(crate) secret: String,
}

/// The server.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<Known>>,
    polls: Arc<Polls>,
}

#[derive(Debug)]
struct Known {
    webhooks: HashMap<String, Webhook>,
    /// What was sent, by bot and chat, in order.
    sent: HashMap<(String, i64), Vec<u64>>,
    /// Whether it answers badly at times, by which numbers, and how often it did.
    misbehaves: bool,
    random: StdRng,
    moods: Counts,
    next: u64,
}

impl Provider {
    /// Starts on a port of its own.
    pub(crate) async fn start(random: StdRng) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = Arc::new(Mutex::new(Known {
            webhooks: HashMap::new(),
            sent: HashMap::new(),
            misbehaves: false,
            random,
            moods: Counts::default(),
            next: 1,
        }));
        let provider = Self { address: listener.local_addr()?, state, polls: Arc::default() };
        let router = Router::new().route("/{bot}/{method}", any(answer)).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(provider)
    }

    /// Where it is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a bot wants its updates.
    pub(crate) fn webhook(&self, token: &str) -> Option<Webhook> {
        self.state.lock().webhooks.get(token).cloned()
    }

    /// What bots fetch themselves.
    pub(crate) fn polls(&self) -> &Polls {
        &self.polls
    }

    /// Whether from now on it answers badly at times.
    pub(crate) fn misbehave(&self, misbehaves: bool) {
        self.state.lock().misbehaves = misbehaves;
    }

    /// The numbers that a bot sent to a chat, in order.
    pub(crate) fn sent(&self, token: &str, chat: i64) -> Vec<u64> {
        self.state.lock().sent.get(&(token.to_owned(), chat)).cloned().unwrap_or_default()
    }

    /// How many messages it was asked to send, and sent.
    pub(crate) fn sent_in_all(&self) -> usize {
        self.state.lock().sent.values().map(Vec::len).sum()
    }

    /// How often it answered badly.
    pub(crate) fn moods(&self) -> Counts {
        self.state.lock().moods
    }
}

async fn answer(
    State(provider): State<Provider>,
    Path((bot, method)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let token = bot.strip_prefix("bot").unwrap_or(&bot).to_owned();
    let arguments: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mood = {
        let known = &mut *provider.state.lock();
        let mood = if known.misbehaves { Mood::next(&mut known.random, &method) } else { None };
        mood.inspect(|mood| known.moods.add(*mood))
    };
    if let Some(refusal) = mood.and_then(Mood::refusal) {
        return refusal;
    }
    let answer = carry_out(&provider, token, &method, &arguments).await;
    match mood {
        Some(mood) => mood.spoil(answer).await,
        None => answer,
    }
}

async fn carry_out(provider: &Provider, token: String, method: &str, arguments: &Value) -> Response {
    match method {
        "getMe" => good(&json!({
            "id": number(&token), "is_bot": true, "first_name": "Bot", "username": "crash_bot",
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
            "can_connect_to_business": false, "has_main_web_app": false,
        })),
        "setWebhook" => {
            let text = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
            let path = reqwest::Url::parse(&text("url")).map(|url| url.path().to_owned()).unwrap_or_default();
            let webhook = Webhook { path, secret: text("secret_token") };
            provider.state.lock().webhooks.insert(token, webhook);
            good(&Value::Bool(true))
        }
        "sendMessage" => send(provider, token, arguments),
        "deleteWebhook" => {
            provider.state.lock().webhooks.remove(&token);
            good(&Value::Bool(true))
        }
        "getUpdates" => {
            let (offset, seconds) = (arguments["offset"].as_i64(), arguments["timeout"].as_u64());
            match provider.polls.answer(&token, offset, seconds.unwrap_or_default()).await {
                polls::Answer::Updates(updates) => good(&Value::Array(updates)),
                polls::Answer::Superseded => bad(
                    StatusCode::CONFLICT,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                ),
            }
        }
        _ => good(&Value::Bool(true)),
    }
}

fn send(provider: &Provider, token: String, arguments: &Value) -> Response {
    let chat = arguments["chat_id"].as_i64().or_else(|| arguments["chat_id"].as_str()?.parse().ok());
    let text = arguments["text"].as_str().unwrap_or_default();
    let (Some(chat), Ok(number)) = (chat, text.parse::<u64>()) else {
        return bad(StatusCode::BAD_REQUEST, "Bad Request: not a number of ours");
    };
    let id = {
        let mut known = provider.state.lock();
        known.sent.entry((token, chat)).or_default().push(number);
        known.next += 1;
        known.next
    };
    good(&json!({
        "message_id": id, "date": 1_700_000_000, "chat": { "id": chat, "type": "private", "first_name": "Ada" }, "text": text,
    }))
}

fn good(result: &Value) -> Response {
    axum::Json(json!({ "ok": true, "result": result })).into_response()
}

fn bad(status: StatusCode, description: &str) -> Response {
    let body = json!({ "ok": false, "error_code": status.as_u16(), "description": description });
    (status, axum::Json(body)).into_response()
}

/// The number before the colon of a token.
fn number(token: &str) -> u64 {
    token.split(':').next().and_then(|number| number.parse().ok()).unwrap_or(1)
}
