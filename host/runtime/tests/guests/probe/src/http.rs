//! Steps that call other hosts, piece by piece.

use crate::step::Step;
use crate::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Debug;
use twobot::bindings::plugin::wasi::http::outgoing_handler;
use twobot::bindings::plugin::wasi::http::types::{
    Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use twobot::bindings::plugin::wasi::io::poll;
use twobot::bindings::plugin::wasi::io::streams::StreamError;

type Outcomes = Result<Value, String>;

/// A request as a test puts it together.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Call {
    #[serde(default)]
    method: Option<Text>,
    #[serde(default)]
    scheme: Option<Text>,
    host: Text,
    #[serde(default)]
    path: Option<Text>,
    #[serde(default)]
    headers: Vec<(Text, Text)>,
    #[serde(default)]
    body: Option<Text>,
    /// Write the body by calls that wait, of 4 KB each.
    #[serde(default)]
    slowly: bool,
    /// Leave the body open.
    #[serde(default)]
    unfinished: bool,
    /// Milliseconds until the connection, the first byte, and between two.
    #[serde(default)]
    wait: Option<[u64; 3]>,
    /// Ask for the answer again and again, instead of waiting for it.
    #[serde(default)]
    ask: bool,
}

/// Carries out a step of this kind.
pub(crate) fn attempt(step: &Step) -> Option<Outcomes> {
    Some(match step {
        Step::Fetch(call) => begin(call).and_then(|future| end(&future, call.ask)),
        Step::FetchAll { calls } => fetch_all(calls),
        Step::Abandon { calls } => abandon(calls),
        Step::Pile { count, call } => pile(*count, call),
        Step::Header { name, value } => {
            Fields::new().append(&name.full(), value.full().as_bytes()).map(|()| json!(null)).or_else(shown)
        }
        Step::Headers { count } => headers(*count),
        Step::Hoard { requests, bytes } => hoard(*requests, *bytes),
        Step::HttpGet { url } => match twobot::http::get(&url.full()) {
            Ok(answer) => Ok(json!([answer.status, String::from_utf8_lossy(&answer.body)])),
            Err(error) => Err(error.code().to_owned()),
        },
        _ => return None,
    })
}

fn shown<T>(error: impl Debug) -> Result<T, String> {
    Err(format!("{error:?}"))
}

fn refused<T>(what: &str) -> Result<T, String> {
    Err(format!("refused: {what}"))
}

fn prepare(call: &Call) -> Result<OutgoingRequest, String> {
    let headers = Fields::new();
    for (name, value) in &call.headers {
        headers.append(&name.full(), value.full().as_bytes()).or_else(shown)?;
    }
    let request = OutgoingRequest::new(headers);
    if let Some(method) = &call.method {
        let method = match method.full().as_str() {
            "POST" => Method::Post,
            "CONNECT" => Method::Connect,
            "TRACE" => Method::Trace,
            other => Method::Other(other.to_owned()),
        };
        request.set_method(&method).or_else(|()| refused("method"))?;
    }
    let scheme = match call.scheme.as_ref().map(Text::full).as_deref() {
        None | Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(other) => Scheme::Other(other.to_owned()),
    };
    request.set_scheme(Some(&scheme)).or_else(|()| refused("scheme"))?;
    request.set_authority(Some(&call.host.full())).or_else(|()| refused("host"))?;
    let path = call.path.as_ref().map_or_else(|| "/".to_owned(), Text::full);
    request.set_path_with_query(Some(&path)).or_else(|()| refused("path"))?;
    Ok(request)
}

/// Hands a request over.
fn begin(call: &Call) -> Result<FutureIncomingResponse, String> {
    let request = prepare(call)?;
    let body = call.body.as_ref().map(|_| request.body()).transpose().or_else(|()| refused("body"))?;
    let options = call.wait.map(|[connect, first, between]| {
        let options = RequestOptions::new();
        let nanos = |ms: u64| Some(ms.saturating_mul(1_000_000));
        let _ = options.set_connect_timeout(nanos(connect));
        let _ = options.set_first_byte_timeout(nanos(first));
        let _ = options.set_between_bytes_timeout(nanos(between));
        options
    });
    let future = outgoing_handler::handle(request, options).or_else(shown)?;
    if let (Some(body), Some(text)) = (body, &call.body) {
        write(body, text.full().as_bytes(), call)?;
    }
    Ok(future)
}

