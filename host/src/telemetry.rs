//! Metrics on a port of their own, and traces to a collector, where the settings ask for them.

use crate::settings::Telemetry;
use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use twobot_engine::Engine;
use twobot_telemetry::meter;
use twobot_telemetry::prometheus::{MEDIA_TYPE, Metrics};
use twobot_telemetry::trace::{Options, Traces};

/// How often what was counted is taken in where nobody reads it.
const KEEP_UP: Duration = Duration::from_secs(5);

/// What is watched. Nothing is counted or collected before this is there.
pub(crate) struct Watched {
    metrics: Option<(TcpListener, Metrics)>,
    traces: Option<Traces>,
}

impl Watched {
    /// Begins to count and to collect, before anything happens that is to be seen.
    ///
    /// # Errors
    /// When the port is taken or the collector's address can not be used.
    pub(crate) async fn begin(settings: &Telemetry) -> anyhow::Result<Self> {
        let version = env!("CARGO_PKG_VERSION");
        let metrics = match settings.metrics {
            None => None,
            Some(address) => {
                let listener = TcpListener::bind(address)
                    .await
                    .with_context(|| format!("can not listen on {address} (TWOBOT_METRICS_LISTEN)"))?;
                let metrics = Metrics::start().context("can not count")?;
                meter::build(version);
                Some((listener, metrics))
            }
        };
        let options =
            settings.traces.clone().map(|endpoint| Options { endpoint, ratio: settings.ratio, version });
        let traces = options.as_ref().map(Traces::start).transpose();
        let traces = traces.context("can not collect traces (OTEL_EXPORTER_OTLP_ENDPOINT)")?;
        Ok(Self { metrics, traces })
    }

    /// Answers whoever reads the metrics, until the server stops; what is left of the traces is handed over with [`Watched::end`].
    ///
    /// # Errors
    /// When the port does not say which it is.
    pub(crate) fn serve(&mut self, engine: &Engine, stop: &CancellationToken) -> anyhow::Result<()> {
        let Some((listener, metrics)) = self.metrics.take() else { return Ok(()) };
        tracing::info!(url = %format!("http://{}/metrics", listener.local_addr()?), "metrics");
        let counted = metrics.clone();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(KEEP_UP);
            while tokio::select! { () = stopped.cancelled() => false, _ = tick.tick() => true } {
                counted.keep_up();
            }
        });
        let router = Router::new().route("/metrics", get(show)).with_state((engine.clone(), metrics));
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
            if let Err(error) = server.await {
                tracing::error!(%error, "the metrics are not served any more");
            }
        });
        Ok(())
    }

    /// Hands over what is left of the traces.
    pub(crate) async fn end(self) {
        if let Some(traces) = self.traces {
            traces.close().await;
        }
    }
}

async fn show(State((engine, metrics)): State<(Engine, Metrics)>) -> impl IntoResponse {
    if let Err(error) = engine.watch().await {
        // What was counted is told all the same: now more than ever.
        tracing::warn!(%error, "what waits can not be told");
    }
    ([(CONTENT_TYPE, MEDIA_TYPE)], metrics.render())
}
