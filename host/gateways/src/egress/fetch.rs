//! Requests of plugins: to permitted addresses, with bounded answers, in bounded time.

use super::client::{EgressClients, refusal};
use super::policy::{HostPort, RefusedAddress};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use std::error::Error;
use std::io;
use std::time::Duration;
use tokio::time::timeout;
use twobot_domain::HttpError;
use url::Url;

/// A request of a plugin.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// Its headers, without those of the connection.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// How long to wait until the answer begins, the connection included.
    pub begin: Duration,
    /// How long to wait between two pieces of its body.
    pub pause: Duration,
    /// How long to wait in all.
    pub whole: Duration,
    /// The most that is read of the answer.
    pub most: Most,
}

/// The most that is read of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Headers.
    pub headers: usize,
    /// Bytes of the headers, names and values together.
    pub header_bytes: usize,
    /// Bytes of the body.
    pub body: usize,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status; a redirect is one like any other.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was sent: what is compressed stays so. Trailers are dropped.
    pub body: Bytes,
}

impl EgressClients {
    /// Makes one request. Redirects are not followed: who wants to go on asks again, and the next address is checked like this one.
    ///
    /// # Errors
    /// Where the address is not permitted or leads nowhere, where no answer comes in time, and where it is too large.
    pub async fn fetch(&self, fetch: Fetch) -> Result<Fetched, HttpError> {
        let target = HostPort::of(&fetch.url).map(|target| target.to_string()).unwrap_or_default();
        let client = self.client_for(&fetch.url).map_err(refused)?;
        let mut request = client.request(fetch.method, fetch.url).headers(fetch.headers);
        if !fetch.body.is_empty() {
            request = request.body(fetch.body);
        }
        let exchange = async {
            let sent = timeout(fetch.begin, request.send()).await.map_err(|_| HttpError::TimedOut)?;
            let answer = sent.map_err(|error| unreachable(&error, &target))?;
            read(answer, fetch.pause, fetch.most, &target).await
        };
        timeout(fetch.whole, exchange).await.unwrap_or(Err(HttpError::TimedOut))
    }
}

async fn read(
    mut answer: reqwest::Response,
    pause: Duration,
    most: Most,
    target: &str,
) -> Result<Fetched, HttpError> {
    let headers = std::mem::take(answer.headers_mut());
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > most.headers || bytes > most.header_bytes {
        return Err(HttpError::HeadersTooLarge);
    }
    let too_large = || HttpError::BodyTooLarge(most.body as u64);
    // What is left to come, as far as it is known: an answer to `HEAD` tells a length and brings nothing.
    if answer.content_length().is_some_and(|said| said > most.body as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    loop {
        let chunk = timeout(pause, answer.chunk()).await.map_err(|_| HttpError::TimedOut)?;
        let Some(chunk) = chunk.map_err(|error| unreachable(&error, target))? else { break };
        if body.len() + chunk.len() > most.body {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { status: answer.status(), headers, body: body.freeze() })
}

fn refused(address: RefusedAddress) -> HttpError {
    match address {
        RefusedAddress::NotPublic { .. } => HttpError::Prohibited(address.to_string()),
        RefusedAddress::Unusable(why) => HttpError::Unusable(why.to_owned()),
    }
}

/// A request that got no answer.
fn unreachable(error: &reqwest::Error, target: &str) -> HttpError {
    if let Some(address) = refusal(error, target) {
        return refused(address);
    }
    if error.is_builder() {
        return HttpError::Unusable("it is no address of a host".to_owned());
    }
    if error.is_dns() {
        return HttpError::UnknownHost;
    }
    if is_about_certificate(error) {
        return HttpError::Certificate;
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => HttpError::ConnectTimedOut,
        (true, false) => HttpError::Unreachable,
        (false, true) => HttpError::TimedOut,
        (false, false) => HttpError::Broken,
    }
}

/// Whether the other host could not prove who it is.
fn is_about_certificate(error: &reqwest::Error) -> bool {
    let is = |cause: &(dyn Error + 'static)| {
        matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
    };
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        // An error of the system's kind keeps ours inside, and does not name it as its source.
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if is(cause) || inside.is_some_and(|inside| is(inside)) {
            return true;
        }
        source = cause.source();
    }
    false
}

#[cfg(test)]
mod tests;
