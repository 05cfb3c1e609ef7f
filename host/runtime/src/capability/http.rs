//! `wasi:http`: requests to other hosts.
//!
//! Wasmtime's own types hold what a guest makes of a request and reads of an answer. What decides is here. A request is checked when
//! the guest hands it over ([`calls`]), and made when the guest waits and has finished its body ([`settle`]). So the guest sees the
//! same in every attempt: which request comes first and when its answer is there depends on the guest alone, not on the network.
//! Requests that are waited for together are made at the same time.

mod body;
mod calls;
mod record;
mod request;
mod settle;

use crate::sandbox::guest::{Denied, Guest, PluginSide};
use body::Collecting;
use http::{HeaderName, header, uri::Scheme};
use request::Checked;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::component::Linker;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx,
    WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

pub(crate) use settle::settle;

/// Requests whose answer a guest waits for at the same time. Each keeps a body of its own.
const MAX_OPEN: usize = 32;

/// Bytes of one set of headers, as Wasmtime counts them: what they take in memory.
const FIELDS: usize = 2 * crate::outside::MAX_HTTP_HEADER_BYTES;

/// Bytes that a guest writes to a body at once.
const CHUNK: usize = 16 * 1024;

/// Writes that a body takes before someone collects them. They may be smaller than [`CHUNK`].
const CHUNKS: usize = 15;

/// What a sandbox keeps for `wasi:http`.
pub(crate) struct Http {
    context: WasiHttpCtx,
    hooks: Hooks,
    /// Requests that were handed over and not made yet, in order.
    open: Vec<Open>,
    /// The bodies that are being written: each request's in Wasmtime's table, by the request's own place there.
    bodies: HashMap<u32, u32>,
    /// The hosts that were denied, as far as the owner was told.
    denied: Vec<Denied>,
    /// Bytes of answers that this run was given.
    received: usize,
    /// Bytes of answers that the guest has done with.
    returned: Arc<AtomicUsize>,
}

/// A request that was handed over and not made yet.
struct Open {
    request: Checked,
    /// The place of its answer in Wasmtime's table.
    answer: u32,
    /// The place of its body there, while the guest may still write to it.
    written: Option<u32>,
    body: Option<Collecting>,
}

impl Default for Http {
    fn default() -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(FIELDS);
        Self {
            context,
            hooks: Hooks(None),
            open: Vec::new(),
            bodies: HashMap::new(),
            denied: Vec::new(),
            received: 0,
            returned: Arc::default(),
        }
    }
}

/// Serves `wasi:http`.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest<PluginSide>>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    calls::replace(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl Guest<PluginSide> {
    /// Stops counting what the guest has read of answers and thrown away.
    fn take_back(&mut self) {
        self.memory.let_go(self.side.http.returned.swap(0, Ordering::Relaxed));
    }
}

impl WasiHttpView for Guest<PluginSide> {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let Http { context, hooks, .. } = &mut self.side.http;
        WasiHttpCtxView { hooks, table: &mut self.table, ctx: context }
    }
}

/// Takes the request that Wasmtime has put together, instead of sending it.
struct Hooks(Option<http::Request<WasiBody>>);

/// A future of Wasmtime's hooks.
type Boxed<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_the_connections(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_the_connections)
    }

    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        CHUNKS
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Boxed<()>,
    ) -> Boxed<(http::Response<WasiBody>, Boxed<()>)> {
        self.0 = Some(request);
        // The answer is put in its place when there is one; nobody waits for this.
        Box::new(std::future::pending())
    }
}

/// Headers that belong to one connection, and so to the host: a guest neither sets nor sees them.
fn is_the_connections(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || [header::TE, header::TRAILER, header::EXPECT].contains(name)
        || name.as_str().starts_with("proxy-")
}
