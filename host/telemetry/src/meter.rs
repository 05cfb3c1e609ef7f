//! What is counted, and under which names. Names and units as Prometheus has them: seconds and bytes, `_total` for what only grows.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const REQUESTS: &str = "twobot_http_requests_total";
const REQUEST_SECONDS: &str = "twobot_http_request_seconds";
const DELIVERIES: &str = "twobot_deliveries_total";
const DECODED: &str = "twobot_decoded_total";
const EXECUTIONS: &str = "twobot_executions_total";
const EXECUTION_SECONDS: &str = "twobot_execution_seconds";
const FUEL: &str = "twobot_fuel_total";
const EFFECTS: &str = "twobot_effects_total";
const MAILS: &str = "twobot_mails_total";
const SPANS_LOST: &str = "twobot_spans_lost_total";
const WAITING: &str = "twobot_queue_waiting";
const OLDEST: &str = "twobot_queue_oldest_seconds";
const RUNNING: &str = "twobot_queue_running";
const MEMORY: &str = "twobot_sandbox_memory_bytes";
const BUILD: &str = "twobot_build_info";
const RESIDENT: &str = "process_resident_memory_bytes";
const FILES: &str = "process_open_fds";

/// Bounds of the buckets of durations, in seconds.
pub(crate) const SECONDS: &[f64] =
    &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Says what the names mean, to whom reads them.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, "Requests that were answered, by method, pattern of the path, and status.");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "How long answers took, by pattern of the path.");
    describe_counter!(DELIVERIES, "Deliveries of providers, by kind of gateway and outcome.");
    describe_counter!(DECODED, "Deliveries that gateways' components read, by outcome.");
    describe_counter!(EXECUTIONS, "Runs of plugins, by outcome.");
    describe_histogram!(EXECUTION_SECONDS, Unit::Seconds, "How long runs of plugins took.");
    describe_counter!(FUEL, "What plugins computed, in units of fuel.");
    describe_counter!(EFFECTS, "Tries to carry out queued effects, by outcome.");
    describe_counter!(MAILS, "Tries to send mails, by outcome.");
    describe_counter!(SPANS_LOST, "Parts of traces that could not be handed to the collector.");
    describe_gauge!(WAITING, "What waits in the database, by queue; counted to 10,000.");
    describe_gauge!(OLDEST, Unit::Seconds, "How long the oldest of it waits, by queue.");
    describe_gauge!(RUNNING, "What this process works on, by queue.");
    describe_gauge!(MEMORY, Unit::Bytes, "Memory of all sandboxes of this process.");
    describe_gauge!(BUILD, "1, with the version that runs.");
    describe_gauge!(RESIDENT, Unit::Bytes, "Memory of this process.");
    describe_gauge!(FILES, "Files and connections that this process has open.");
}

/// A request was answered. The route is the pattern, not what somebody put into it.
pub fn request(method: &str, route: &str, status: u16, took: Duration) {
    let route = route.to_owned();
    // Methods are whatever a client sends.
    let method = match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method.to_owned(),
        _ => "other".to_owned(),
    };
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(took);
}

/// A provider delivered something.
pub fn delivery(kind: &str, outcome: &'static str) {
    counter!(DELIVERIES, "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
}

/// A gateway's component read a delivery.
pub fn decoded(outcome: &'static str) {
    counter!(DECODED, "outcome" => outcome).increment(1);
}

/// A plugin ran.
pub fn execution(outcome: &'static str, took: Duration) {
    counter!(EXECUTIONS, "outcome" => outcome).increment(1);
    histogram!(EXECUTION_SECONDS).record(took);
}

/// A sandbox computed.
pub fn fuel(units: u64) {
    counter!(FUEL).increment(units);
}

/// An effect was tried.
pub fn effect(outcome: &'static str) {
    counter!(EFFECTS, "outcome" => outcome).increment(1);
}

/// A mail was tried.
pub fn mail(outcome: &'static str) {
    counter!(MAILS, "outcome" => outcome).increment(1);
}

/// Parts of traces were lost.
pub(crate) fn spans_lost(number: u64) {
    counter!(SPANS_LOST).increment(number);
}

/// What waits in a queue of the database, and how long the oldest of it does.
pub fn waiting(queue: &'static str, number: u64, oldest: Duration) {
    gauge!(WAITING, "queue" => queue).set(number as f64);
    gauge!(OLDEST, "queue" => queue).set(oldest.as_secs_f64());
}

/// What this process works on.
pub fn running(queue: &'static str, number: usize) {
    gauge!(RUNNING, "queue" => queue).set(number as f64);
}

/// Memory of all sandboxes.
pub fn sandbox_memory(bytes: u64) {
    gauge!(MEMORY).set(bytes as f64);
}

/// What runs.
pub fn build(version: &'static str) {
    gauge!(BUILD, "version" => version).set(1.0);
}

/// What the process takes of the machine, as Linux tells it.
pub fn process() {
    let resident = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    if let Some(kibibytes) = resident {
        gauge!(RESIDENT).set((kibibytes * 1_024) as f64);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!(FILES).set(files.count() as f64);
    }
}
