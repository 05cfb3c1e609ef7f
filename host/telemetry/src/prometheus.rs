//! Metrics as Prometheus reads them: its text format, version 0.0.4.

use crate::meter;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;

/// The media type of [`Metrics::render`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that was counted since [`Metrics::start`].
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Begins to count, for the whole process. Without it, counting costs nothing.
    ///
    /// # Errors
    /// When it has begun already.
    pub fn start() -> Result<Self, BuildError> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), meter::SECONDS)?;
        let handle = builder.install_recorder()?;
        meter::describe();
        Ok(Self(handle))
    }

    /// What was counted until now.
    #[must_use]
    pub fn render(&self) -> String {
        // Also takes in what waits in its buffers, which grow otherwise.
        self.keep_up();
        self.0.render()
    }

    /// Takes in what waits in buffers. To be called now and then where nobody reads.
    pub fn keep_up(&self) {
        self.0.run_upkeep();
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
