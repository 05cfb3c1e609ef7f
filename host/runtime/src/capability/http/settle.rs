//! Making the requests that a guest waits for: journaled, like every inline effect.

use super::Open;
use super::body::{Collecting, lend, weight};
use super::record::{Answer, Asked, Recorded};
use super::request::{Checked, may_be_repeated};
use crate::capability::gateways::{MAX_INLINE, host_failed};
use crate::journal::{Next, Pending, UNRECORDED};
use crate::outside::{HttpAnswer, HttpRequest, MAX_HTTP_BODY, MAX_HTTP_HEADER_BYTES};
use crate::sandbox::guest::{Guest, PluginSide};
use bytes::Bytes;
use futures::future::join_all;
use std::sync::Arc;
use twobot_domain::{HttpError, Usage};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::runtime::spawn;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::body::HostOutgoingBody;
use wasmtime_wasi_http::p2::types::HostFutureIncomingResponse;

/// Requests of one sandbox that are made at the same time.
const AT_ONCE: usize = 6;

/// Bytes of answers that one run may be given. They are kept in its journal.
const MAX_RECEIVED: usize = 16 * 1024 * 1024;

/// What an answer may take.
const MAX_ANSWER: usize = MAX_HTTP_BODY + MAX_HTTP_HEADER_BYTES;

type Plugin = Guest<PluginSide>;

/// A request that has to be made.
struct Begun {
    host: String,
    port: u16,
    request: HttpRequest,
    pending: Pending,
    /// It comes to the same when it is made twice.
    may_be_repeated: bool,
}

/// Makes all requests that can be made: those whose body is finished. Waiting for them is not the guest's own running.
pub(crate) async fn settle(guest: &mut Plugin) {
    guest.take_back();
    while !guest.side.http.open.is_empty() {
        let ready = take_ready(guest);
        if ready.is_empty() {
            return;
        }
        let _pause = guest.watch.pause();
        make(guest, ready).await;
    }
}

fn awaited(table: &ResourceTable, place: u32) -> bool {
    let answer = Resource::<HostFutureIncomingResponse>::new_borrow(place);
    matches!(table.get(&answer), Ok(HostFutureIncomingResponse::Pending(_)))
}

/// Drops the requests whose answer nobody waits for. At `taken` now stands the answer of a new one.
pub(super) fn forget_abandoned(guest: &mut Plugin, taken: u32) {
    let Guest { table, memory, side, .. } = guest;
    side.http.open.retain(|open| {
        let kept = open.answer != taken && awaited(table, open.answer);
        if !kept && open.body.is_some() {
            memory.let_go(MAX_HTTP_BODY);
        }
        kept
    });
}

/// Takes the next requests whose body is finished, in order.
fn take_ready(guest: &mut Plugin) -> Vec<Open> {
    // No place in the table has this number.
    forget_abandoned(guest, u32::MAX);
    let Guest { table, side, .. } = guest;
    let finished = |open: &Open| {
        open.written.is_none_or(|place| table.get(&Resource::<HostOutgoingBody>::new_borrow(place)).is_err())
    };
    let (mut ready, mut rest) = (Vec::new(), Vec::new());
    for open in std::mem::take(&mut side.http.open) {
        if ready.len() < AT_ONCE && finished(&open) { ready.push(open) } else { rest.push(open) }
    }
    side.http.open = rest;
    ready
}

async fn make(guest: &mut Plugin, ready: Vec<Open>) {
    let mut begun = Vec::new();
    for Open { request, answer: place, body, .. } in ready {
        match begin(guest, request, body).await {
            Ok(Next::Make(one)) => begun.push((place, one)),
            Ok(Next::Recorded(answer)) => hand_over(guest, place, answer),
            // Without an answer, and not to be made again.
            Ok(Next::Unsure(one)) => {
                guest.memory.let_go(one.request.body.len());
                let unknown = Err(HttpError::OutcomeUnknown);
                settle_as(guest, place, one, unknown, &Usage::default()).await;
            }
            Ok(Next::Unrecorded) => {
                hand_over(guest, place, Err(HttpError::Unavailable(UNRECORDED.to_owned())));
            }
            Err(error) => put(guest, place, Err(error)),
        }
    }
    let mut calls = Vec::with_capacity(begun.len());
    for (_, one) in &begun {
        let Ok(work) = guest.side.granted_host(&one.host, one.port) else { continue };
        let (scope, outside, request) = (work.scope, Arc::clone(&work.outside), one.request.clone());
        calls.push(async move { outside.fetch(scope, request).await });
    }
    let answers = join_all(calls).await;
    // In the order of the requests, whichever came first: so the record has no gaps.
    for ((place, one), answer) in begun.into_iter().zip(answers) {
        guest.memory.let_go(one.request.body.len());
        finish(guest, place, one, answer).await;
    }
}

