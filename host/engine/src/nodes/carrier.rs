//! What carries signals: Redis for those who hear it there, and the database for the others and wherever there is no Redis.
//!
//! A node whose id the sender does not know yet, or that has just lost its connection, may miss some: sweeps make up for it, as they do for what the
//! database loses.

use crate::engine::Engine;
use twobot_domain::NodeId;
use twobot_redis::Ears as RedisEars;
use twobot_store::StoreError;
use twobot_store::nodes::{Heard, Member, Signal};

/// The name under which a node hears at Redis. Each time that a process joins has another one.
fn name(node: NodeId) -> String {
    node.uuid().simple().to_string()
}

/// Tells the other nodes.
pub(super) async fn tell(engine: &Engine, member: &Member, signals: &[Signal]) -> Result<(), StoreError> {
    let others: Vec<NodeId> = engine.inner.nodes.peers.lock().others.iter().map(|peer| peer.id).collect();
    let Some(redis) = engine.inner.redis.as_ref().filter(|_| !others.is_empty()) else {
        return member.tell(signals).await;
    };
    let names: Vec<String> = others.iter().copied().map(name).collect();
    let hear = redis.send(&names, &member.written(signals)).await;
    let deaf: Vec<NodeId> =
        others.iter().zip(&hear).filter(|(_, hears)| !**hears).map(|(node, _)| *node).collect();
    if deaf.is_empty() { Ok(()) } else { member.tell_some(&deaf, signals).await }
}

/// What a member hears, by whatever carries it.
pub(super) struct Ears<'a> {
    member: &'a Member,
    database: Heard,
    redis: Option<RedisEars>,
}

impl<'a> Ears<'a> {
    pub(super) fn of(engine: &Engine, member: &'a Member, database: Heard) -> Self {
        // Where a process is alone with its database, there is nobody to hear.
        let redis = engine.inner.redis.as_ref().filter(|_| engine.store().can_be_shared());
        let redis = redis.map(|redis| redis.listen(&name(member.id())));
        Self { member, database, redis }
    }

    /// What is heard next. Nothing is lost when this is given up.
    pub(super) async fn next(&mut self) -> Vec<Signal> {
        let Some(redis) = &mut self.redis else { return vec![self.database.next().await] };
        tokio::select! {
            signal = self.database.next() => vec![signal],
            heard = redis.next() => match heard {
                // Redis's messages carry a code that only nodes of this deployment can write.
                twobot_redis::Heard::Message(text) => self.member.read(&text),
                twobot_redis::Heard::Missed => vec![Signal::Missed],
            },
        }
    }
}