fn write(body: OutgoingBody, mut bytes: &[u8], call: &Call) -> Result<(), String> {
    let stream = body.write().or_else(|()| refused("stream"))?;
    let mut closed = false;
    while !bytes.is_empty() && !closed {
        let (now, later) = if call.slowly {
            bytes.split_at(bytes.len().min(4_096))
        } else {
            let Ok(room) = stream.check_write() else { break };
            if room == 0 {
                stream.subscribe().block();
                continue;
            }
            bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)))
        };
        let written = if call.slowly { stream.blocking_write_and_flush(now) } else { stream.write(now) };
        closed = written.is_err();
        bytes = later;
    }
    drop(stream);
    if call.unfinished {
        std::mem::forget(body);
    } else if !closed {
        OutgoingBody::finish(body, None).or_else(shown)?;
    }
    Ok(())
}

fn end(future: &FutureIncomingResponse, ask: bool) -> Outcomes {
    if !ask {
        future.subscribe().block();
    }
    match future.get() {
        None => Ok(json!("pending")),
        Some(Err(())) => refused("taken"),
        Some(Ok(Err(error))) => shown(error),
        Some(Ok(Ok(answer))) => read(answer),
    }
}

fn read(answer: IncomingResponse) -> Outcomes {
    let headers: Vec<_> = answer
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| json!([name, String::from_utf8_lossy(&value)]))
        .collect();
    let body = answer.consume().or_else(|()| refused("body"))?;
    let stream = body.stream().or_else(|()| refused("stream"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(error) => return shown(error),
        }
    }
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    let trailers = matches!(trailers.get(), Some(Ok(Ok(Some(_)))));
    let body = match String::from_utf8(bytes) {
        Ok(text) if text.len() <= 1_000 => json!(text),
        Ok(text) => json!(text.len()),
        Err(bytes) => json!({ "bytes": bytes.as_bytes().len() }),
    };
    Ok(json!({ "status": answer.status(), "headers": headers, "body": body, "trailers": trailers }))
}

/// Hands all over, and waits until each is there.
fn fetch_all(calls: &[Call]) -> Outcomes {
    let futures: Vec<_> = calls.iter().map(begin).collect();
    let mut outcomes = vec![Value::Null; futures.len()];
    let mut open: Vec<_> = futures.iter().enumerate().collect();
    let mut rounds = 0;
    while !open.is_empty() {
        rounds += 1;
        let waiting: Vec<_> =
            open.iter().filter_map(|(_, future)| future.as_ref().ok().map(|one| one.subscribe())).collect();
        if !waiting.is_empty() {
            poll::poll(&waiting.iter().collect::<Vec<_>>());
        }
        drop(waiting);
        open.retain(|(place, future)| {
            let outcome = match future {
                Err(error) => Err(error.clone()),
                Ok(future) => end(future, true),
            };
            let pending = outcome == Ok(json!("pending"));
            outcomes[*place] =
                outcome.map_or_else(|error| json!({ "error": error }), |ok| json!({ "ok": ok }));
            pending
        });
    }
    Ok(json!({ "rounds": rounds, "outcomes": outcomes }))
}

/// Hands all over and lets go of them.
fn abandon(calls: &[Call]) -> Outcomes {
    for call in calls {
        drop(begin(call)?);
    }
    Ok(json!(calls.len()))
}

/// Hands the same over many times and keeps all of them; how many were taken, and what the last one was told.
fn pile(count: usize, call: &Call) -> Outcomes {
    let (mut taken, mut last) = (Vec::new(), Value::Null);
    for _ in 0..count {
        match begin(call) {
            Ok(future) => taken.push(future),
            Err(error) => last = json!(error),
        }
    }
    Ok(json!({ "taken": taken.len(), "last": last }))
}

/// One set of headers with many in it.
fn headers(count: usize) -> Outcomes {
    let fields = Fields::new();
    for number in 0..count {
        fields.append(&format!("x-{number}"), b"value").or_else(shown)?;
    }
    Ok(json!(fields.entries().len()))
}

/// Requests that are made and never handed over, each with a header of so many bytes.
fn hoard(requests: usize, bytes: usize) -> Outcomes {
    let value = vec![b'x'; bytes];
    let mut kept = Vec::new();
    for _ in 0..requests {
        let fields = Fields::new();
        fields.append("x-hoard", &value).or_else(shown)?;
        kept.push(OutgoingRequest::new(fields));
    }
    Ok(json!(kept.len()))
}
