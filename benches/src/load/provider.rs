//! A Bot API server that takes replies as fast as it can.

use super::tally::Tally;
use super::tenants::Tenants;
use anyhow::{Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How long all bots may take to connect.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a bot wants its updates.
#[derive(Clone)]
pub(super) struct Webhook {
    /// The path of its address.
    pub(super) path: String,
    /// What it wants to be shown.
    pub(super) secret: String,
}

type Webhooks = Arc<Mutex<HashMap<String, Webhook>>>;

/// The server. It runs as long as the program.
pub(super) struct Provider {
    address: SocketAddr,
    webhooks: Webhooks,
}

impl Provider {
    /// Starts it on a free port.
    pub(super) async fn start(tally: Arc<Tally>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, webhooks) = (listener.local_addr()?, Webhooks::default());
        let known = Arc::clone(&webhooks);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (tally, known) = (Arc::clone(&tally), Arc::clone(&known));
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| answer(request, Arc::clone(&tally), Arc::clone(&known))),
                ));
            }
        });
        Ok(Self { address, webhooks })
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until each bot has said where it wants its updates.
    pub(super) async fn connected(&self, tenants: &Tenants) -> Result<Vec<Webhook>> {
        let begun = Instant::now();
        loop {
            {
                let known = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
                let found: Vec<_> = tenants.0.iter().filter_map(|token| known.get(token).cloned()).collect();
                if found.len() == tenants.0.len() {
                    return Ok(found);
                }
                if begun.elapsed() > PATIENCE {
                    bail!("only {} of {} bots connected", found.len(), tenants.0.len());
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    tally: Arc<Tally>,
    webhooks: Webhooks,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let arguments: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (bot, method) = path.trim_start_matches("/bot").split_once('/').unwrap_or_default();
    let result = match method {
        "sendMessage" => {
            let text = arguments["text"].as_str().unwrap_or_default();
            tally.reply(text.parse().ok());
            json!({
                "message_id": 1, "date": 1_700_000_000, "text": text,
                "chat": { "id": arguments["chat_id"], "type": "private", "first_name": "Ada" },
            })
        }
        "getMe" => json!({
            "id": bot.split(':').next().and_then(|id| id.parse::<u64>().ok()), "is_bot": true, "first_name": "Bot",
            "username": "bench_bot", "can_join_groups": true, "can_read_all_group_messages": false,
            "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false,
        }),
        "setWebhook" => {
            let text = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
            let url = text("url");
            let path = url.find("://").and_then(|at| Some(&url[at + 3..][url[at + 3..].find('/')?..]));
            let webhook = Webhook { path: path.unwrap_or_default().to_owned(), secret: text("secret_token") };
            webhooks.lock().unwrap_or_else(PoisonError::into_inner).insert(bot.to_owned(), webhook);
            Value::Bool(true)
        }
        _ => Value::Bool(true),
    };
    let body = json!({ "ok": true, "result": result }).to_string();
    let mut response = Response::new(Full::from(body));
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    Ok(response)
}
