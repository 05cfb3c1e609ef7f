//! Being one of the nodes: staying alive, taking tenants and giving them back, telling and hearing.

use super::carrier::Ears;
use super::{Kinds, Role, Want, carrier, share, wire};
use crate::engine::Engine;
use crate::{plugins, troubles};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use twobot_store::executions::WorkKind;
use twobot_store::nodes::{Heard, LEASE_TIME, Member, Signal, Taking, Watched};
use twobot_store::{StoreError, TenantScope};

/// How often a node looks whether others are still there.
const WATCH: Duration = Duration::from_secs(1);

/// When it looks again at one that may be dead.
const SUSPICION: Duration = Duration::from_millis(550);

/// How often all tenants are looked at, in case a wake-up was lost.
const SWEEP: Duration = Duration::from_secs(15);

/// Tenants that are taken with one statement.
const TAKEN_AT_ONCE: usize = 500;

/// The pause before a tenant is asked for again that somebody was just writing for, and after the database failed.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How long leaving may take.
const LEAVING: Duration = Duration::from_secs(5);

impl Engine {
    /// Joins the nodes, and gives up the actions of nodes that are gone.
    ///
    /// # Errors
    /// Those of the database; `Unsealable` where the other nodes have another master key.
    pub(crate) async fn join(&self, role: Role) -> Result<(Member, Heard), StoreError> {
        let (member, heard) = self.store().join(role.works()).await?;
        let now = Instant::now();
        let has_company = self.inner.nodes.note_peers(member.id(), member.watch().await?.peers);
        self.inner.nodes.was_heard(now);
        if has_company {
            plugins::files::warn_of_several_nodes(self).await?;
        }
        self.store().abandon_running(&troubles::interrupted()).await?;
        Ok((member, heard))
    }

    /// Remains one of the nodes until [`Engine::leave`].
    pub(crate) fn remain(&self, role: Role, membership: (Member, Heard)) {
        let engine = self.clone();
        self.inner.nodes.tasks.spawn(async move { remain(&engine, role, membership).await });
    }

    /// Begins nothing more, and gives back every tenant as soon as nothing runs for it. Does not end by itself.
    pub(crate) async fn hand_back(&self) {
        let nodes = &self.inner.nodes;
        loop {
            nodes.leave_all();
            nodes.hand_back_now.notify_one();
            sleep(PAUSES.0).await;
        }
    }

    /// Leaves the nodes; what it still holds is free.
    pub(crate) async fn leave(&self) {
        let nodes = &self.inner.nodes;
        nodes.leave.cancel();
        nodes.tasks.close();
        if timeout(LEAVING, nodes.tasks.wait()).await.is_err() {
            tracing::warn!("the other nodes could not be told of the end; they notice by themselves");
        }
    }
}

async fn remain(engine: &Engine, role: Role, membership: (Member, Heard)) {
    let nodes = &engine.inner.nodes;
    let mut membership = Some(membership);
    loop {
        let (member, heard) = match membership.take() {
            Some(membership) => membership,
            None => match join_anew(engine, role).await {
                Some(membership) => membership,
                None => return,
            },
        };
        let mut ears = Ears::of(engine, &member, heard);
        let leaves = tokio::select! {
            () = nodes.leave.cancelled() => true,
            () = stay_alive(engine, &member) => false,
            () = hear(engine, role, &mut ears) => false,
            () = take_what_is_wanted(engine, role, &member) => false,
            () = watch(engine, &member) => false,
            () = sweep(engine, role) => false,
            () = tell(engine, &member) => false,
        };
        if leaves {
            if let Err(error) = member.leave().await {
                tracing::warn!(%error, "the other nodes could not be told of the end; they notice by themselves");
            }
            return;
        }
        tracing::error!(
            node = %member.id(),
            "this node was taken for dead, as it was not heard of for too long; what it did is done by others, and it joins anew"
        );
        nodes.lose_all();
    }
}

