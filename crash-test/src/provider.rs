//! A Bot API server that remembers every message it was asked to send, and now and then behaves badly.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use parking_lot::Mutex;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Where a bot wants its updates delivered.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// The path of its address.
    pub(crate) path: String,
    pub(crate) secret: String,
}

/// How often, in a thousand, a message that was sent is answered in this way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moods {
    /// After a while.
    pub(crate) slow: u32,
    /// By an error, and the message is not sent.
    pub(crate) failing: u32,
    /// Not at all: the message is sent, and the connection cut.
    pub(crate) cut: u32,
}

/// The server.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    webhooks: HashMap<String, Webhook>,
    /// What was sent, by bot and chat, in order.
    sent: HashMap<(String, i64), Vec<u64>>,
    /// Messages that were sent and whose answer was cut off.
    cut: u64,
    moods: Moods,
    next: u64,
}

impl Provider {
    /// Starts on a port of its own.
    pub(crate) async fn start(moods: Moods) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = Arc::new(Mutex::new(Known {
            webhooks: HashMap::new(),
            sent: HashMap::new(),
            cut: 0,
            moods,
            next: 1,
        }));
        let provider = Self { address: listener.local_addr()?, state };
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

    /// From now on it behaves well.
    pub(crate) fn behave(&self) {
        self.state.lock().moods = Moods { slow: 0, failing: 0, cut: 0 };
    }

    /// The numbers that a bot sent to a chat, in order.
    pub(crate) fn sent(&self, token: &str, chat: i64) -> Vec<u64> {
        self.state.lock().sent.get(&(token.to_owned(), chat)).cloned().unwrap_or_default()
    }

    /// How many messages it was asked to send, and sent.
    pub(crate) fn sent_in_all(&self) -> usize {
        self.state.lock().sent.values().map(Vec::len).sum()
    }

    /// How many of them were answered by nothing.
    pub(crate) fn cut(&self) -> u64 {
        self.state.lock().cut
    }
}

async fn answer(
    State(provider): State<Provider>,
    Path((bot, method)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let token = bot.strip_prefix("bot").unwrap_or(&bot).to_owned();
    let arguments: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match method.as_str() {
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
        "sendMessage" => send(&provider, token, &arguments).await,
        "getUpdates" => good(&json!([])),
        _ => good(&Value::Bool(true)),
    }
}

async fn send(provider: &Provider, token: String, arguments: &Value) -> Response {
    let chat = arguments["chat_id"].as_i64().or_else(|| arguments["chat_id"].as_str()?.parse().ok());
    let text = arguments["text"].as_str().unwrap_or_default();
    let (Some(chat), Ok(number)) = (chat, text.parse::<u64>()) else {
        return bad(StatusCode::BAD_REQUEST, "Bad Request: not a number of ours");
    };
    let (moods, mood) = (provider.state.lock().moods, rand::rng().random_range(0..1_000));
    if mood < moods.failing {
        return bad(StatusCode::BAD_GATEWAY, "Bad Gateway");
    }
    let id = {
        let mut known = provider.state.lock();
        known.sent.entry((token, chat)).or_default().push(number);
        known.next += 1;
        known.next
    };
    if mood < moods.failing + moods.cut {
        provider.state.lock().cut += 1;
        // A body that breaks off before its announced end: whoever asked learns nothing of what became of it.
        let piece = Err::<Bytes, _>(std::io::Error::other("cut off"));
        return Response::new(Body::from_stream(futures::stream::iter([piece])));
    }
    if mood < moods.failing + moods.cut + moods.slow {
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
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