/// What becomes of a request whose turn it is: its answer from the record, or what to make.
async fn begin(
    guest: &mut Plugin,
    request: Checked,
    body: Option<Collecting>,
) -> Result<Next<Answer, Begun>, Error> {
    let body = match body {
        None => Bytes::new(),
        Some(body) => {
            let body = body.finished().await;
            let length = body.as_ref().map_or(0, Bytes::len);
            guest.memory.let_go(MAX_HTTP_BODY.saturating_sub(length));
            body?
        }
    };
    let sent = body.len();
    let next = next(guest, request, body).await;
    if !matches!(next, Ok(Next::Make(_) | Next::Unsure(_))) {
        guest.memory.let_go(sent);
    }
    next
}

async fn next(guest: &mut Plugin, request: Checked, body: Bytes) -> Result<Next<Answer, Begun>, Error> {
    let Checked { method, url, host, port, headers, patience } = request;
    let work = guest.side.granted_host(&host, port).map_err(|_| Error::HttpRequestDenied)?;
    if work.journal.made() >= MAX_INLINE {
        return Err(Error::ConnectionLimitReached);
    }
    // Counted before there is anything: as many answers as are waited for fit.
    if !guest.memory.hold(MAX_ANSWER) {
        return Err(out_of_memory().into());
    }
    let request = HttpRequest { method, url, headers, body, patience };
    let may_be_repeated = may_be_repeated(&request.method, &request.headers);
    let asked = Asked::of(&request);
    // A replay writes the lines that the recorded run wrote.
    let is_replay = work.journal.is_replay();
    let told =
        is_replay.then(|| format!("{} {}", request.method, request.url.origin().ascii_serialization()));
    let begun = move |pending| Begun { host, port, request, pending, may_be_repeated };
    let next = match work.journal.next(&asked, &work.bound).await {
        Ok(Next::Recorded(answer)) if !is_replay && was_not_done(&answer) => {
            work.journal.take_back().await.map(Next::Make)
        }
        Ok(Next::Unsure(pending)) if may_be_repeated => Ok(Next::Make(pending)),
        next => next,
    };
    match next {
        Ok(Next::Recorded(answer)) => {
            if let (Some(request), Err(error)) = (told, &answer) {
                guest.log.write("warn", format!("{request}: {error}"), Vec::new());
            }
            Ok(Next::Recorded(answer))
        }
        Ok(Next::Unrecorded) => Ok(Next::Unrecorded),
        Ok(Next::Make(pending)) => Ok(Next::Make(begun(pending))),
        Ok(Next::Unsure(pending)) => Ok(Next::Unsure(begun(pending))),
        Err(error) => {
            let why = host_failed(work, &error);
            guest.memory.let_go(MAX_ANSWER);
            Err(Error::InternalError(Some(why)))
        }
    }
}

/// Records and hands over what came, with what it used.
async fn finish(guest: &mut Plugin, place: u32, one: Begun, answer: Result<HttpAnswer, HttpError>) {
    if let Err(error) = &answer {
        tell(guest, &one.request, error);
    }
    let used = used(&one.request, answer.as_ref().ok());
    let answer: Answer = match answer {
        Ok(answer) if answer.body.len() > MAX_HTTP_BODY => Err(HttpError::BodyTooLarge(MAX_HTTP_BODY as u64)),
        // It was sent, and may have been done.
        Err(HttpError::TimedOut | HttpError::Broken) if !one.may_be_repeated => {
            Err(HttpError::OutcomeUnknown)
        }
        answer => answer.map(|answer| Recorded::of(&answer)),
    };
    settle_as(guest, place, one, answer, &used).await;
}

/// Writes to the log of the run why a request has no answer.
fn tell(guest: &Plugin, request: &HttpRequest, error: &HttpError) {
    let origin = request.url.origin().ascii_serialization();
    guest.log.write("warn", format!("{} {origin}: {error}", request.method), Vec::new());
}

