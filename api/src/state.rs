//! What every handler can reach.

use crate::config::ApiConfig;
use crate::limits::Blocked;
use crate::streams::Streams;
use crate::throttle::Throttle;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::broadcast;
use twobot_domain::SessionId;
use twobot_engine::Engine;
use twobot_store::Store;

/// Sign-outs that a live stream may be behind before it checks its session itself.
const SIGN_OUTS: usize = 64;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) engine: Engine,
    pub(crate) config: Arc<ApiConfig>,
    /// Counts open live streams.
    pub(crate) streams: Streams,
    /// Network addresses that asked for far too much.
    pub(crate) blocked: Blocked,
    /// Tells live streams that their session has ended.
    pub(crate) signed_out: broadcast::Sender<SessionId>,
    pub(crate) started: Instant,
}

impl AppState {
    pub(crate) fn new(engine: Engine, config: ApiConfig) -> Self {
        Self {
            engine,
            config: Arc::new(config),
            streams: Streams::default(),
            blocked: Blocked::default(),
            signed_out: broadcast::Sender::new(SIGN_OUTS),
            started: Instant::now(),
        }
    }

    /// Counts tries to sign in.
    pub(crate) fn throttle(&self) -> Throttle<'_> {
        Throttle(&self.config.windows)
    }

    pub(crate) fn store(&self) -> &Store {
        self.engine.store()
    }
}
