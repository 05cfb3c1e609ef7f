//! Several nodes on one database: each event is handled once and in order, wherever it arrives and whichever node goes away.
//!
//! Needs the server that `cargo xtask test` or `cargo xtask postgres <command>` starts.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::postgres::Database;
use common::{FakeTelegram, TestHost};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use twobot_domain::GatewayId;
use twobot_engine::{LiveEvent, Role};
use twobot_store::TenantScope;
use twobot_store::audit::By;
use twobot_store::chat::Author;

/// Less than two sweeps take: what happens often within this time happened by wake-ups.
const SOON: Duration = Duration::from_secs(25);

fn rules() -> Value {
    json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]})
}

/// A tenant with a bot that answers.
async fn answering(host: &TestHost) -> (TenantScope, GatewayId) {
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    (scope, bot)
}

/// The texts that were sent to a chat, in order.
fn sent_to(telegram: &FakeTelegram, chat: i64) -> Vec<String> {
    let calls = telegram.calls.lock();
    let sent = calls.iter().filter(|(operation, arguments)| {
        operation == "sendMessage" && arguments["chat_id"].to_string().trim_matches('"') == chat.to_string()
    });
    sent.map(|(_, arguments)| arguments["text"].as_str().unwrap().to_owned()).collect()
}

/// A provider that says when a message is to be sent, and lets it through when it may.
fn gated() -> (Arc<FakeTelegram>, Arc<Semaphore>, Arc<Semaphore>) {
    let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
    (Arc::new(FakeTelegram { gate, ..FakeTelegram::default() }), arrived, release)
}

/// Tenants that each node works for, in the order in which the nodes joined.
async fn shares(database: &Database) -> Vec<i64> {
    let mut shares = Vec::new();
    for place in 0..database.number("SELECT count(*) FROM nodes").await {
        let node = format!("(SELECT id FROM nodes ORDER BY joined_at, id OFFSET {place} LIMIT 1)");
        shares.push(database.number(&format!("SELECT count(*) FROM leases WHERE node_id = {node}")).await);
    }
    shares
}

