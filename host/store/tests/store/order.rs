//! That what is recorded later is done later, also where clocks differ.

use crate::estate::new_effect;
use crate::world::{Dialect, Tenant, World, new_event, new_execution, writes};
use twobot_domain::{EffectId, ExecutionId, GatewayId, InstallId, Timestamp, Usage};
use twobot_store::executions::{NewExecution, WorkKind};
use twobot_store::inbound::Decoded;
use uuid::{NoContext, Uuid};

/// An id as another node makes it, whose clock is five seconds ahead.
fn ahead() -> Uuid {
    let at = Timestamp::now().plus_millis(5_000).millis();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, at / 1_000, (at % 1_000) as u32 * 1_000_000))
}

struct Scene {
    world: World,
    ann: Tenant,
    gateway: GatewayId,
    install: InstallId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let ann = world.tenant("ann").await;
        let (gateway, install) = (ann.gateway("Bot").await, ann.install("plugin", &[]).await);
        Self { world, ann, gateway, install }
    }

    /// A delivery, an execution and an effect that wait, all recorded by the other node. It is gone since.
    async fn left_behind(&self) -> [Uuid; 3] {
        let Self { world, ann, gateway, install } = self;
        let run = async |id: Uuid| {
            let inbound = ann.deliver(*gateway, &id.to_string()).await;
            let inbound = world.store.inbound(ann.scope, inbound).await.unwrap();
            let event = new_event(Some(*gateway), Some(inbound.id));
            let execution = new_execution(*install, Some(event.id));
            let execution = NewExecution { id: ExecutionId::from_uuid(id), ..execution };
            let decoded = Decoded::Events(vec![(event, vec![execution])]);
            world.store.finish_inbound(ann.scope, &inbound, &decoded, &Usage::default()).await.unwrap();
        };
        let (done, execution, effect, inbound) = (ahead(), ahead(), ahead(), ahead());
        run(done).await;
        let mut commit = writes([], []);
        commit.effects = vec![new_effect(*gateway)];
        commit.effects[0].id = EffectId::from_uuid(effect);
        ann.finish(ExecutionId::from_uuid(done), *install, &commit).await.unwrap();
        run(execution).await;
        let made = ann.deliver(*gateway, "left behind").await.uuid();
        let change = format!("UPDATE inbound SET id = {} WHERE id = {}", world.id(inbound), world.id(made));
        assert_eq!(world.execute(&change).await, 1);
        [inbound, execution, effect]
    }

    async fn waiting(&self, kind: WorkKind) -> Vec<Uuid> {
        let waiting = self.world.store.waiting(self.ann.scope, kind, 9).await.unwrap();
        let now = Timestamp::now();
        assert!(waiting.iter().all(|work| work.due_at <= now), "and it is done now: {waiting:?}");
        waiting.into_iter().map(|work| work.id).collect()
    }
}

#[tokio::test]
async fn who_takes_a_tenant_records_behind_what_waits() {
    let scene = Scene::new().await;
    let Scene { world, ann, gateway, install } = &scene;
    let [inbound, execution, effect] = scene.left_behind().await;
    let (member, _heard) = world.store.join(true).await.unwrap();
    assert_eq!(member.take(&vec![ann.scope]).await.unwrap().len(), 1);

    let second = ann.queue(*gateway, *install).await;
    assert_eq!(scene.waiting(WorkKind::Execution).await, [execution, second.uuid()]);
    let mut commit = writes([], []);
    commit.effects = vec![new_effect(*gateway), new_effect(*gateway)];
    let effects: Vec<_> = commit.effects.iter().map(|effect| effect.id.uuid()).collect();
    ann.finish(second, *install, &commit).await.unwrap();
    assert_eq!(scene.waiting(WorkKind::Effect).await, [effect, effects[0], effects[1]]);
    let next = ann.deliver(*gateway, "next").await;
    assert_eq!(scene.waiting(WorkKind::Inbound).await, [inbound, next.uuid()]);
}

/// Any node takes deliveries in, also one that works for nobody.
#[tokio::test]
async fn deliveries_are_recorded_behind_those_that_wait() {
    let scene = Scene::new().await;
    let Scene { world, ann, gateway, .. } = &scene;
    let [inbound, ..] = scene.left_behind().await;
    if crate::DIALECT == Dialect::Sqlite {
        // There is one, which looks at its start.
        world.store.join(true).await.unwrap();
    }
    let order =
        [inbound, ann.deliver(*gateway, "one").await.uuid(), ann.deliver(*gateway, "two").await.uuid()];
    assert_eq!(scene.waiting(WorkKind::Inbound).await, order);
}
