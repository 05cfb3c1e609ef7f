//! HTTP in a component: the host's.

use super::address::Address;
use super::{HttpError, Request, Response};
use crate::bindings::plugin::wasi::http::outgoing_handler;
use crate::bindings::plugin::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::plugin::wasi::io::streams::{InputStream, OutputStream, StreamError};
use std::time::Duration;

type Result<T> = core::result::Result<T, HttpError>;

/// Bytes that are read at once.
const READ: u64 = 64 * 1024;

pub(super) fn send(request: &Request) -> Result<Response> {
    let outgoing = prepare(request)?;
    let body =
        if request.body.is_empty() { None } else { Some(outgoing.body().map_err(|()| wrong("the body"))?) };
    let answer = outgoing_handler::handle(outgoing, options(request.timeout)).map_err(HttpError::from)?;
    if let Some(body) = body {
        write(body, &request.body)?;
    }
    read(await_answer(&answer)?)
}

fn wrong(what: &str) -> HttpError {
    HttpError::Request(format!("{what} can not be sent"))
}

fn prepare(request: &Request) -> Result<OutgoingRequest> {
    let address = Address::parse(&request.url)?;
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let headers =
        Fields::from_list(&headers).map_err(|error| HttpError::Request(format!("a header: {error:?}")))?;
    let outgoing = OutgoingRequest::new(headers);
    let bad_address = |part: &str| HttpError::Address(format!("its {part} is wrong or too long"));
    outgoing.set_method(&method(&request.method)).map_err(|()| wrong("the method"))?;
    let scheme = if address.secure { Scheme::Https } else { Scheme::Http };
    outgoing.set_scheme(Some(&scheme)).map_err(|()| bad_address("scheme"))?;
    outgoing.set_authority(Some(address.authority)).map_err(|()| bad_address("host"))?;
    outgoing.set_path_with_query(Some(address.path)).map_err(|()| bad_address("path"))?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(timeout: Option<Duration>) -> Option<RequestOptions> {
    let options = RequestOptions::new();
    let nanos = u64::try_from(timeout?.as_nanos()).unwrap_or(u64::MAX);
    // A host that does not know this option has a limit of its own.
    let _ = options.set_first_byte_timeout(Some(nanos));
    Some(options)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<()> {
    let stream = body.write().map_err(|()| wrong("the body"))?;
    let written = write_all(&stream, bytes);
    drop(stream);
    match written {
        Ok(()) => OutgoingBody::finish(body, None).map_err(HttpError::from),
        // The host closes a body that is too large; it says so in its answer.
        Err(_) => Ok(()),
    }
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> core::result::Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX).min(bytes.len());
        if room == 0 {
            stream.subscribe().block();
        } else {
            let (now, later) = bytes.split_at(room);
            stream.write(now)?;
            bytes = later;
        }
    }
    Ok(())
}

fn await_answer(answer: &FutureIncomingResponse) -> Result<IncomingResponse> {
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(answer)) => answer.map_err(HttpError::from),
        _ => Err(HttpError::Other("the answer is not there".to_owned())),
    }
}

fn read(answer: IncomingResponse) -> Result<Response> {
    let text = |value: Vec<u8>| {
        String::from_utf8(value).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned())
    };
    let headers = answer.headers().entries();
    let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect();
    let status = answer.status();
    let body = answer.consume().map_err(|()| HttpError::Other("the body is not there".to_owned()))?;
    let stream = body.stream().map_err(|()| HttpError::Other("the body is not there".to_owned()))?;
    let bytes = read_all(&stream)?;
    drop(stream);
    drop(IncomingBody::finish(body));
    Ok(Response { status, headers, body: bytes })
}

fn read_all(stream: &InputStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => {
                return Err(HttpError::Unreachable("the connection broke".to_owned()));
            }
        }
    }
}

impl From<ErrorCode> for HttpError {
    fn from(error: ErrorCode) -> Self {
        match error {
            ErrorCode::HttpRequestDenied => Self::Denied,
            ErrorCode::DestinationIpProhibited => Self::Prohibited,
            ErrorCode::DnsError(_) | ErrorCode::DnsTimeout | ErrorCode::DestinationNotFound => {
                Self::UnknownHost
            }
            ErrorCode::ConnectionRefused => Self::Unreachable("the connection was refused".to_owned()),
            ErrorCode::ConnectionTerminated | ErrorCode::HttpProtocolError => {
                Self::Unreachable("the connection broke".to_owned())
            }
            ErrorCode::TlsCertificateError | ErrorCode::TlsProtocolError => {
                Self::Unreachable("no secure connection could be made".to_owned())
            }
            ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout => Self::TimedOut,
            ErrorCode::HttpResponseIncomplete => Self::OutcomeUnknown,
            ErrorCode::ConnectionLimitReached => Self::TooMany,
            ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseHeaderSectionSize(_) => {
                Self::TooLarge
            }
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => {
                Self::Address("no request can go there".to_owned())
            }
            ErrorCode::HttpRequestBodySize(_) => Self::Request("the body is too large".to_owned()),
            ErrorCode::HttpRequestHeaderSectionSize(_) => {
                Self::Request("the headers are too large".to_owned())
            }
            ErrorCode::HttpRequestMethodInvalid => Self::Request("the method is not allowed".to_owned()),
            ErrorCode::InternalError(Some(why)) => Self::Other(why),
            other => Self::Other(format!("{other:?}")),
        }
    }
}
