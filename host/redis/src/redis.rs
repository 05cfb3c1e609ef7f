//! A deployment's place on a Redis server.

use crate::address::Address;
use crate::link::{self, Away, Link};
use crate::messages::{self, Ears};
use std::fmt;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a deployment's place on a Redis server is made of. All nodes of a deployment have the same.
#[derive(Clone)]
pub struct RedisOptions {
    /// The server.
    pub address: Address,
    /// What stands before the names of this deployment's keys and channels, so that several can share a server.
    pub prefix: String,
    /// The deployment's key for what is written there.
    pub key: [u8; 32],
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("address", &self.address)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// A deployment's place on a Redis server, which may be away at any time. Cheap to clone; the connection ends with the last copy.
#[derive(Clone, Debug)]
pub struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    options: RedisOptions,
    link: Arc<Link>,
    _ends: DropGuard,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Redis {
    /// Begins to connect, and goes on for as long as this or a copy of it lives. Whether the server answers is not waited for.
    #[must_use]
    pub fn open(options: RedisOptions) -> Self {
        let link = Arc::new(Link::new(options.address.clone()));
        let ends = CancellationToken::new();
        let (keeper, ended) = (Arc::clone(&link), ends.clone());
        tokio::spawn(async move { ended.run_until_cancelled(link::keep(&keeper)).await });
        Self { inner: Arc::new(Inner { options, link, _ends: ends.drop_guard() }) }
    }

    /// Waits until it is connected.
    pub async fn connected(&self) {
        self.inner.link.connected().await;
    }

    /// Whether it is connected, as far as is known.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.link.connection().is_some()
    }

    /// Sends messages to nodes, by the names under which they [listen](Self::listen). Says of each whether it gets all of them: not
    /// those that have no connection at the moment, and none where Redis does not answer within [`BOUND`](crate::BOUND). What it
    /// gets may still be lost on the way.
    pub async fn send(&self, to: &[String], texts: &[String]) -> Vec<bool> {
        messages::send(&self.inner.link, &self.inner.options, to, texts)
            .await
            .unwrap_or_else(|Away| vec![false; to.len()])
    }

    /// Hears what is sent to a node of this name, for as long as the answer lives.
    #[must_use]
    pub fn listen(&self, name: &str) -> Ears {
        Ears::begin(Arc::clone(&self.inner.link), &self.inner.options, name)
    }

    pub(crate) fn options(&self) -> &RedisOptions {
        &self.inner.options
    }

    pub(crate) fn link(&self) -> &Link {
        &self.inner.link
    }
}
