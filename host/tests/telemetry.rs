//! What operators watch: metrics as Prometheus reads them, and traces as a collector gets them.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{PATIENCE, Server, said, say_hello, twobot};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// A collector of traces on this machine: its address, and the spans that it gets.
fn collector() -> (String, Receiver<Span>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (spans, got) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let spans = spans.clone();
            std::thread::spawn(move || collect(stream.unwrap(), &spans));
        }
    });
    (address, got)
}

/// Requests of one connection, until it is closed.
fn collect(mut stream: TcpStream, spans: &Sender<Span>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut line, mut head) = (String::new(), Vec::new());
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            head.push(std::mem::take(&mut line).to_ascii_lowercase());
        }
        let Some(first) = head.first() else { return };
        assert!(first.starts_with("post /v1/traces "), "{first}");
        assert!(
            head.iter().any(|line| line.trim_end() == "content-type: application/x-protobuf"),
            "{head:?}"
        );
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.trim().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        for span in request.resource_spans.into_iter().flat_map(|of| of.scope_spans).flat_map(|of| of.spans) {
            let _ = spans.send(span);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_event_is_one_trace_from_the_delivery_to_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, spans) = collector();
    let mut command = twobot(folder.path(), &["serve"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    let server = Server::run(command);
    say_hello(&server);
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let begun = Instant::now();
    while !["receive", "decode", "handle", "deliver"].iter().all(|step| seen.contains_key(*step)) {
        let span = spans.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())).unwrap();
        seen.insert(span.name.clone(), span);
    }
    for (above, below) in [("receive", "decode"), ("decode", "handle"), ("handle", "deliver")] {
        let (above, below) = (&seen[above], &seen[below]);
        assert_eq!(above.trace_id, below.trace_id);
        assert_eq!(above.span_id, below.parent_span_id, "{} is below {}", below.name, above.name);
        assert!(above.start_time_unix_nano <= below.start_time_unix_nano);
    }
    assert!(seen["receive"].parent_span_id.is_empty());
    for span in seen.values() {
        assert_eq!(span.status.as_ref().unwrap().code, 1, "{span:?}");
        let text = format!("{span:?}");
        assert!(!text.contains("hello") && !text.contains("ada"), "nothing that anybody wrote: {text}");
    }
    server.stop();
}

#[test]
fn metrics_are_on_a_port_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = twobot(folder.path(), &["serve"]);
    command.env("TWOBOT_METRICS_LISTEN", "127.0.0.1:0");
    let server = Server::run(command);
    let line = server.logged("/metrics");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    say_hello(&server);
    let begun = Instant::now();
    let answer = loop {
        let answer = get(address, "/metrics");
        // The reply is carried out after the run is told.
        if answer.contains("twobot_effects_total{outcome=\"done\"} 1") {
            break answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer}");
    };
    assert!(answer.to_ascii_lowercase().contains("content-type: text/plain; version=0.0.4"), "{answer}");
    for line in [
        "twobot_executions_total{outcome=\"succeeded\"} 1",
        "twobot_decoded_total{outcome=\"events\"} 1",
        "twobot_http_requests_total{method=\"POST\",route=\"/api/v1/auth/register\",status=\"201\"} 1",
        "twobot_http_request_seconds_bucket{route=\"/api/v1/auth/register\",le=",
        "twobot_execution_seconds_count 1",
        "twobot_queue_waiting{queue=\"executions\"} 0",
        "twobot_queue_running{queue=\"effects\"}",
        "twobot_sandbox_memory_bytes ",
        "twobot_build_info{version=\"",
        "process_resident_memory_bytes ",
        "# HELP twobot_fuel_total ",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    assert!(!answer.contains("twobot_fuel_total 0\n"), "{answer}");
    assert!(!answer.contains("hello") && !answer.contains("ada@"), "nothing that anybody wrote");
    assert!(get(address, "/api/v1/health").starts_with("HTTP/1.1 404"), "nothing else is there");
    assert!(
        !get(&server.address, "/metrics").contains("twobot_"),
        "and the metrics are not where people are"
    );
    server.stop();
}

#[test]
fn the_log_is_json_where_an_operator_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = twobot(folder.path(), &["serve"]);
    command.env("TWOBOT_LOG_FORMAT", "json").env("RUST_LOG", "info,twobot_api=debug");
    let server = Server::run(command);
    say_hello(&server);
    let line = server.logged("/auth/register");
    let told: Value = serde_json::from_str(&line).unwrap();
    assert!(told["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{told}");
    assert_eq!((&told["level"], &told["target"]), (&json!("DEBUG"), &json!("twobot_api::edge")));
    let fields = &told["fields"];
    assert_eq!((&fields["message"], &fields["method"]), (&json!("request"), &json!("POST")));
    assert_eq!((&fields["route"], &fields["status"]), (&json!("/api/v1/auth/register"), &json!(201)));
    assert!(fields["ms"].is_u64() && fields["request_id"].as_str().unwrap().len() == 36, "{told}");
    server.stop();
}

#[test]
fn an_address_that_can_not_be_used_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, value, told) in [
        ("TWOBOT_METRICS_LISTEN", taken.as_str(), "TWOBOT_METRICS_LISTEN"),
        ("TWOBOT_METRICS_LISTEN", "9464", "such as 127.0.0.1:9464"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "such as http://127.0.0.1:4318"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "from 0 to 1"),
    ] {
        let output = twobot(folder.path(), &["serve"]).env(name, value).output().unwrap();
        assert!(!output.status.success() && said(&output).contains(told), "{}", said(&output));
    }
}
