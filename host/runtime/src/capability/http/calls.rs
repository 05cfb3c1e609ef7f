//! The functions of `wasi:http` that decide something, or keep memory of the host's for as long as a guest likes. The others are
//! Wasmtime's.

use super::body::Collecting;
use super::request::Checked;
use super::{CHUNK, CHUNKS, MAX_OPEN, Open};
use crate::capability::gateways::MAX_INLINE;
use crate::outside::MAX_HTTP_BODY;
use crate::sandbox::guest::{Denied, Guest, PluginSide};
use http::{HeaderName, HeaderValue};
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut, bail};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, HeaderError, HostFields, HostOutgoingRequest as _, Method,
};
use wasmtime_wasi_http::p2::body::HostOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiHttpView as _};

/// Bytes of a path with its query.
const MAX_PATH: usize = 8 * 1024;

/// Bytes of a host's name with its port: the longest name, and five digits.
const MAX_AUTHORITY: usize = 260;

/// Bytes of a method's name.
const MAX_METHOD: usize = 32;

/// Denials that the owner is told of.
const MAX_TOLD: usize = 20;

/// What one header takes besides its bytes.
const HEADER: usize = size_of::<HeaderName>() + size_of::<HeaderValue>();

/// What a resource takes besides what it holds.
const RESOURCE: usize = 512;

type Plugin = Guest<PluginSide>;
type Header = (String, Vec<u8>);

/// Puts the functions of this file in the place of Wasmtime's.
pub(super) fn replace(linker: &mut Linker<Plugin>) -> Result<()> {
    macro_rules! replace {
        ($interface:literal: $($name:literal => $function:ident,)+) => {$(
            linker.instance($interface)?.func_wrap_async(
                $name,
                |mut store: StoreContextMut<'_, Plugin>, arguments| {
                    Box::new(async move { Ok(($function(store.data_mut(), arguments).await?,)) })
                },
            )?;
        )+};
    }
    replace!("wasi:http/outgoing-handler@0.2.12":
        "handle" => handle,
    );
    replace!("wasi:http/types@0.2.12":
        "[constructor]fields" => new_fields,
        "[static]fields.from-list" => fields_from_list,
        "[method]fields.append" => append,
        "[method]fields.set" => set,
        "[method]fields.clone" => clone_fields,
        "[method]outgoing-request.set-method" => set_method,
        "[method]outgoing-request.set-path-with-query" => set_path,
        "[method]outgoing-request.set-authority" => set_authority,
        "[method]outgoing-request.body" => body,
        "[method]future-incoming-response.get" => get,
    );
    Ok(())
}

/// Counts memory of the host's that a guest makes it keep: until the sandbox ends, since nobody is told when it is let go.
async fn charge(guest: &mut Plugin, bytes: usize) -> Result<()> {
    guest.pace.call(bytes).await;
    if !guest.memory.hold(bytes) {
        bail!("the sandbox's memory is used up by what it asks of `wasi:http`");
    }
    Ok(())
}

async fn new_fields(guest: &mut Plugin, (): ()) -> Result<Resource<FieldMap>> {
    charge(guest, RESOURCE).await?;
    HostFields::new(&mut guest.http())
}

fn header_result<T>(
    result: core::result::Result<T, wasmtime_wasi_http::p2::HeaderError>,
) -> Result<core::result::Result<T, HeaderError>> {
    result.map_or_else(|error| error.downcast().map(Err), |value| Ok(Ok(value)))
}

async fn fields_from_list(
    guest: &mut Plugin,
    (entries,): (Vec<Header>,),
) -> Result<core::result::Result<Resource<FieldMap>, HeaderError>> {
    let bytes: usize = entries.iter().map(|(name, value)| HEADER + name.len() + value.len()).sum();
    charge(guest, RESOURCE + bytes).await?;
    header_result(guest.http().from_list(entries))
}

async fn append(
    guest: &mut Plugin,
    (fields, name, value): (Resource<FieldMap>, String, Vec<u8>),
) -> Result<core::result::Result<(), HeaderError>> {
    charge(guest, HEADER + name.len() + value.len()).await?;
    header_result(guest.http().append(fields, name, value))
}

async fn set(
    guest: &mut Plugin,
    (fields, name, values): (Resource<FieldMap>, String, Vec<Vec<u8>>),
) -> Result<core::result::Result<(), HeaderError>> {
    let bytes: usize = values.iter().map(|value| HEADER + value.len()).sum();
    charge(guest, name.len() + bytes).await?;
    header_result(guest.http().set(fields, name, values))
}

/// A clone shares the headers until it is changed; from then on it has its own.
async fn clone_fields(guest: &mut Plugin, (fields,): (Resource<FieldMap>,)) -> Result<Resource<FieldMap>> {
    let headers = guest.table.get(&fields)?;
    let bytes = super::body::header_bytes(headers) + headers.len() * HEADER;
    charge(guest, RESOURCE + bytes).await?;
    guest.http().clone(fields)
}