/// None when the engine stopped meanwhile.
async fn join_anew(engine: &Engine, role: Role) -> Option<(Member, Heard)> {
    loop {
        let joined = tokio::select! {
            () = engine.inner.nodes.leave.cancelled() => return None,
            joined = engine.join(role) => joined,
        };
        match joined {
            Ok(membership) => return Some(membership),
            Err(error) => tracing::error!(%error, "the other nodes can not be joined; it is tried again"),
        }
        sleep(PAUSES.1).await;
    }
}

/// Says all the while that the node lives. Ends when it was taken for dead.
async fn stay_alive(engine: &Engine, member: &Member) {
    let nodes = &engine.inner.nodes;
    let mut beat = interval(LEASE_TIME / 5);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let now = Instant::now();
        match member.beat().await {
            Ok(true) => {
                // What came while nothing could be begun is looked for.
                if now > *nodes.sure_until.lock() {
                    nodes.sweep_now.notify_one();
                }
                nodes.was_heard(now);
            }
            Ok(false) => return,
            Err(error) => tracing::error!(%error, "the other nodes can not be told that this one lives"),
        }
    }
}

async fn hear(engine: &Engine, role: Role, ears: &mut Ears<'_>) {
    let nodes = &engine.inner.nodes;
    loop {
        for signal in ears.next().await {
            match signal {
                Signal::Work { scope, kinds } => {
                    let kinds = Kinds(kinds);
                    if !engine.wake_here(scope, kinds) && role.works() {
                        nodes.want(scope, Want { kinds, tell: false, anyway: false });
                    }
                }
                Signal::Seen { scope, text } => wire::show(engine, scope, &text).await,
                Signal::Nodes => {
                    nodes.watch_now.notify_one();
                    nodes.sweep_now.notify_one();
                }
                Signal::Missed => nodes.sweep_now.notify_one(),
            }
        }
    }
}

async fn take_what_is_wanted(engine: &Engine, role: Role, member: &Member) {
    let nodes = &engine.inner.nodes;
    loop {
        nodes.something_is_wanted.notified().await;
        loop {
            let wanted: Vec<(TenantScope, Want)> = {
                let mut all = nodes.wanted.lock();
                let some: Vec<_> = all.keys().take(TAKEN_AT_ONCE).copied().collect();
                some.into_iter().filter_map(|scope| all.remove_entry(&scope)).collect()
            };
            if wanted.is_empty() {
                break;
            }
            if let Err(error) = take(engine, role, member, &wanted).await {
                tracing::error!(%error, "no tenants can be taken; it is tried again");
                wanted.into_iter().for_each(|(scope, want)| nodes.want(scope, want));
                sleep(PAUSES.1).await;
            }
        }
    }
}

/// Takes those that nobody has, and tells whoever has the others.
async fn take(
    engine: &Engine,
    role: Role,
    member: &Member,
    wanted: &[(TenantScope, Want)],
) -> Result<(), StoreError> {
    let nodes = &engine.inner.nodes;
    let takes = role.works() && !engine.is_stopping();
    let others: Vec<u64> =
        nodes.peers.lock().others.iter().filter(|peer| peer.works).map(|peer| peer.held).collect();
    let may_take = takes && share::may_take(nodes.held.lock().len(), &others);
    let (mut asked, mut left): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|(_, want)| takes && (may_take || want.anyway));
    asked.retain(|(scope, want)| {
        // Taken by a wish before this one.
        if engine.wake_here(*scope, want.kinds) {
            return false;
        }
        // Being given back, which others will be told of; or the node is not sure that it lives, and sweeps when it is. Taking
        // it now would end what still runs.
        !nodes.held.lock().contains_key(scope)
    });
    if !asked.is_empty() {
        let wants: std::collections::HashMap<_, _> = asked.iter().copied().collect();
        for taking in member.take(&asked.iter().map(|(scope, _)| *scope).collect()).await? {
            match taking {
                Taking::Taken(lease) => {
                    let scope = lease.scope();
                    nodes.begin(lease);
                    // Whatever it was asked for: there may be more.
                    engine.wake_here(scope, Kinds::ALL);
                }
                Taking::Elsewhere(scope) => left.extend(wants.get(&scope).map(|want| (scope, *want))),
                Taking::Busy(scope) => {
                    if let Some(want) = wants.get(&scope) {
                        want_later(engine, scope, *want);
                    }
                }
            }
        }
    }
    for (scope, want) in left {
        if want.tell {
            nodes.outbox.work(scope, want.kinds);
        }
    }
    Ok(())
}

