//! What operators watch.

use super::reader::{Reader, Spec};
use std::net::SocketAddr;
use url::Url;

/// What operators watch.
#[derive(Debug)]
pub(crate) struct Telemetry {
    /// `TWOBOT_METRICS_LISTEN`
    pub(crate) metrics: Option<SocketAddr>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`
    pub(crate) traces: Option<Url>,
    /// `OTEL_TRACES_SAMPLER_ARG`
    pub(crate) ratio: f64,
}

fn endpoint(text: &str) -> Result<Url, String> {
    let wrong = || format!("`{text}` must be the address of a collector such as http://127.0.0.1:4318");
    let url = Url::parse(text).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.host().is_some() { Ok(url) } else { Err(wrong()) }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| format!("`{text}` must be a number from 0 to 1"))
}

impl Telemetry {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        Self {
            metrics: reader.optional(
                Spec {
                    name: "TWOBOT_METRICS_LISTEN",
                    doc: "Address and port of /metrics for Prometheus. For operators: whoever reaches it can read it.",
                    default: "(none: nothing is counted)".to_owned(),
                    secret: false,
                },
                |text| text.parse().map_err(|_| format!("`{text}` is no address and port such as 127.0.0.1:9464")),
            ),
            traces: reader.optional(
                Spec {
                    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
                    doc: "A collector of OpenTelemetry traces, over HTTP; they go to v1/traces below this address.",
                    default: "(none: nothing is traced)".to_owned(),
                    secret: false,
                },
                endpoint,
            ),
            ratio: reader.with_default(
                "OTEL_TRACES_SAMPLER_ARG",
                "Which part of all traces is collected: 0 to 1.",
                "1",
                ratio,
            ),
        }
    }
}
