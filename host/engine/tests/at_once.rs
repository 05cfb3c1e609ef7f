//! How much of a tenant runs at the same time: what is over the plan's limits waits in its queue, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::{FakeTelegram, TestHost};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::manifest::EventKind;
use twobot_domain::{EventId, ExecutionId, GatewayError, Timestamp, Trouble, Usage};
use twobot_store::TenantScope;
use twobot_store::accounts::WorkspaceState;
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, NewExecution, WorkKind};
use twobot_store::inbound::{Accepted, Decoded};
use twobot_store::schedules::NewSchedule;

/// A provider that lets messages through when it may: a place in the first semaphore for each that came so far.
fn gated() -> (FakeTelegram, Arc<Semaphore>, Arc<Semaphore>) {
    let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
    (FakeTelegram { gate, ..FakeTelegram::default() }, arrived, release)
}

/// A script for the probe that sends a message and waits until it is sent.
fn perform(gateway: twobot_domain::GatewayId) -> String {
    let arguments = json!({"chat_id": 1, "text": "hello"}).to_string();
    let call = json!({"gateway": gateway.to_string(), "operation": "sendMessage", "arguments": arguments});
    json!({"steps": [{"perform_call": call}]}).to_string()
}

fn in_an_hour() -> Timestamp {
    Timestamp::now().plus_millis(3_600_000)
}