/// The node that works for a tenant, by its place among those that joined.
async fn is_at(database: &Database, scope: TenantScope, place: usize) -> bool {
    let node = format!("(SELECT id FROM nodes ORDER BY joined_at, id OFFSET {place} LIMIT 1)");
    let count =
        format!("SELECT count(*) FROM leases WHERE tenant_id = '{}' AND node_id = {node}", scope.tenant());
    database.number(&count).await == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_tenants_and_answer_each_message_once_and_in_order() {
    let database = Database::empty().await;
    let telegram = Arc::new(FakeTelegram::default());
    let nodes = [
        TestHost::node(&database, &telegram, Role::All).await,
        TestHost::node(&database, &telegram, Role::All).await,
    ];
    let mut tenants = Vec::new();
    for place in 0..6 {
        tenants.push(answering(&nodes[place % 2]).await);
    }
    assert!(shares(&database).await.iter().all(|share| *share > 0), "{:?}", shares(&database).await);
    // The messages of a conversation come to both nodes by turns, and each comes twice.
    for number in 0..12 {
        for (place, (_, bot)) in tenants.iter().enumerate() {
            let chat = 100 + i64::try_from(place).unwrap();
            nodes[number % 2].say(*bot, number as i64, chat, &number.to_string()).await;
            nodes[(number + 1) % 2].say(*bot, number as i64, chat, &number.to_string()).await;
        }
    }
    for (place, (scope, _)) in tenants.iter().enumerate() {
        nodes[0].settled(*scope).await;
        let expected: Vec<_> = (0..12).map(|number| format!("echo {number}")).collect();
        assert_eq!(sent_to(&telegram, 100 + i64::try_from(place).unwrap()), expected);
        let executions = nodes[1].executions(*scope).await;
        assert_eq!(executions.len(), 12);
        assert!(executions.iter().all(|one| one.state == "succeeded"));
    }
    assert_eq!(database.number("SELECT count(*) FROM effects WHERE attempt <> 1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_at_a_node_that_only_serves_is_done_by_one_that_works() {
    let database = Database::empty().await;
    let (idle, busy) = (Arc::new(FakeTelegram::default()), Arc::new(FakeTelegram::default()));
    let serving = TestHost::node(&database, &idle, Role::Api).await;
    let scope = serving.tenant("pro").await;
    let credentials = json!({"token": "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    let by = By::system();
    let created =
        serving.engine.create_gateway(scope, &by, "telegram-bot", "Bot", json!({}), Some(credentials));
    let bot = created.await.unwrap().id;
    serving.engine.connect_gateway(scope, &by, bot).await.unwrap();
    serving.install(scope, "auto-reply", "channels", bot, rules()).await;
    serving.say(bot, 0, 7, "before").await;

    // Nobody works yet; who comes finds everything.
    let working = TestHost::node(&database, &busy, Role::Worker).await;
    working.until("it is answered", async || busy.sent() == ["echo before"]).await;
    working
        .until("the gateway is connected", async || {
            working.engine.store().gateway(scope, bot).await.unwrap().status.as_str() == "connected"
        })
        .await;
    let wakened = async {
        for number in 1..=6 {
            serving.say(bot, number, 7, &number.to_string()).await;
            working.until("it is answered", async || busy.sent().len() == 1 + number as usize).await;
        }
    };
    timeout(SOON, wakened).await.expect("a message is answered when it comes, and not when a sweep finds it");
    serving.engine.disconnect_gateway(scope, &by, bot).await.unwrap();
    assert!(idle.calls.lock().is_empty(), "the other node did nothing: {:?}", idle.calls.lock());
    assert!(is_at(&database, scope, 1).await);

    // What somebody waits for runs where it is asked for.
    serving.engine.connect_gateway(scope, &by, bot).await.unwrap();
    assert!(serving.engine.test_gateway(scope, bot).await.unwrap().is_ok());
    assert_eq!(idle.calls.lock().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_on_one_node_sees_what_happens_on_another() {
    let database = Database::empty().await;
    let telegram = Arc::new(FakeTelegram::default());
    let serving = TestHost::node(&database, &telegram, Role::Api).await;
    let working = TestHost::node(&database, &telegram, Role::Worker).await;
    let scope = serving.tenant("pro").await;
    let by = By::system();
    let chat = serving.engine.create_gateway(scope, &by, "web-chat", "Chat", json!({}), None).await.unwrap();
    let mut live = serving.engine.live().subscribe(scope);
    serving.engine.connect_gateway(scope, &by, chat.id).await.unwrap();
    serving.install(scope, "auto-reply", "channels", chat.id, rules()).await;
    let conversation = serving.engine.store().create_conversation(scope, chat.id, "Test").await.unwrap();
    serving.engine.post_chat_message(scope, conversation.id, "Ann", "hi", None).await.unwrap();

    let (mut connected, mut run, mut answered) = (false, false, false);
    let all = async {
        while !(connected && run && answered) {
            match live.recv().await.unwrap() {
                LiveEvent::Gateway { id, status } if id == chat.id => connected |= status == "connected",
                LiveEvent::Execution { state, slug, .. } => {
                    run |= state == "succeeded" && slug == "auto-reply"
                }
                LiveEvent::ChatMessage(message) if message.author == Author::Bot => {
                    assert_eq!((message.text.as_str(), message.conversation), ("echo hi", conversation.id));
                    answered = true;
                }
                _ => {}
            }
        }
    };
    let all = timeout(SOON, all).await;
    assert!(all.is_ok(), "connected {connected}, run {run}, answered {answered}");
    drop(working);
}

#[test]
fn the_work_of_a_node_that_was_killed_goes_on_elsewhere() {
    let here = tokio::runtime::Runtime::new().unwrap();
    let there = tokio::runtime::Runtime::new().unwrap();
    let database = here.block_on(Database::empty());
    let (stuck, arrived, _release) = gated();
    let telegram = Arc::new(FakeTelegram::default());
    let killed = there.block_on(TestHost::node(&database, &stuck, Role::All));
    let (scope, bot) = there.block_on(answering(&killed));
    there.block_on(async {
        for number in 0..3 {
            killed.say(bot, number, 9, &number.to_string()).await;
        }
        // In the middle of sending.
        arrived.acquire().await.unwrap().forget();
    });
    let node = here.block_on(TestHost::node(&database, &telegram, Role::All));
    assert!(here.block_on(is_at(&database, scope, 0)));
    // Nothing of it is brought to an end: its tasks are dropped where they are, with their connections.
    there.shutdown_background();
    here.block_on(async {
        // Its time would not be over for an hour.
        let late = "UPDATE nodes SET until = until + 3600000 WHERE id = (SELECT id FROM nodes ORDER BY joined_at, id LIMIT 1)";
        database.execute(late).await;
        node.settled(scope).await;
        assert_eq!(telegram.sent(), ["echo 0", "echo 1", "echo 2"]);
        assert_eq!(shares(&database).await, [1]);
        assert_eq!(database.number("SELECT count(*) FROM executions").await, 3);
    });
    // The old one's threads have nothing more to do.
    std::mem::forget(killed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_back_after_others_took_over_changes_nothing() {
    let database = Database::empty().await;
    let (stuck, arrived, release) = gated();
    let telegram = Arc::new(FakeTelegram::default());
    let stopped = TestHost::node(&database, &stuck, Role::All).await;
    let (scope, bot) = answering(&stopped).await;
    stopped.say(bot, 1, 9, "hi").await;
    arrived.acquire().await.unwrap().forget();
    let node = TestHost::node(&database, &telegram, Role::All).await;
    let first = "(SELECT id FROM nodes ORDER BY joined_at, id LIMIT 1)";
    let id: HashSet<i64> =
        [database.number(&format!("SELECT lock_number FROM nodes WHERE id = {first}")).await].into();
    let lock = id.into_iter().next().unwrap();
    node.until("the other took over", async || {
        // As if it had been heard of last a long time ago. It may just say that it lives; then once more.
        database.execute(&format!("UPDATE nodes SET until = 1 WHERE lock_number = {lock}")).await;
        telegram.sent() == ["echo hi"]
    })
    .await;
    // It goes on where it was, and records what came of it: for nobody.
    release.add_permits(1);
    node.settled(scope).await;
    node.until("it has joined anew", async || database.number("SELECT count(*) FROM nodes").await == 2).await;
    assert_eq!(database.number("SELECT count(*) FROM effects WHERE state = 'sent'").await, 1);
    let days = node.engine.store().usage(scope, 0, i64::MAX).await.unwrap();
    assert_eq!(days.iter().map(|(_, used)| used.messages_out).sum::<u64>(), 1);

    // It works again as the node that it is now.
    node.engine.stop(SOON).await;
    stopped.say(bot, 2, 9, "again").await;
    release.add_permits(10);
    stopped.settled(scope).await;
    assert_eq!(stuck.sent().last().unwrap(), "echo again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_hands_its_work_over() {
    let database = Database::empty().await;
    let (stuck, arrived, release) = gated();
    let telegram = Arc::new(FakeTelegram::default());
    let stopping = TestHost::node(&database, &stuck, Role::All).await;
    let (quiet, quiet_bot) = answering(&stopping).await;
    let (busy, busy_bot) = answering(&stopping).await;
    let node = TestHost::node(&database, &telegram, Role::All).await;
    stopping.say(busy_bot, 1, 5, "first").await;
    arrived.acquire().await.unwrap().forget();
    stopping.say(busy_bot, 2, 5, "second").await;
    let engine = stopping.engine.clone();
    let stop = tokio::spawn(async move { engine.stop(SOON).await });
    // For whom nothing runs there, others work at once; who is in the middle of something is brought to its end.
    let handed = async {
        for number in 0..6 {
            node.say(quiet_bot, number, 6, "hello").await;
            node.until("it is answered", async || sent_to(&telegram, 6).len() == 1 + number as usize).await;
        }
    };
    timeout(SOON, handed).await.expect("without waiting for the end of the other node");
    assert!(is_at(&database, quiet, 1).await && is_at(&database, busy, 0).await);
    release.add_permits(1);
    stop.await.unwrap();
    node.settled(busy).await;
    assert_eq!(
        (sent_to(&stuck, 5), sent_to(&telegram, 5)),
        (vec!["echo first".to_owned()], vec!["echo second".to_owned()])
    );
    assert_eq!(database.number("SELECT count(*) FROM nodes").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_in_time_is_left_to_others() {
    let database = Database::empty().await;
    let (stuck, arrived, _release) = gated();
    let telegram = Arc::new(FakeTelegram::default());
    let stopping = TestHost::node(&database, &stuck, Role::All).await;
    let (scope, bot) = answering(&stopping).await;
    let node = TestHost::node(&database, &telegram, Role::All).await;
    stopping.say(bot, 1, 5, "hi").await;
    arrived.acquire().await.unwrap().forget();
    stopping.engine.stop(Duration::ZERO).await;
    node.settled(scope).await;
    assert_eq!(telegram.sent(), ["echo hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_once_for_each_time_however_many_nodes_there_are() {
    let database = Database::empty().await;
    let telegram = Arc::new(FakeTelegram::default());
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(TestHost::node(&database, &telegram, Role::All).await);
    }
    let mut tenants = Vec::new();
    for place in 0..6 {
        tenants.push(answering(&nodes[place % 3]).await.0);
    }
    // Appointments that were due before, and a regular schedule whose time has come and comes again in years.
    for kind in ["NULL", "'0 0 29 2 *'"] {
        let name = if kind == "NULL" { "'once ' || n" } else { "'leap'" };
        let many = if kind == "NULL" { 20 } else { 1 };
        let add = format!(
            "INSERT INTO schedules (id, tenant_id, install_id, name, cron, time_zone, due_at, depth) \
             SELECT gen_random_uuid(), tenant_id, id, {name}, {kind}, 'UTC', 1000 + n, 0 FROM installs, generate_series(1, {many}) n"
        );
        assert!(database.execute(&add).await >= 6);
    }
    nodes[0]
        .until("all have fired", async || {
            database.number("SELECT count(*) FROM schedules WHERE due_at < 2000").await == 0
        })
        .await;
    for scope in &tenants {
        nodes[1].settled(*scope).await;
    }
    assert_eq!(database.number("SELECT count(*) FROM events WHERE kind = 'scheduled'").await, 6 * 21);
    assert_eq!(
        database
            .number("SELECT count(DISTINCT payload || tenant_id) FROM events WHERE kind = 'scheduled'")
            .await,
        6 * 21
    );
    assert_eq!(database.number("SELECT count(*) FROM schedules WHERE name = 'leap'").await, 6, "they stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_are_shared_and_each_gateway_is_polled_by_one_node() {
    let database = Database::empty().await;
    let polls = || Arc::new(FakeTelegram { polls: true, ..FakeTelegram::default() });
    let (here, there) = (polls(), polls());
    let first = TestHost::node(&database, &here, Role::All).await;
    for _ in 0..12 {
        let scope = first.tenant("pro").await;
        first.bot(scope).await;
    }
    assert_eq!(shares(&database).await, [12]);
    first.until("all are polled", async || here.cursors.lock().len() == 12).await;
    let second = TestHost::node(&database, &there, Role::All).await;
    second
        .until("both have some", async || {
            let shares = shares(&database).await;
            shares.iter().sum::<i64>() == 12 && shares.iter().all(|share| *share >= 4)
        })
        .await;
    let moved = usize::try_from(shares(&database).await[1]).unwrap();
    second.until("what has moved is polled there", async || there.cursors.lock().len() >= moved).await;
    second.engine.stop(SOON).await;
    first.until("and comes back", async || shares(&database).await == [12]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_lost_their_connections_for_signals_hear_each_other_again() {
    let database = Database::empty().await;
    let telegram = Arc::new(FakeTelegram::default());
    let serving = TestHost::node(&database, &telegram, Role::Api).await;
    let working = TestHost::node(&database, &telegram, Role::Worker).await;
    let scope = serving.tenant("pro").await;
    let bot = serving.bot(scope).await;
    serving.install(scope, "auto-reply", "channels", bot, rules()).await;
    let listening = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                     WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(database.number(listening).await, 2);
    let heard = async {
        for number in 0..6 {
            serving.say(bot, number, 7, "hi").await;
            working.until("it is answered", async || telegram.sent().len() == 1 + number as usize).await;
        }
    };
    timeout(SOON, heard).await.expect("by signals, and not by sweeps");
    assert_eq!(database.number("SELECT count(*) FROM nodes").await, 2);
}
