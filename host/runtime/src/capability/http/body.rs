//! Bodies: of requests, as the guest writes them; of answers, as it reads them.

use crate::outside::{HttpAnswer, MAX_HTTP_BODY};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::{Error, WasiBody};

/// A body that is taken from the guest while it writes. Writing does not wait for the request to be made.
pub(super) struct Collecting(AbortOnDropJoinHandle<Result<Bytes, Error>>);

impl Collecting {
    pub(super) fn start(body: WasiBody) -> Self {
        Self(spawn(collect(body)))
    }

    /// The whole body, once the guest has finished it.
    pub(super) async fn finished(self) -> Result<Bytes, Error> {
        self.0.await
    }
}

async fn collect(mut body: WasiBody) -> Result<Bytes, Error> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers are not sent.
        let Ok(bytes) = frame?.into_data() else { continue };
        let length = collected.len() + bytes.len();
        if length > MAX_HTTP_BODY {
            return Err(Error::HttpRequestBodySize(Some(length as u64)));
        }
        collected.extend_from_slice(&bytes);
    }
    Ok(collected.freeze())
}

/// The bytes of an answer, which count as the sandbox's until the guest has done with them.
struct Loan {
    bytes: Bytes,
    held: usize,
    returned: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Loan {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.returned.fetch_add(self.held, Ordering::Relaxed);
    }
}

/// Bytes that an answer takes.
pub(super) fn weight(answer: &HttpAnswer) -> usize {
    answer.body.len() + header_bytes(&answer.headers)
}

/// Bytes of headers, names and values together.
pub(super) fn header_bytes(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// An answer as Wasmtime hands it to the guest. `held` bytes are given back when the guest has done with its body.
pub(super) fn lend(answer: HttpAnswer, held: usize, returned: &Arc<AtomicUsize>) -> http::Response<WasiBody> {
    let loan = Loan { bytes: answer.body, held, returned: Arc::clone(returned) };
    let body = Full::new(Bytes::from_owner(loan)).map_err(|never| match never {}).boxed_unsync();
    let mut response = http::Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}
