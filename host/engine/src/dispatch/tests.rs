//! What comes to no end that could be recorded.

use super::*;
use crate::catalogue::Catalogue;
use crate::engine::EngineConfig;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use twobot_domain::manifest::EventKind;
use twobot_domain::{EventId, ExecutionId, GatewayId, InboundId, InstallId, PlanCatalogue, Usage};
use twobot_gateways::{Connectors, EgressClients, EgressPolicy};
use twobot_runtime::{Machine, MachineConfig};
use twobot_store::accounts::NewAccount;
use twobot_store::dead_letters::{DeadLetter, DeadLetterFilter};
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::gateways::NewGateway;
use twobot_store::inbound::{Accepted, Decoded, NewInbound};
use twobot_store::installs::{InstallState, NewInstall};
use twobot_store::{MasterKey, PageRequest, Store, TenantScope};

/// An engine without components, which takes nothing up by itself, and a tenant of it with a gateway and an install.
struct Place {
    engine: Engine,
    scope: TenantScope,
    gateway: GatewayId,
    install: InstallId,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, MasterKey::new([1; 32])).await.unwrap();
        store.migrate().await.unwrap();
        let account = NewAccount {
            email: "a@example.org".to_owned(),
            name: "A".to_owned(),
            password_hash: "-".to_owned(),
            role: "owner".to_owned(),
            plan: "pro".to_owned(),
        };
        let scope = store.register(&account).await.unwrap().0;
        let gateway = NewGateway {
            kind: "none".to_owned(),
            name: "Bot".to_owned(),
            config: json!({}),
            credentials: None,
            webhook_secret: "secret-secret-secret-secret".to_owned().into(),
        };
        let gateway = store.create_gateway(scope, &gateway, None).await.unwrap().id;
        let install = NewInstall {
            slug: "none".to_owned(),
            version: "0.0.1".to_owned(),
            digest: "0".repeat(64),
            state: InstallState::Enabled,
            config: json!({}),
            grants: Vec::new(),
            asked: Vec::new(),
            bindings: BTreeMap::new(),
        };
        store.create_install(scope, &install, None).await.unwrap();
        let install = store.install(scope, "none").await.unwrap().id;
        let engine = Engine::new(EngineConfig {
            store,
            machine: Machine::new(MachineConfig::new([2; 32], NonZeroUsize::MIN)).unwrap(),
            plans: PlanCatalogue::load("full").unwrap(),
            catalogue: Catalogue::default(),
            connectors: Connectors::default(),
            egress: EgressClients::for_plugins(EgressPolicy::parse("").unwrap()).unwrap(),
            public_url: None,
            marks: None,
            redis: None,
        });
        Self { engine, scope, gateway, install, folder }
    }

    async fn deliver(&self) -> InboundId {
        let new = NewInbound {
            gateway: self.gateway,
            provider_id: InboundId::new().to_string(),
            body: "{}".to_owned(),
            waiting_limit: 9,
        };
        match self.engine.store().accept(self.scope, new).await.unwrap() {
            Accepted::New(id) => id,
            Accepted::Duplicate => panic!("it is new"),
        }
    }

    /// An execution of the install, for an event.
    async fn execution(&self) {
        let store = self.engine.store();
        let inbound = self.deliver().await;
        let event = NewEvent {
            id: EventId::new(),
            gateway: Some(self.gateway),
            inbound: Some(inbound),
            kind: EventKind::Message.as_str(),
            lane: "lane".to_owned(),
            payload: "{}".to_owned(),
            occurred_at: Timestamp::now(),
        };
        let execution = NewExecution {
            id: ExecutionId::new(),
            install: self.install,
            event: Some(event.id),
            cause: Cause::Event,
            event_kind: EventKind::Message.as_str().to_owned(),
            lane: "lane".to_owned(),
            depth: 0,
        };
        let decoded = Decoded::Events(vec![(event, vec![execution])]);
        let inbound = store.inbound(self.scope, inbound).await.unwrap();
        store.finish_inbound(self.scope, &inbound, &decoded, &Usage::default()).await.unwrap();
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        let (filter, page) = (DeadLetterFilter::default(), PageRequest::default());
        self.engine.store().dead_letters(self.scope, &filter, page).await.unwrap().items
    }
}

#[tokio::test]
async fn what_can_not_be_recorded_is_tried_with_growing_pauses_and_then_given_up() {
    let place = Place::new().await;
    let (engine, scope) = (&place.engine, place.scope);
    place.execution().await;
    place.deliver().await;
    // Neither has a component, and that can not be recorded of it.
    let url = format!("sqlite:{}", place.folder.path().join("test.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    for trigger in [
        "CREATE TRIGGER one BEFORE UPDATE ON inbound WHEN NEW.note LIKE 'this host has%' BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER two BEFORE UPDATE ON executions WHEN NEW.trouble LIKE '%plugin_missing%' BEGIN SELECT RAISE(ABORT, 'no'); END",
    ] {
        sqlx::query(trigger).execute(&mut database).await.unwrap();
    }
    for (number, kind) in [WorkKind::Inbound, WorkKind::Execution].into_iter().enumerate() {
        let queue = Arc::new(Queue::default());
        let work = engine.store().waiting(scope, kind, 9).await.unwrap().remove(0);
        let conditions =
            Settled { token: 0, revision: 0, at_once: AtOnce { tenant: 9, install: 9 }, weight: 1 };
        let look = |now| {
            let choice = queue.choose(scope, vec![work.clone()], now, conditions, &mut Seen::default(), true);
            (choice.chosen.len(), choice.next_due)
        };
        let mut now = Timestamp::now();
        for times in 1..=stumbles::MOST {
            assert_eq!(place.letters().await.len(), number, "{kind:?} {times}");
            assert_eq!(look(now), (1, None));
            let job = Job::new(engine, &queue, kind, work.clone(), None);
            job.work().await;
            drop(job);
            if times == stumbles::MOST {
                break;
            }
            let (started, due) = look(now);
            let pause = (due.unwrap().0 - Timestamp::now().0) as f64 / 1_000.0;
            let shortest = f64::from(1 << (times - 1)).min(300.0);
            assert!(started == 0 && pause > shortest - 1.0 && pause < 1.3 * shortest, "{times}: {pause}");
            now = due.unwrap();
        }
        // It has its outcome, and holds up nothing.
        assert!(engine.store().waiting(scope, kind, 9).await.unwrap().is_empty());
        assert_eq!(queue.in_flight(scope), 0);
    }
    let letters = place.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().any(|letter| letter.trouble.code == "not_recorded"), "{letters:#?}");
}

#[tokio::test]
async fn what_panics_is_known_by_who_waits_for_it() {
    assert_eq!(stumbles::unless_it_panics(async { 1 }).await, Some(1));
    let after_a_while = async {
        tokio::task::yield_now().await;
        panic!("as a test");
    };
    assert_eq!(stumbles::unless_it_panics(after_a_while).await, None::<()>);
}