/// Records what came of a request, and hands it over.
async fn settle_as(guest: &mut Plugin, place: u32, one: Begun, answer: Answer, used: &Usage) {
    if let Err(error @ HttpError::OutcomeUnknown) = &answer {
        tell(guest, &one.request, error);
    }
    let Ok(work) = guest.side.granted_host(&one.host, one.port) else { return };
    // Of what may be made again, a failure is forgotten: a retry is there to ask again.
    let is_kept = !one.may_be_repeated || is_settled(&answer);
    let recorded = if is_kept {
        work.journal.answered(one.pending, &answer, used).await
    } else {
        work.journal.unsettled(one.pending, &answer, used).await
    };
    match recorded {
        Ok(()) => hand_over(guest, place, answer),
        Err(error) => {
            let why = host_failed(work, &error);
            guest.memory.let_go(MAX_ANSWER);
            put(guest, place, Err(Error::InternalError(Some(why))));
        }
    }
}

fn used(request: &HttpRequest, answer: Option<&HttpAnswer>) -> Usage {
    Usage {
        http_requests: 1,
        http_bytes_out: (request.body.len() + super::body::header_bytes(&request.headers)) as u64,
        http_bytes_in: answer.map_or(0, weight) as u64,
        ..Usage::default()
    }
}

/// Whether a retry is given this answer again. Where the other host was not reached, was busy or failed, a retry is there to ask again.
fn is_settled(answer: &Answer) -> bool {
    match answer {
        Ok(answer) => answer.is_settled(),
        Err(HttpError::Prohibited(_) | HttpError::Unusable(_)) => true,
        Err(HttpError::HeadersTooLarge | HttpError::BodyTooLarge(_) | HttpError::OutcomeUnknown) => true,
        Err(_) => false,
    }
}

/// Whether this answer says that nothing was done, so that even a request that must not be made twice is made again.
fn was_not_done(answer: &Answer) -> bool {
    match answer {
        Ok(answer) => answer.says_not_now(),
        Err(error) => matches!(
            error,
            HttpError::UnknownHost
                | HttpError::Unreachable
                | HttpError::ConnectTimedOut
                | HttpError::Certificate
                | HttpError::Unavailable(_)
        ),
    }
}

/// Hands an answer to the guest, if the run may have so much of it. For each, [`MAX_ANSWER`] was held.
fn hand_over(guest: &mut Plugin, place: u32, answer: Answer) {
    let Guest { memory, side, .. } = guest;
    let http = &mut side.http;
    let damaged = || Error::InternalError(Some("the record is damaged".to_owned()));
    let answer = answer.map_err(to_guest).and_then(|answer| answer.read().ok_or_else(damaged));
    let answer = answer.and_then(|answer| {
        let bytes = weight(&answer);
        let left = MAX_RECEIVED - http.received;
        if bytes > left {
            return Err(Error::HttpResponseBodySize(Some(left as u64)));
        }
        http.received += bytes;
        Ok(answer)
    });
    let held = answer.as_ref().map_or(0, weight).min(MAX_ANSWER);
    memory.let_go(MAX_ANSWER - held);
    let response = answer.map(|answer| lend(answer, held, &http.returned));
    put(guest, place, response);
}

/// Puts an answer where the guest looks for it.
fn put(guest: &mut Plugin, place: u32, answer: Result<http::Response<wasmtime_wasi_http::WasiBody>, Error>) {
    if let Ok(entry) = guest.table.get_mut(&Resource::<HostFutureIncomingResponse>::new_borrow(place)) {
        // Nothing goes on behind an answer that is there as a whole.
        *entry = HostFutureIncomingResponse::Ready(answer.map(|answer| (answer, spawn(async {}))));
    }
}

pub(super) fn out_of_memory() -> ErrorCode {
    ErrorCode::InternalError(Some("the sandbox's memory is used up; do less in one run".to_owned()))
}

/// The host's words for a failure, in the standard's.
fn to_guest(error: HttpError) -> Error {
    match error {
        HttpError::Prohibited(_) => Error::DestinationIpProhibited,
        HttpError::Unusable(_) => Error::HttpRequestUriInvalid,
        HttpError::UnknownHost => Error::DnsError { rcode: None, info_code: None },
        HttpError::Unreachable => Error::ConnectionRefused,
        HttpError::ConnectTimedOut => Error::ConnectionTimeout,
        HttpError::Certificate => Error::TlsCertificateError,
        HttpError::TimedOut => Error::HttpResponseTimeout,
        HttpError::Broken => Error::ConnectionTerminated,
        HttpError::OutcomeUnknown => Error::HttpResponseIncomplete,
        HttpError::HeadersTooLarge => Error::HttpResponseHeaderSectionSize(None),
        HttpError::BodyTooLarge(allowed) => Error::HttpResponseBodySize(Some(allowed)),
        HttpError::Unavailable(why) => Error::InternalError(Some(why)),
    }
}
