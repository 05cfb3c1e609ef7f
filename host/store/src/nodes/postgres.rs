//! Membership in PostgreSQL. Why it is as it is: `docs/decisions/0021-several-nodes.md`.

use super::{LEASE_TIME, Lease, Peer, Signal, Taking, Wanted, Watched, signal};
use crate::db::{CHANNEL, Db, Pulse, Server, lock_of_node, lock_of_tenant, sql, sql_of, transaction};
use crate::{StoreError, TenantScope, order};
use sqlx::postgres::{PgListener, PgNotification};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use twobot_domain::{NodeId, TenantId};

/// Signals that were heard and not looked at yet.
const HEARD: usize = 1_024;

/// The pauses between tries to connect anew: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// How long the connection for signals may be silent before it is asked whether it is still there, and how long it has for that.
const SILENCE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(10);

/// How long a node's lock has to be nobody's before it is taken for dead.
const GRACE: Duration = Duration::from_millis(500);

/// Now in milliseconds, by the clock of the database: those of the nodes may differ.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// A node among others.
#[derive(Debug)]
pub(super) struct Shared {
    db: Db,
    /// For what others go by: whether this node lives.
    pulse: Pulse,
    id: NodeId,
    listener: JoinHandle<()>,
    /// Nodes whose lock nobody had when it was looked at last, and since when.
    suspects: Mutex<HashMap<NodeId, Instant>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn lease_ms() -> u64 {
    u64::try_from(LEASE_TIME.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    pub(super) async fn join(
        db: Db,
        server: Server,
        id: NodeId,
        works: bool,
    ) -> Result<(Self, mpsc::Receiver<Signal>), StoreError> {
        let lock = lock_of_node(id);
        // The lock comes first: whoever finds the row without it takes the node for dead.
        let ears = server.ears(lock).await?;
        db.run(
            sql_of(format!(
                "INSERT INTO nodes (id, works, lock_number, joined_at, until) VALUES ($1, $2, $3, {NOW}, {NOW} + $4)"
            ))
            .bind(id)
            .bind(works)
            .bind(lock)
            .bind(lease_ms()),
        )
        .await?;
        let (sender, receiver) = mpsc::channel(HEARD);
        let pulse = server.pulse();
        let listener = tokio::spawn(listen(server, id, ears, sender));
        let member = Self { db, pulse, id, listener, suspects: Mutex::default() };
        member.tell(None, &[Signal::Nodes]).await?;
        Ok((member, receiver))
    }

    pub(super) async fn beat(&self) -> Result<bool, StoreError> {
        let text = format!("UPDATE nodes SET until = {NOW} + $1 WHERE id = $2 RETURNING id");
        Ok(!self.pulse.all(sql_of(text).bind(lease_ms()).bind(self.id)).await?.is_empty())
    }

    pub(super) async fn watch(&self) -> Result<Watched, StoreError> {
        let text = format!(
            "SELECT n.id, n.works, CAST(n.until <= {NOW} AS integer)::bigint AS late, \
             CAST(pg_try_advisory_xact_lock(n.lock_number) AS integer)::bigint AS unlocked, \
             (SELECT count(*) FROM leases l WHERE l.node_id = n.id) AS held FROM nodes n WHERE n.id <> $1 ORDER BY n.id"
        );
        let mut watched = Watched::default();
        let mut dead = Vec::new();
        let mut suspects = HashMap::new();
        let before = std::mem::take(&mut *self.suspects.lock().unwrap_or_else(PoisonError::into_inner));
        for row in self.pulse.all(sql_of(text).bind(self.id)).await? {
            let id: NodeId = row.get("id")?;
            if row.get("unlocked")? {
                suspects.insert(id, before.get(&id).copied().unwrap_or_else(Instant::now));
            }
            // Who only lost its connection makes it anew meanwhile. Where the server was restarted, that is everybody.
            let suspected = suspects.get(&id);
            if row.get("late")? || suspected.is_some_and(|since| since.elapsed() >= GRACE) {
                dead.push(id.uuid());
            } else if suspected.is_none() {
                watched.peers.push(Peer { id, works: row.get("works")?, held: row.get("held")? });
            }
        }
        watched.has_suspects = !suspects.is_empty();
        *self.suspects.lock().unwrap_or_else(PoisonError::into_inner) = suspects;
        if !dead.is_empty() {
            // With the row go the leases: they are nobody's then.
            let text = format!(
                "DELETE FROM nodes WHERE id = ANY($1::uuid[]) AND (until <= {NOW} OR pg_try_advisory_xact_lock(lock_number)) \
                 RETURNING id"
            );
            watched.dead = self.pulse.all(sql_of(text).bind_uuids(dead.into_iter())).await?.len() as u64;
        }
        Ok(watched)
    }

    pub(super) async fn take(&self, wanted: &Wanted) -> Result<Vec<Taking>, StoreError> {
        let ids = || wanted.iter().map(|scope| scope.tenant().uuid());
        let locks = || wanted.iter().map(|scope| lock_of_tenant(scope.tenant()));
        transaction!(self.db.begin_shared(), |tx| {
            tx.run(
                sql("INSERT INTO leases (tenant_id, token) SELECT t.id, 0 FROM tenants t WHERE t.id = ANY($1::uuid[]) \
                     AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.tenant_id = t.id) ON CONFLICT (tenant_id) DO NOTHING")
                .bind_uuids(ids()),
            )
            .await?;
            // The tenant's lock, so that nobody is in the middle of a transaction that was still theirs to make. Where somebody is,
            // this one is left for another time: a node that stopped in the middle would otherwise stop the others, too.
            let taken = tx
                .all(
                    sql("WITH free AS MATERIALIZED (SELECT l.tenant_id, a.lock FROM unnest($1::uuid[], $2::bigint[]) AS a (tenant_id, lock) \
                         JOIN leases l ON l.tenant_id = a.tenant_id WHERE l.node_id IS NULL OR l.node_id = $3 FOR UPDATE OF l SKIP LOCKED), \
                         mine AS MATERIALIZED (SELECT tenant_id FROM free WHERE pg_try_advisory_xact_lock(lock)) \
                         UPDATE leases l SET node_id = $3, token = l.token + 1 FROM mine WHERE l.tenant_id = mine.tenant_id \
                         RETURNING l.tenant_id, l.token")
                    .bind_uuids(ids())
                    .bind_integers(locks())
                    .bind(self.id),
                )
                .await?;
            let others = tx
                .all(
                    sql("SELECT l.tenant_id, l.node_id, greatest(\
                     (SELECT id FROM inbound WHERE tenant_id = l.tenant_id AND state = 'waiting' ORDER BY id DESC LIMIT 1), \
                     (SELECT id FROM executions WHERE tenant_id = l.tenant_id AND state = 'waiting' ORDER BY id DESC LIMIT 1), \
                     (SELECT id FROM effects WHERE tenant_id = l.tenant_id AND state = 'waiting' ORDER BY id DESC LIMIT 1)) AS newest \
                     FROM leases l WHERE l.tenant_id = ANY($1::uuid[])")
                        .bind_uuids(ids()),
                )
                .await?;
            tx.commit().await?;
            let mut tokens: HashMap<TenantId, u64> = HashMap::new();
            for row in taken {
                tokens.insert(row.get("tenant_id")?, row.get("token")?);
            }
            let (mut known, mut elsewhere) = (HashSet::new(), HashSet::new());
            for row in others {
                let tenant: TenantId = row.get("tenant_id")?;
                known.insert(tenant);
                if tokens.contains_key(&tenant) {
                    // Nobody records anything under a lease of the tenant's before this one any more.
                    order::go_on_after(row.get("newest")?);
                }
                if row.get::<Option<NodeId>>("node_id")?.is_some_and(|node| node != self.id) {
                    elsewhere.insert(tenant);
                }
            }
            let taking = |scope: &TenantScope| {
                let tenant = scope.tenant();
                match tokens.get(&tenant) {
                    Some(token) => Some(Taking::Taken(Lease { scope: *scope, token: *token })),
                    None if elsewhere.contains(&tenant) => Some(Taking::Elsewhere(*scope)),
                    None if known.contains(&tenant) => Some(Taking::Busy(*scope)),
                    None => None,
                }
            };
            Ok(wanted.iter().filter_map(taking).collect())
        })
    }

    pub(super) async fn give_back(&self, leases: &[Lease]) -> Result<(), StoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        self.db
            .run(
                sql("UPDATE leases l SET node_id = NULL FROM unnest($1::uuid[], $2::bigint[]) AS a (tenant_id, token) \
                     WHERE l.tenant_id = a.tenant_id AND l.token = a.token AND l.node_id = $3")
                .bind_uuids(leases.iter().map(|lease| lease.scope.tenant().uuid()))
                .bind_integers(leases.iter().map(|lease| i64::try_from(lease.token).unwrap_or(i64::MAX)))
                .bind(self.id),
            )
            .await
            .map(drop)
    }

    pub(super) async fn tell(&self, to: Option<&[NodeId]>, signals: &[Signal]) -> Result<(), StoreError> {
        let messages = signal::messages(self.id, to, signals);
        if messages.is_empty() {
            return Ok(());
        }
        self.db
            .all(
                sql("SELECT 1 AS one FROM unnest($2::text[]) AS m (text), pg_notify($1, m.text)")
                    .bind(CHANNEL)
                    .bind_texts(messages.iter().map(String::as_str)),
            )
            .await
            .map(drop)
    }

    pub(super) async fn leave(self) -> Result<(), StoreError> {
        self.db.run(sql("DELETE FROM nodes WHERE id = $1").bind(self.id)).await?;
        self.tell(None, &[Signal::Nodes]).await
    }
}

/// The next message; none when the connection has ended, or does not answer.
async fn next(ears: &mut PgListener) -> Option<PgNotification> {
    loop {
        match timeout(SILENCE, ears.try_recv()).await {
            Ok(message) => return message.ok().flatten(),
            // Something on the way may have forgotten the connection, which then would be silent for ever.
            Err(_) => {
                let asked = timeout(ANSWER, sqlx::query("SELECT 1").execute(&mut *ears)).await;
                asked.ok()?.ok()?;
            }
        }
    }
}

/// Hears what others tell, as long as somebody wants to know. A connection that ends is made anew.
async fn listen(server: Server, id: NodeId, mut ears: PgListener, heard: mpsc::Sender<Signal>) {
    loop {
        while let Some(message) = next(&mut ears).await {
            for signal in signal::signals(id, message.payload()) {
                if heard.send(signal).await.is_err() {
                    return;
                }
            }
        }
        tracing::warn!(node = %id, "the connection for signals has ended; it is made anew");
        drop(ears);
        let mut pause = PAUSES.0;
        ears = loop {
            match server.ears(lock_of_node(id)).await {
                Ok(ears) => break ears,
                // The server still believes in the connection that ended.
                Err(StoreError::Conflict) => {}
                Err(error) => {
                    tracing::error!(%error, "signals of other nodes can not be heard; it is tried again")
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        };
        if heard.send(Signal::Missed).await.is_err() {
            return;
        }
    }
}