async fn states(host: &TestHost, scope: TenantScope, slug: &str) -> Vec<String> {
    let executions = host.executions(scope).await;
    executions.into_iter().filter(|one| one.slug == slug).map(|one| one.state.as_str().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_runs_so_often_at_once_and_others_go_on_beside_it() {
    let (telegram, arrived, release) = gated();
    let host = TestHost::with_probe_and(telegram).await;
    let (busy, other) = (host.tenant("pro").await, host.tenant("pro").await);
    let (busy_bot, other_bot) = (host.bot(busy).await, host.bot(other).await);
    host.install(busy, "probe", "channels", busy_bot, json!({})).await;
    host.install(busy, "analytics", "sources", busy_bot, json!({})).await;
    host.install(other, "probe", "channels", other_bot, json!({})).await;

    // Each waits for a gateway of its own tenant, of which five may run: with one count for both, nothing would go on.
    for chat in 0..7 {
        host.say(busy_bot, chat, 100 + chat, &perform(busy_bot)).await;
    }
    host.until("five wait for their messages", async || arrived.available_permits() == 5).await;
    host.until("the other plugin is done", async || {
        let states = states(&host, busy, "analytics").await;
        states.len() == 7 && states.iter().all(|state| state == "succeeded")
    })
    .await;
    let occupied = host.engine.machine().occupied(busy.tenant());
    assert_eq!((occupied.plugins, occupied.gateways), (5, 5));
    assert_eq!(occupied.waiting, 0, "the sixth and seventh wait in their queue, where they take nothing");
    assert_eq!(states(&host, busy, "probe").await, ["waiting"; 7]);

    host.say(other_bot, 1, 1, &perform(other_bot)).await;
    host.until("another tenant's goes on", async || arrived.available_permits() == 6).await;
    assert_eq!(host.engine.machine().occupied(busy.tenant()).plugins, 5);

    release.add_permits(100);
    host.settled(busy).await;
    host.settled(other).await;
    assert_eq!(states(&host, busy, "probe").await, ["succeeded"; 7]);
    assert_eq!(host.telegram.sent().len(), 8);
    assert_eq!(host.engine.machine().occupied(busy.tenant()), Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_go_out_so_many_at_once() {
    let (telegram, arrived, release) = gated();
    let host = TestHost::with_probe_and(telegram).await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    for chat in 0..8 {
        host.say(bot, chat, 100 + chat, "hi").await;
    }
    // Decoding goes on meanwhile: it waits for no provider, and is counted apart.
    host.until("five are sent", async || arrived.available_permits() == 5).await;
    assert_eq!(host.engine.machine().occupied(scope.tenant()).gateways, 5);
    release.add_permits(100);
    host.settled(scope).await;
    assert_eq!(host.telegram.sent().len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_behind_the_crowd_of_a_busy_install_are_found() {
    let (telegram, arrived, release) = gated();
    let host = TestHost::with_probe_and(telegram).await;
    let scope = host.tenant("enterprise").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    host.install(scope, "analytics", "sources", bot, json!({})).await;
    let store = host.engine.store();
    // Of the probe alone more than the dispatcher looks at in one go, and an execution of the other plugin behind each.
    for chat in 0..300 {
        host.say(bot, chat, 1_000 + chat, &perform(bot)).await;
    }
    host.until("all deliveries are decoded", async || {
        store.waiting(scope, WorkKind::Inbound, 1).await.unwrap().is_empty()
    })
    .await;
    let probe = store.install(scope, "probe").await.unwrap().id;
    host.until("nothing but the busy one's waits", async || {
        let waiting = store.waiting(scope, WorkKind::Execution, 1_000).await.unwrap();
        waiting.iter().all(|work| work.install == Some(probe))
    })
    .await;
    assert_eq!(arrived.available_permits(), 5, "meanwhile the busy one got no further");
    release.add_permits(1_000);
    host.settled(scope).await;
    assert_eq!(host.telegram.sent().len(), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_one_event_at_a_time_gets_one_whatever_it_comes_of() {
    let (telegram, arrived, release) = gated();
    let asks = "storage send one-at-a-time";
    let host = TestHost::with_probe_asking_and(asks, telegram).await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    let store = host.engine.store();
    let install = store.install(scope, "probe").await.unwrap().id;

    // A message that waits for its answer. Beside it, a message of another conversation, a schedule, and an effect that fails: a
    // person's action asks for that, and actions do not wait for events.
    host.say(bot, 1, 1, &perform(bot)).await;
    host.until("the first waits for its message", async || arrived.available_permits() == 1).await;
    host.say(bot, 2, 2, r#"{"steps": []}"#).await;
    let name = "daily".to_owned();
    let (cron, time_zone) = ("0 6 1 1 *".to_owned(), "UTC".to_owned());
    let due = NewSchedule { name, cron, time_zone, due_at: Timestamp::now() };
    store.set_schedules(scope, install, &[due]).await.unwrap();
    let call = json!({"gateway": bot.to_string(), "operation": "sendMessage", "arguments": "[]"});
    let input = json!({"steps": [{"send_call": call}]});
    host.engine.run_action(scope, "probe", "script", input).await.unwrap();

    let events = async || {
        let all = host.executions(scope).await;
        all.into_iter().filter(|one| one.event_kind != "script").collect::<Vec<_>>()
    };
    host.until("all four are queued", async || events().await.len() == 4).await;
    // They wait in one lane, in which nothing overtakes the first.
    let lanes: Vec<_> = store.waiting(scope, WorkKind::Execution, 9).await.unwrap();
    let lanes: Vec<_> = lanes.into_iter().map(|work| work.lane).collect();
    assert_eq!(lanes, vec![install.to_string(); 4]);
    assert_eq!(states(&host, scope, "probe").await.iter().filter(|state| *state == "waiting").count(), 4);
    assert_eq!(host.engine.machine().occupied(scope.tenant()).plugins, 1);
    release.add_permits(100);
    host.settled(scope).await;
    let mut kinds: Vec<_> = events().await.into_iter().map(|one| (one.event_kind, one.state)).collect();
    kinds.sort();
    let done = ["effect_failed", "message", "message", "scheduled"];
    assert_eq!(kinds, done.map(|kind| (kind.to_owned(), "succeeded".to_owned())));
}

/// More than the dispatcher looks at in one go.
const MANY: i64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_deliveries_wait_holds_up_no_other_one() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let (late, other) = (host.bot(scope).await, host.bot(scope).await);
    let store = host.engine.store();
    store.set_workspace_state(scope, WorkspaceState::Stopped).await.unwrap();
    for update in 0..MANY {
        let accepted = host.say(late, update, 1, "hi").await;
        if let (0, Accepted::New(first)) = (update, accepted) {
            store.postpone_inbound(scope, first, in_an_hour()).await.unwrap();
        }
    }
    host.say(other, 1, 1, "hi").await;
    store.set_workspace_state(scope, WorkspaceState::Running).await.unwrap();
    host.engine.workspace_changed(scope);
    let waiting = async || store.waiting(scope, WorkKind::Inbound, 1_000).await.unwrap();
    host.until("the other's is decoded", async || waiting().await.len() == MANY as usize).await;
    assert!(waiting().await.iter().all(|work| work.lane == late.uuid().simple().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_events_wait_holds_up_no_other_one() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, json!({})).await;
    host.install(scope, "analytics", "sources", bot, json!({})).await;
    let store = host.engine.store();
    let installs =
        [store.install(scope, "auto-reply").await.unwrap(), store.install(scope, "analytics").await.unwrap()];
    store.set_workspace_state(scope, WorkspaceState::Stopped).await.unwrap();
    let Accepted::New(inbound) = host.say(bot, 1, 1, "hi").await else { panic!("it is new") };
    let inbound = store.inbound(scope, inbound).await.unwrap();
    // Many in one lane, as of a plugin that takes one event at a time, and one of the other plugin behind them.
    let event = |number: i64| {
        let event = NewEvent {
            id: EventId::new(),
            gateway: Some(bot),
            inbound: Some(inbound.id),
            kind: EventKind::Message.as_str(),
            lane: "lane".to_owned(),
            payload: "{}".to_owned(),
            occurred_at: Timestamp::now(),
        };
        let install = installs[usize::from(number == MANY)].id;
        let execution = NewExecution {
            id: ExecutionId::new(),
            install,
            event: Some(event.id),
            cause: Cause::Event,
            event_kind: event.kind.to_owned(),
            lane: install.to_string(),
            depth: 0,
        };
        (event, vec![execution])
    };
    let events: Vec<_> = (0..=MANY).map(event).collect();
    let (first, last) = (events[0].1[0].id, events[MANY as usize].1[0].id);
    store.finish_inbound(scope, &inbound, &Decoded::Events(events), &Usage::default()).await.unwrap();
    let trouble = Trouble::new("later", "Later", "It waits.", "Wait.");
    store.postpone_execution(scope, first, &trouble, in_an_hour()).await.unwrap();
    store.set_workspace_state(scope, WorkspaceState::Running).await.unwrap();
    host.engine.workspace_changed(scope);
    host.until("the other one's has its outcome", async || {
        store.execution(scope, last).await.unwrap().state != "waiting"
    })
    .await;
    let waiting = store.waiting(scope, WorkKind::Execution, 1_000).await.unwrap();
    assert_eq!(waiting.len(), MANY as usize, "and none of the other's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_whose_effects_wait_holds_up_no_other_one() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let rules = json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]});
    host.install(scope, "auto-reply", "channels", bot, rules).await;
    // The provider wants to hear nothing more of the first for an hour.
    host.telegram.send_failures.lock().push_back(GatewayError::RateLimited(Some(3_600)));
    for update in 0..MANY {
        host.say(bot, update, 1, "late").await;
    }
    let store = host.engine.store();
    host.until("all that is to be sent is known", async || {
        store.waiting(scope, WorkKind::Effect, 1_000).await.unwrap().len() == MANY as usize
    })
    .await;
    host.say(bot, MANY, 2, "now").await;
    host.until("the other conversation's is sent", async || {
        host.telegram.sent().last().is_some_and(|text| text == "echo now")
    })
    .await;
    assert_eq!(host.telegram.sent(), ["echo late", "echo now"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_may_have_ended_the_process_take_no_places_of_the_innocent() {
    let (telegram, arrived, _release) = gated();
    let host = TestHost::with_probe_and(telegram).await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    for chat in 0..MANY {
        host.say(bot, chat, chat, &perform(bot)).await;
    }
    host.until("all are decoded, and some run", async || {
        let inbound = host.engine.store().waiting(scope, WorkKind::Inbound, 1).await.unwrap();
        inbound.is_empty() && arrived.available_permits() == 5
    })
    .await;
    let (telegram, arrived, release) = gated();
    let (_old, host) = host.die_and_restart(telegram, 2).await;
    host.until("one of them runs", async || arrived.available_permits() == 1).await;
    host.say(bot, MANY, MANY, &perform(bot)).await;
    host.until("and somebody else beside it", async || arrived.available_permits() == 2).await;
    assert_eq!(host.engine.machine().occupied(scope.tenant()).plugins, 2);
    release.add_permits(1_000);
}
