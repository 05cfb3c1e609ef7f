//! What is to be told to other nodes. It gathers while the last of it is on its way, so that many changes make few messages.

use super::Kinds;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio::sync::Notify;
use twobot_store::TenantScope;
use twobot_store::nodes::Signal;

/// Changes that gather at most; more are not told. Who looks at them asks anew from time to time.
const MOST_SEEN: usize = 4_096;

/// What is to be told to other nodes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: Mutex<Pending>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    /// There is another node.
    has_listeners: bool,
    work: HashMap<TenantScope, Kinds>,
    seen: Vec<Signal>,
}

impl Outbox {
    /// Says whether there is another node.
    pub(super) fn switch(&self, on: bool) {
        self.pending.lock().has_listeners = on;
    }

    /// There is something to do for a tenant.
    pub(super) fn work(&self, scope: TenantScope, kinds: Kinds) {
        let mut pending = self.pending.lock();
        let known = pending.work.entry(scope).or_default();
        *known = known.and(kinds);
        drop(pending);
        self.filled.notify_one();
    }

    /// Something changed that people may be looking at.
    pub(crate) fn seen(&self, scope: TenantScope, text: impl FnOnce() -> Option<String>) {
        let mut pending = self.pending.lock();
        if !pending.has_listeners || pending.seen.len() >= MOST_SEEN {
            return;
        }
        if let Some(text) = text() {
            pending.seen.push(Signal::Seen { scope, text });
            drop(pending);
            self.filled.notify_one();
        }
    }

    /// Waits until there is something, and takes it.
    pub(super) async fn take(&self) -> Vec<Signal> {
        loop {
            self.filled.notified().await;
            let mut pending = self.pending.lock();
            let work = std::mem::take(&mut pending.work);
            let seen = std::mem::take(&mut pending.seen);
            drop(pending);
            let work = work.into_iter().map(|(scope, kinds)| Signal::Work { scope, kinds: kinds.0 });
            let signals: Vec<_> = work.chain(seen).collect();
            if !signals.is_empty() {
                return signals;
            }
        }
    }
}
