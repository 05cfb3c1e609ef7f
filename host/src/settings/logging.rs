//! The operator's log.

use super::reader::Reader;
use tracing_subscriber::EnvFilter;

/// The operator's log, on standard error.
#[derive(Debug)]
pub(crate) struct Logging {
    /// `RUST_LOG`
    filter: String,
    /// `TWOBOT_LOG_FORMAT`
    json: bool,
}

impl Logging {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        Self {
            filter: reader.with_default(
                "RUST_LOG",
                "What is logged: a level, or levels by module (tracing's EnvFilter).",
                "info,wasmtime=warn,sqlx=warn",
                |text| EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string()),
            ),
            json: reader.with_default("TWOBOT_LOG_FORMAT", "How lines look: text or json.", "text", |text| {
                match text {
                    "text" => Ok(false),
                    "json" => Ok(true),
                    other => Err(format!("`{other}` must be text or json")),
                }
            }),
        }
    }

    /// Starts logging. A second start changes nothing.
    pub(crate) fn start(&self) {
        let filter = EnvFilter::new(&self.filter);
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let _ = if self.json { lines.json().try_init() } else { lines.with_target(false).try_init() };
    }
}