type Set = Result<core::result::Result<(), ()>>;

async fn set_method(guest: &mut Plugin, (request, method): (Resource<HostOutgoingRequest>, Method)) -> Set {
    if matches!(&method, Method::Other(name) if name.len() > MAX_METHOD) {
        return Ok(Err(()));
    }
    guest.http().set_method(request, method)
}

async fn set_path(
    guest: &mut Plugin,
    (request, path): (Resource<HostOutgoingRequest>, Option<String>),
) -> Set {
    let bytes = path.as_ref().map_or(0, String::len);
    if bytes > MAX_PATH {
        return Ok(Err(()));
    }
    charge(guest, bytes).await?;
    guest.http().set_path_with_query(request, path)
}

async fn set_authority(
    guest: &mut Plugin,
    (request, authority): (Resource<HostOutgoingRequest>, Option<String>),
) -> Set {
    if authority.as_ref().is_some_and(|authority| authority.len() > MAX_AUTHORITY) {
        return Ok(Err(()));
    }
    charge(guest, MAX_AUTHORITY).await?;
    guest.http().set_authority(request, authority)
}

async fn body(
    guest: &mut Plugin,
    (request,): (Resource<HostOutgoingRequest>,),
) -> Result<core::result::Result<Resource<HostOutgoingBody>, ()>> {
    charge(guest, BUFFER).await?;
    let place = request.rep();
    let made = guest.http().body(request)?;
    let Ok(body) = &made else {
        guest.memory.let_go(BUFFER);
        return Ok(made);
    };
    // Where a body is put now, none is being written any more.
    let http = &mut guest.side.http;
    http.open.iter_mut().filter(|open| open.written == Some(body.rep())).for_each(|open| open.written = None);
    http.bodies.insert(place, body.rep());
    Ok(made)
}

/// What a body holds that nobody collects yet.
const BUFFER: usize = CHUNK * (CHUNKS + 1);

/// Takes a request over. It is made when the guest waits for its answer.
async fn handle(
    guest: &mut Plugin,
    (request, options): (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>),
) -> Result<core::result::Result<Resource<HostFutureIncomingResponse>, ErrorCode>> {
    guest.pace.call(MAX_PATH).await;
    guest.take_back();
    let options = options.map(|options| guest.table.delete(options)).transpose()?;
    let written = guest.side.http.bodies.remove(&request.rep());
    let written = guest.table.get(&request)?.body.is_some().then_some(written).flatten();
    if written.is_some() {
        guest.memory.let_go(BUFFER);
    }
    let answer = match guest.http().handle(request, None) {
        Ok(answer) => answer,
        Err(error) => return error.downcast().map(Err),
    };
    match admit(guest, options, &answer, written) {
        Ok(()) => Ok(Ok(answer)),
        Err(refused) => {
            guest.table.delete(answer)?;
            Ok(Err(refused))
        }
    }
}

/// Whether a request may wait to be made.
fn admit(
    guest: &mut Plugin,
    options: Option<RequestOptions>,
    answer: &Resource<HostFutureIncomingResponse>,
    written: Option<u32>,
) -> core::result::Result<(), ErrorCode> {
    let (parts, body) = guest.side.http.hooks.0.take().ok_or(ErrorCode::InternalError(None))?.into_parts();
    let request = Checked::new(parts, options)?;
    let made = match guest.side.granted_host(&request.host, request.port) {
        Ok(work) => work.journal.made(),
        Err(denied) => {
            tell(guest, denied);
            return Err(ErrorCode::HttpRequestDenied);
        }
    };
    // A guest that lets go of an answer makes room; its place may be taken already.
    super::settle::forget_abandoned(guest, answer.rep());
    let open = guest.side.http.open.len();
    if open >= MAX_OPEN || made + open >= MAX_INLINE {
        return Err(ErrorCode::ConnectionLimitReached);
    }
    let body = match written {
        None => None,
        Some(_) if !guest.memory.hold(MAX_HTTP_BODY) => return Err(super::settle::out_of_memory()),
        Some(_) => Some(Collecting::start(body)),
    };
    guest.side.http.open.push(Open { request, answer: answer.rep(), written, body });
    Ok(())
}

/// Tells the owner of a denial, once: what is asked for again and again must not fill the log.
fn tell(guest: &mut Plugin, denied: Denied) {
    let told = &mut guest.side.http.denied;
    if told.len() < MAX_TOLD && !told.contains(&denied) {
        guest.log.write("warn", denied.to_string(), Vec::new());
        told.push(denied);
    }
}

/// The answer, if it is there: what the guest asks for so is what it waits for.
async fn get(
    guest: &mut Plugin,
    (answer,): (Resource<HostFutureIncomingResponse>,),
) -> Result<Option<core::result::Result<core::result::Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>>
{
    guest.pace.call(0).await;
    super::settle(guest).await;
    types::HostFutureIncomingResponse::get(&mut guest.http(), answer)
}
