//! Which tenants this node works for, and what nodes tell each other.
//!
//! All work for a tenant that is queued, scheduled or polled is done by the node that holds the tenant's lease, so that what runs, in which
//! order and how much at once, is known in that node's memory. A tenant for which something is to be done and which nobody holds is
//! taken by a node that is woken for it or finds it in a sweep; one without work is given back. What is done under a lease
//! gets an engine whose store refuses to write when the lease was lost ([`Engine::under`]).
//!
//! Where a process is alone with its database, everything is taken at once and stays: the same way, without a write.

mod carrier;
mod kinds;
pub(crate) mod member;
mod outbox;
mod role;
mod share;
pub(crate) mod wire;

pub(crate) use kinds::Kinds;
pub(crate) use outbox::Outbox;
pub use role::Role;

use crate::engine::Engine;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twobot_domain::NodeId;
use twobot_store::TenantScope;
use twobot_store::nodes::{LEASE_TIME, Lease, Peer};

/// How long a tenant without work is kept: who writes again within this time is served without a lease being taken.
const KEPT_IDLE: Duration = Duration::from_secs(30);

/// How long before others may take this node for dead it stops beginning anything. Fences keep the database right without this; it is
/// for what leaves the platform.
const MARGIN: Duration = Duration::from_secs(3);

/// A tenant that this node works for.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) lease: Lease,
    /// Cancelled when the tenant is no longer this node's, so that what runs for it ends.
    pub(crate) ended: CancellationToken,
}

#[derive(Debug)]
struct Held {
    hold: Hold,
    /// Since when nothing was to be done.
    idle_since: Option<Instant>,
    /// It is to be given back: nothing more is begun.
    leaves: bool,
}

/// A tenant that this node should work for, if nobody else does.
#[derive(Clone, Copy, Debug, Default)]
struct Want {
    kinds: Kinds,
    /// Another node that works for the tenant is to be told.
    tell: bool,
    /// Also when this node has more than its share.
    anyway: bool,
}