/// Asks for a tenant again a little later.
fn want_later(engine: &Engine, scope: TenantScope, want: Want) {
    let engine = engine.clone();
    tokio::spawn(async move {
        sleep(PAUSES.0).await;
        if !engine.is_stopping() {
            engine.inner.nodes.want(scope, want);
        }
    });
}

/// Looks after the other nodes, and gives back what this one should not have.
async fn watch(engine: &Engine, member: &Member) {
    let nodes = &engine.inner.nodes;
    let mut look = interval(WATCH);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let at_nodes = tokio::select! {
            _ = look.tick() => true,
            () = nodes.watch_now.notified() => true,
            () = nodes.hand_back_now.notified() => false,
        };
        let looked = if at_nodes { look_at_nodes(engine, member).await } else { Ok(false) };
        match looked {
            Ok(true) => look.reset_after(SUSPICION),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "the other nodes can not be looked after; it is tried again")
            }
        }
        if let Err(error) = give_back(engine, member).await {
            tracing::error!(%error, "tenants can not be given back; their work is found by sweeps");
        }
    }
}

/// Says whether there is somebody to look at again in a moment.
async fn look_at_nodes(engine: &Engine, member: &Member) -> Result<bool, StoreError> {
    let Watched { dead, has_suspects, peers } = member.watch().await?;
    if engine.inner.nodes.note_peers(member.id(), peers) {
        plugins::files::warn_of_several_nodes(engine).await?;
    }
    if dead > 0 {
        tracing::warn!(dead, "nodes are gone; their work goes on here and on others");
        engine.inner.nodes.sweep_now.notify_one();
        engine.store().abandon_running(&troubles::interrupted()).await?;
    }
    Ok(has_suspects)
}

async fn give_back(engine: &Engine, member: &Member) -> Result<(), StoreError> {
    let nodes = &engine.inner.nodes;
    let out = nodes.take_out(engine, Instant::now());
    if out.is_empty() {
        return Ok(());
    }
    let leases: Vec<_> = out.iter().map(|(lease, _)| *lease).collect();
    member.give_back(&leases).await?;
    for (lease, tell) in out {
        if tell {
            nodes.outbox.work(lease.scope(), Kinds::ALL);
        }
    }
    Ok(())
}

/// Looks for work that nobody was woken for.
async fn sweep(engine: &Engine, role: Role) {
    if !role.works() {
        return std::future::pending().await;
    }
    let nodes = &engine.inner.nodes;
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = sweep.tick() => {}
            () = nodes.sweep_now.notified() => {}
        }
        for queue in [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect] {
            found(engine, Kinds::of(queue), engine.store().tenants_with_work(queue).await);
        }
        found(engine, Kinds::GATEWAYS, engine.store().tenants_to_connect().await);
    }
}

fn found(engine: &Engine, kinds: Kinds, tenants: Result<Vec<TenantScope>, StoreError>) {
    match tenants {
        Ok(tenants) => {
            for scope in tenants {
                if !engine.wake_here(scope, kinds) {
                    engine.look_after(scope, kinds);
                }
            }
        }
        Err(error) => tracing::error!(%error, "what waits can not be looked for; it is tried again"),
    }
}

async fn tell(engine: &Engine, member: &Member) {
    loop {
        let signals = engine.inner.nodes.outbox.take().await;
        if let Err(error) = carrier::tell(engine, member, &signals).await {
            // The others find the work by their sweeps.
            tracing::error!(%error, lost = signals.len(), "the other nodes could not be told");
        }
    }
}
