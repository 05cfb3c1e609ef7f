//! The nodes that share a database, and which of them works for which tenant.
//!
//! A node is a process that has joined: a row in `nodes` and a connection that hears signals, which holds a lock of the node's own. A tenant
//! is worked for by at most one node at a time. Whoever takes a tenant gets a [`Lease`], whose token is larger than that of any
//! lease of the tenant before; what is written under a lease ([`Store::under`]) is refused when it is no longer the last. So a node that was
//! taken for dead and is not can do no harm.
//!
//! A node holds what it took as long as its row is there. It moves the time in its row on, all the while ([`Member::beat`]); others remove the row
//! when that time has come, or soon after nobody has the lock any more ([`Member::watch`]). Times are the database's own.
//!
//! Where a process is alone with its database (SQLite), it is the only member, and every tenant is its to take: nothing is written for that.

mod postgres;
mod signal;
mod sqlite;

pub use signal::Signal;

use crate::db::{Db, Fence};
use crate::{Store, StoreError, TenantScope};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use twobot_domain::NodeId;

/// How long a node is believed to live after it was last heard of, where its connection has not ended: one that is paused, or cut off.
pub const LEASE_TIME: Duration = Duration::from_secs(15);

/// The right to work for a tenant, for as long as nobody else has taken the tenant after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    scope: TenantScope,
    token: u64,
}

impl Lease {
    /// For whom.
    #[must_use]
    pub const fn scope(&self) -> TenantScope {
        self.scope
    }

    /// Larger than that of any lease of the tenant before; 0 where there is one process.
    #[must_use]
    pub const fn token(&self) -> u64 {
        self.token
    }
}

/// Tenants that a node would like to work for.
pub type Wanted = Vec<TenantScope>;

/// What became of a tenant that a node would like to work for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It is the node's own now.
    Taken(Lease),
    /// Another node works for it.
    Elsewhere(TenantScope),
    /// Somebody is just writing for it, or taking it: ask again.
    Busy(TenantScope),
}

/// Another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Which.
    pub id: NodeId,
    /// Whether it takes tenants.
    pub works: bool,
    /// Tenants that it works for.
    pub held: u64,
}

/// What a look at the other nodes found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Nodes that were dead and are removed now.
    pub dead: u64,
    /// Some may be dead; that will be known in a moment.
    pub has_suspects: bool,
    /// Those that live, oldest first.
    pub peers: Vec<Peer>,
}

/// The id under which a process has joined, known to all copies of its store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joined(Arc<Mutex<Option<NodeId>>>);

impl Joined {
    pub(crate) fn node(&self) -> Option<NodeId> {
        // A copied value can not be left half changed.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, node: NodeId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(node);
    }
}

/// A process that has joined those that work on a database. Dropped without [`Member::leave`], it is as one that died.
#[derive(Debug)]
pub struct Member {
    id: NodeId,
    /// None where a process is alone.
    shared: Option<postgres::Shared>,
}

/// What a member hears of others.
#[derive(Debug)]
pub struct Heard(Option<mpsc::Receiver<Signal>>);

impl Heard {
    /// What is heard next. Where a process is alone with its database, nothing ever is.
    pub async fn next(&mut self) -> Signal {
        match &mut self.0 {
            Some(signals) => match signals.recv().await {
                Some(signal) => signal,
                // The member was dropped.
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

impl Store {
    /// Joins the nodes that work on this database. `works` says whether this one takes tenants.
    ///
    /// # Errors
    /// Those of the database; `Unsealable` where secrets are there that the master key does not open: the other nodes have another one.
    pub async fn join(&self, works: bool) -> Result<(Member, Heard), StoreError> {
        let id = NodeId::new();
        let Db::Postgres(server) = &self.db else {
            sqlite::go_on(&self.db).await?;
            return Ok((Member { id, shared: None }, Heard(None)));
        };
        self.check_key().await?;
        let (shared, signals) = postgres::Shared::join(self.db.clone(), server.clone(), id, works).await?;
        self.joined.set(id);
        Ok((Member { id, shared: Some(shared) }, Heard(Some(signals))))
    }

    /// Whether several nodes can share this kind of database.
    #[must_use]
    pub const fn can_be_shared(&self) -> bool {
        matches!(self.db, Db::Postgres(_))
    }

    /// The same store, for what is done under a lease: nothing is written when it is no longer the last one of its tenant.
    #[must_use]
    pub fn under(&self, lease: &Lease) -> Self {
        let fence = Fence { tenant: lease.scope.tenant(), token: lease.token };
        Self { db: self.db.fenced(fence), ..self.clone() }
    }
}

impl Member {
    /// The node's id; another one for each time that a process joins.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// Says that the node lives. To be said several times within [`LEASE_TIME`]. Answers false when the node was taken for dead meanwhile:
    /// it holds nothing any more, and has to join anew.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn beat(&self) -> Result<bool, StoreError> {
        match &self.shared {
            Some(shared) => shared.beat().await,
            None => Ok(true),
        }
    }

    /// Removes the nodes that are dead, and answers how many that were and who else is there. To be asked again and again: a node
    /// that has lost its connection is given a moment to make it anew.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn watch(&self) -> Result<Watched, StoreError> {
        match &self.shared {
            Some(shared) => shared.watch().await,
            None => Ok(Watched::default()),
        }
    }

    /// Takes the tenants for which no other node works. Says of each what became of it; of those that are gone, nothing.
    ///
    /// # Errors
    /// Only those of the database; nothing is taken then.
    pub async fn take(&self, wanted: &Wanted) -> Result<Vec<Taking>, StoreError> {
        match &self.shared {
            Some(shared) => shared.take(wanted).await,
            None => Ok(wanted.iter().map(|scope| Taking::Taken(Lease { scope: *scope, token: 0 })).collect()),
        }
    }

    /// Gives tenants back, for whoever wants them.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn give_back(&self, leases: &[Lease]) -> Result<(), StoreError> {
        match &self.shared {
            Some(shared) => shared.give_back(leases).await,
            None => Ok(()),
        }
    }

    /// Tells the other nodes. They may miss it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tell(&self, signals: &[Signal]) -> Result<(), StoreError> {
        match &self.shared {
            Some(shared) => shared.tell(None, signals).await,
            None => Ok(()),
        }
    }

    /// Tells some of the other nodes, whom another carrier does not reach. They may miss it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tell_some(&self, to: &[NodeId], signals: &[Signal]) -> Result<(), StoreError> {
        match &self.shared {
            Some(shared) => shared.tell(Some(to), signals).await,
            None => Ok(()),
        }
    }

    /// Signals as they are written for the other nodes, for another carrier than the database. Each message is shorter than 8,000 bytes.
    #[must_use]
    pub fn written(&self, signals: &[Signal]) -> Vec<String> {
        signal::messages(self.id, None, signals)
    }

    /// The signals in a message that another carrier brought. It must come from a node of this deployment, which the carrier has to know: a
    /// message names tenants.
    #[must_use]
    pub fn read(&self, message: &str) -> Vec<Signal> {
        signal::signals(self.id, message)
    }

    /// Leaves: whatever the node held is free at once, and the others are told.
    ///
    /// # Errors
    /// Only those of the database; the others then notice by themselves.
    pub async fn leave(self) -> Result<(), StoreError> {
        match self.shared {
            Some(shared) => shared.leave().await,
            None => Ok(()),
        }
    }
}
