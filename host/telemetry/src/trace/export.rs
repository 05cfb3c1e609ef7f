//! Handing spans to a collector, beside everything else: nobody waits for it, and what it can not take is lost and counted.

use crate::meter;
use opentelemetry::KeyValue;
use opentelemetry::trace::TraceId;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

/// Spans that wait for the collector at most.
const WAITING: usize = 8_192;

/// Spans of one request at most.
const BATCH: usize = 512;

/// How long a span waits for others to go with.
const GATHER: Duration = Duration::from_secs(1);

/// How long a collector may take for a request.
const PATIENCE: Duration = Duration::from_secs(10);

static COLLECTED: OnceLock<Collected> = OnceLock::new();

struct Collected {
    /// Of a trace's last 32 bits: less than this is collected.
    below: u64,
    spans: Sender<SpanData>,
}

/// Whither, and how much.
#[derive(Clone, Debug)]
pub struct Options {
    /// The collector's address; spans go to `v1/traces` below it.
    pub endpoint: Url,
    /// Which part of all traces is collected: 0 to 1.
    pub ratio: f64,
    /// The version that runs.
    pub version: &'static str,
}

/// Why traces can not be collected.
#[derive(Debug)]
pub enum Wrong {
    /// The exporter can not be made.
    Exporter(ExporterBuildError),
    /// They are collected already.
    Again,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exporter(error) => write!(f, "{error}"),
            Self::Again => f.write_str("traces are collected already"),
        }
    }
}

impl std::error::Error for Wrong {}

/// Whether anybody collects.
pub(super) fn is_on() -> bool {
    COLLECTED.get().is_some()
}

/// Whether a trace is collected: all of it, or nothing, on whatever node.
pub(super) fn takes(trace: TraceId) -> bool {
    COLLECTED.get().is_some_and(|collected| {
        let [.., a, b, c, d] = trace.to_bytes();
        u64::from(u32::from_be_bytes([a, b, c, d])) < collected.below
    })
}

pub(super) fn tell(span: SpanData) {
    if let Some(collected) = COLLECTED.get()
        && collected.spans.try_send(span).is_err()
    {
        meter::spans_lost(1);
    }
}

/// The collecting of a process. It goes on until it is closed, or the process ends.
#[derive(Debug)]
pub struct Traces {
    task: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Traces {
    /// Begins to collect, for the whole process.
    ///
    /// # Errors
    /// When the exporter can not be made, or they are collected already.
    pub fn start(options: &Options) -> Result<Self, Wrong> {
        let place = format!("{}/v1/traces", options.endpoint.as_str().trim_end_matches('/'));
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(place)
            .with_timeout(PATIENCE)
            .build()
            .map_err(Wrong::Exporter)?;
        let resource = Resource::builder()
            .with_service_name("twobot")
            .with_attribute(KeyValue::new("service.version", options.version));
        exporter.set_resource(&resource.build());
        let (spans, waiting) = channel(WAITING);
        let below = (options.ratio.clamp(0.0, 1.0) * 4_294_967_296.0) as u64;
        COLLECTED.set(Collected { below, spans }).map_err(|_| Wrong::Again)?;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        Ok(Self { task: tokio::spawn(hand_over(exporter, waiting, stopped)), stop })
    }

    /// Hands over what waits, and ends. What the collector does not take in time is lost.
    pub async fn close(self) {
        let _ = self.stop.send(());
        let _ = timeout(PATIENCE, self.task).await;
    }
}

async fn hand_over(
    exporter: SpanExporter,
    mut waiting: Receiver<SpanData>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let mut warned: Option<Instant> = None;
    let mut stops = false;
    while !stops {
        let mut batch = Vec::with_capacity(BATCH);
        tokio::select! {
            _ = &mut stopped => stops = true,
            _ = waiting.recv_many(&mut batch, BATCH) => {}
        }
        let until = Instant::now() + GATHER;
        while !stops && batch.len() < BATCH {
            let room = BATCH - batch.len();
            tokio::select! {
                _ = &mut stopped => stops = true,
                more = timeout_at(until, waiting.recv_many(&mut batch, room)) => if more.is_err() { break },
            }
        }
        loop {
            if stops {
                // All that is there now.
                while batch.len() < BATCH
                    && let Ok(span) = waiting.try_recv()
                {
                    batch.push(span);
                }
            }
            if batch.is_empty() {
                break;
            }
            let number = batch.len() as u64;
            if let Err(error) = exporter.export(std::mem::take(&mut batch)).await {
                meter::spans_lost(number);
                if warned.is_none_or(|last| last.elapsed() > Duration::from_secs(60)) {
                    warned = Some(Instant::now());
                    tracing::warn!(%error, "the collector of traces does not take them; they are lost");
                }
            }
        }
    }
}