/// What this node holds and wants, and who else is there.
#[derive(Debug)]
pub(crate) struct Nodes {
    held: Mutex<HashMap<TenantScope, Held>>,
    wanted: Mutex<HashMap<TenantScope, Want>>,
    peers: Mutex<Peers>,
    /// Until when others believe that this node lives.
    sure_until: Mutex<Instant>,
    outbox: Arc<Outbox>,
    something_is_wanted: Notify,
    sweep_now: Notify,
    watch_now: Notify,
    hand_back_now: Notify,
    pub(crate) look_at_schedules: Notify,
    /// The engine has stopped: the node leaves.
    leave: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Peers {
    own: Option<NodeId>,
    others: Vec<Peer>,
}

impl Nodes {
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        Self {
            held: Mutex::default(),
            wanted: Mutex::default(),
            peers: Mutex::default(),
            sure_until: Mutex::new(Instant::now()),
            outbox,
            something_is_wanted: Notify::new(),
            sweep_now: Notify::new(),
            watch_now: Notify::new(),
            hand_back_now: Notify::new(),
            look_at_schedules: Notify::new(),
            leave: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Whether something may be begun for a tenant, and under which lease.
    pub(crate) fn hold(&self, scope: TenantScope) -> Option<Hold> {
        if Instant::now() > *self.sure_until.lock() {
            return None;
        }
        let held = self.held.lock();
        held.get(&scope).filter(|held| !held.leaves).map(|held| held.hold.clone())
    }

    /// Asks for a tenant.
    fn want(&self, scope: TenantScope, want: Want) {
        let mut wanted = self.wanted.lock();
        let known = wanted.entry(scope).or_default();
        *known = Want {
            kinds: known.kinds.and(want.kinds),
            tell: known.tell || want.tell,
            anyway: known.anyway || want.anyway,
        };
        drop(wanted);
        self.something_is_wanted.notify_one();
    }

    /// Whether this is the first of the nodes that work. It does what would be done in vain a second time.
    pub(crate) fn is_first(&self) -> bool {
        let peers = self.peers.lock();
        !peers.others.iter().any(|peer| peer.works && Some(peer.id) < peers.own)
    }

    /// Says whether others that work are there now, and were not before.
    fn note_peers(&self, own: NodeId, others: Vec<Peer>) -> bool {
        self.outbox.switch(!others.is_empty());
        let working = |others: &[Peer]| others.iter().any(|peer| peer.works);
        let after = working(&others);
        let before = std::mem::replace(&mut *self.peers.lock(), Peers { own: Some(own), others });
        after && !working(&before.others)
    }

    /// The node was heard of at this moment or later.
    fn was_heard(&self, at: Instant) {
        *self.sure_until.lock() = at + LEASE_TIME.saturating_sub(MARGIN);
    }

    fn begin(&self, lease: Lease) {
        let hold = Hold { lease, ended: CancellationToken::new() };
        let held = Held { hold, idle_since: None, leaves: false };
        if let Some(before) = self.held.lock().insert(lease.scope(), held) {
            before.hold.ended.cancel();
        }
    }

    /// Everything is lost: whatever runs for a tenant ends.
    fn lose_all(&self) {
        for (_, held) in self.held.lock().drain() {
            held.hold.ended.cancel();
        }
    }

    /// Nothing more is begun for any tenant.
    fn leave_all(&self) {
        for held in self.held.lock().values_mut() {
            held.leaves = true;
        }
    }

    /// Takes the leases that are to be given back out of what is held: those of tenants that were idle for long, or that leave and have nothing
    /// running. Says of each whether others should hear of it.
    fn take_out(&self, engine: &Engine, now: Instant) -> Vec<(Lease, bool)> {
        let mut held = self.held.lock();
        let working =
            self.peers.lock().others.iter().filter(|peer| peer.works).map(|peer| peer.held).collect();
        let mut too_many = share::too_many(held.len(), working);
        if too_many > 0 {
            // Those that have nothing to do first.
            let mut order: Vec<_> = held.values_mut().filter(|held| !held.leaves).collect();
            order.sort_by_key(|held| held.idle_since.is_none());
            for held in order {
                if too_many == 0 {
                    break;
                }
                held.leaves = true;
                too_many -= 1;
            }
        }
        let mut out = Vec::new();
        for (scope, held) in held.iter_mut() {
            if held.leaves {
                engine.inner.connections.end_all(*scope);
                if !engine.is_running(*scope) {
                    out.push((held.hold.lease, true));
                }
            } else if engine.has_work(*scope) {
                held.idle_since = None;
            } else if now.duration_since(*held.idle_since.get_or_insert(now)) >= KEPT_IDLE {
                out.push((held.hold.lease, false));
            }
        }
        for (lease, _) in &out {
            held.remove(&lease.scope());
        }
        out
    }
}

impl Engine {
    /// Something is to be done for a tenant: here, or on another node.
    pub(crate) fn wake(&self, scope: TenantScope, kinds: Kinds) {
        if !self.wake_here(scope, kinds) {
            self.inner.nodes.want(scope, Want { kinds, tell: true, anyway: false });
        }
    }

    /// A tenant should be worked for, if nobody does.
    pub(crate) fn look_after(&self, scope: TenantScope, kinds: Kinds) {
        self.inner.nodes.want(scope, Want { kinds, tell: false, anyway: true });
    }

    /// Wakes what is to be done for a tenant of this node; says whether it is one.
    fn wake_here(&self, scope: TenantScope, kinds: Kinds) -> bool {
        if self.inner.nodes.hold(scope).is_none() {
            for kind in kinds.queues() {
                self.inner.queues.get(kind).unsettle(scope);
            }
            return false;
        }
        for kind in kinds.queues() {
            self.inner.queues.get(kind).wake(scope);
        }
        if kinds.contains(Kinds::GATEWAYS) {
            self.inner.connections.wake(scope);
        }
        if kinds.contains(Kinds::SCHEDULES) {
            self.inner.nodes.look_at_schedules.notify_one();
        }
        true
    }

    /// The right to begin something for a tenant, if it is this node's.
    pub(crate) fn hold(&self, scope: TenantScope) -> Option<Hold> {
        self.inner.nodes.hold(scope)
    }

    /// Whether something runs for a tenant that should come to its end.
    fn is_running(&self, scope: TenantScope) -> bool {
        self.inner.queues.all().any(|queue| queue.in_flight(scope) > 0)
    }

    /// Whether a tenant should be kept.
    fn has_work(&self, scope: TenantScope) -> bool {
        self.inner.queues.all().any(|queue| !queue.is_idle(scope)) || self.inner.connections.has(scope)
    }
}
