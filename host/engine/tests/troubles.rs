//! What goes wrong, and what the owner is told: providers that fail, plugins that misbehave, plans that are used up.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::{ExecutionId, GatewayError, Usage};
use twobot_engine::{EngineError, LiveEvent};
use twobot_store::audit::By;
use twobot_store::chat::Author;
use twobot_store::executions::{Cause, Commit, NewExecution};
use twobot_store::gateways::GatewayStatus;
use twobot_store::{PageRequest, TenantScope};

fn rules() -> serde_json::Value {
    json!({"rules": [{"match": "any", "text": "", "reply": "echo {text}"}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_tried_again_where_that_may_help() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    host.telegram.send_failures.lock().extend([GatewayError::RateLimited(Some(0)), GatewayError::TimedOut]);
    host.say(bot, 1, 1, "hi").await;
    host.settled(scope).await;
    assert_eq!(host.telegram.sent(), ["echo hi"; 3]);
    let execution = &host.executions(scope).await[0];
    let effects = host.engine.store().effects_of(scope, execution.id).await.unwrap();
    assert_eq!((effects[0].state.as_str(), effects[0].attempt), ("sent", 2), "a wait is no try");
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!((gateway.status, gateway.trouble), (GatewayStatus::Connected, None), "it works again");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_a_provider_asks_to_wait_the_message_is_sent_in_the_end() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    let waits = std::iter::repeat_n(GatewayError::RateLimited(Some(0)), 12);
    host.telegram.send_failures.lock().extend(waits);
    host.say(bot, 1, 1, "hi").await;
    host.settled(scope).await;
    assert_eq!(host.telegram.sent().len(), 13);
    let execution = &host.executions(scope).await[0];
    let effects = host.engine.store().effects_of(scope, execution.id).await.unwrap();
    assert_eq!((effects[0].state.as_str(), effects[0].attempt), ("sent", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_shows_on_the_gateway_and_the_plugin_hears_of_the_effect() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    host.telegram.send_failures.lock().push_back(GatewayError::Unauthorized("Unauthorized".to_owned()));
    host.say(bot, 1, 1, "hi").await;
    host.settled(scope).await;
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!(gateway.status, GatewayStatus::Error);
    let trouble = gateway.trouble.unwrap();
    assert_eq!(trouble.code, "gateway_unauthorized");
    assert!(trouble.advice.contains("token"), "{}", trouble.advice);
    let executions = host.executions(scope).await;
    let kinds: Vec<_> = executions.iter().map(|one| one.event_kind.as_str()).collect();
    assert_eq!(kinds, ["message", "effect_failed"]);
    let effects = host.engine.store().effects_of(scope, executions[0].id).await.unwrap();
    assert_eq!((effects[0].state.as_str(), effects[0].attempt), ("failed", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_when_connecting_and_a_right_one_mends_it() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    *host.telegram.check_failure.lock() = Some(GatewayError::Unauthorized("Unauthorized".to_owned()));
    let bot = host.bot(scope).await;
    let gateway = host.engine.store().gateway(scope, bot).await.unwrap();
    assert_eq!(gateway.status, GatewayStatus::Error);
    let trouble = host.engine.test_gateway(scope, bot).await.unwrap().unwrap_err();
    assert_eq!(trouble.code, "gateway_unauthorized");

    *host.telegram.check_failure.lock() = None;
    let change = twobot_engine::GatewayChange {
        credentials: Some(json!({"token": "654321:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"})),
        ..Default::default()
    };
    host.engine.change_gateway(scope, &By::system(), bot, change).await.unwrap();
    host.until("it is connected", async || {
        host.engine.store().gateway(scope, bot).await.unwrap().status == GatewayStatus::Connected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_again_and_again_is_paused_and_its_owner_told() {
    let host = TestHost::new().await;
    let scope = host.tenant("free").await;
    let chat =
        host.engine.create_gateway(scope, &By::system(), "web-chat", "Chat", json!({}), None).await.unwrap();
    host.engine.connect_gateway(scope, &By::system(), chat.id).await.unwrap();
    host.install(scope, "misbehaving", "channels", chat.id, json!({"mode": "trap"})).await;
    let conversation = host.engine.store().create_conversation(scope, chat.id, "Test").await.unwrap();
    let mut live = host.engine.live().subscribe(scope);
    for number in 0..5 {
        let text = format!("{number}");
        host.engine.post_chat_message(scope, conversation.id, "Ann", &text, None).await.unwrap();
        host.settled(scope).await;
    }
    // It is paused after the last failure is recorded, and its owner told after that.
    let told = async || host.engine.store().notifications(scope, PageRequest::default()).await.unwrap().items;
    host.until("its owner is told", async || !told().await.is_empty()).await;
    let install = host.engine.store().install(scope, "misbehaving").await.unwrap();
    assert_eq!(install.state.as_str(), "paused");
    assert!(install.trouble.unwrap().detail.contains("5 times"));
    let told = told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].severity, "problem");
    // Who looks at a page sees it at once.
    let seen = async { while !matches!(live.recv().await.unwrap(), LiveEvent::Notification) {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), seen).await.unwrap();
    let page = PageRequest { limit: 200, after: None };
    let messages = host.engine.store().chat_messages(scope, conversation.id, page).await.unwrap().items;
    let notices: Vec<_> = messages.iter().filter(|message| message.author == Author::System).collect();
    assert_eq!(notices.len(), 5, "each is told in the chat");
    assert!(
        notices.iter().all(|notice| notice.trouble.as_ref().is_some_and(|trouble| trouble.code == "trapped"))
    );

    let text = "while it is paused nothing runs";
    host.engine.post_chat_message(scope, conversation.id, "Ann", text, None).await.unwrap();
    host.settled(scope).await;
    assert_eq!(host.executions(scope).await.len(), 5);
    host.engine.enable_plugin(scope, &By::system(), "misbehaving").await.unwrap();
    assert_eq!(
        host.engine.store().install(scope, "misbehaving").await.unwrap().failures,
        0,
        "it begins anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_ends_with_the_limit_and_what_was_used() {
    let host = TestHost::new().await;
    let scope = host.tenant("free").await;
    let bot = host.bot(scope).await;
    host.install(scope, "misbehaving", "channels", bot, json!({"mode": "loop"})).await;
    host.say(bot, 1, 1, "go").await;
    host.settled(scope).await;
    let execution = &host.executions(scope).await[0];
    assert_eq!(execution.state, "failed");
    let trouble = execution.trouble.clone().unwrap();
    assert!(matches!(trouble.code.as_str(), "fuel_exhausted" | "time_exceeded"), "{trouble:?}");
    let limit = trouble.limit.unwrap();
    assert!(limit.used >= limit.allowed, "{limit:?}");
    let today = twobot_domain::Timestamp::now().day();
    let (_, usage) = host.engine.store().usage(scope, today, today).await.unwrap()[0];
    assert_eq!((usage.executions, usage.failed_executions), (1, 1));
    assert!(usage.fuel >= execution.fuel);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_asks_for_it_is_tried_again_and_given_up_in_the_end() {
    let host = TestHost::new().await;
    let scope = host.tenant("free").await;
    let bot = host.bot(scope).await;
    host.install(scope, "misbehaving", "channels", bot, json!({"mode": "retry"})).await;
    host.say(bot, 1, 1, "go").await;
    host.settled(scope).await;
    let execution = &host.executions(scope).await[0];
    assert_eq!((execution.state.as_str(), execution.attempt), ("failed", 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_beyond_the_days_limit_wait_for_tomorrow() {
    let host = TestHost::with(common::FakeTelegram::default(), "mvp").await;
    let scope = host.tenant("free").await;
    let bot = host.bot(scope).await;
    host.install(scope, "auto-reply", "channels", bot, rules()).await;
    for update in 0..102 {
        host.say(bot, update, update, "hi").await;
    }
    host.until("the day's executions are used", async || {
        let all = host.executions(scope).await;
        let done = all.iter().filter(|one| one.state == "succeeded").count();
        let later =
            all.iter().filter(|one| one.trouble.as_ref().is_some_and(|why| why.code == "executions_per_day"));
        done + later.count() == 102
    })
    .await;
    let waiting = host.executions(scope).await.iter().filter(|one| one.state == "waiting").count();
    assert_eq!(waiting, 2, "exactly the allowed number ran");
}

/// What a tenant used on all days.
async fn used(host: &TestHost, scope: TenantScope) -> Usage {
    let mut sum = Usage::default();
    for (_, usage) in host.engine.store().usage(scope, 0, i64::MAX).await.unwrap() {
        sum.add(&usage);
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_beyond_the_days_limit_runs_nothing_and_one_that_loses_the_race_is_billed_for_what_it_used()
{
    let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
    let telegram = common::FakeTelegram { gate, ..Default::default() };
    let host = TestHost::with_probe_and_plans(telegram, "mvp").await;
    let scope = host.tenant("free").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    let store = host.engine.store();
    let (limits, install) =
        (host.engine.limits(scope).await.unwrap(), store.install(scope, "probe").await.unwrap().id);
    while store.executions_today(scope).await.unwrap() < 99 {
        let new = NewExecution {
            id: ExecutionId::new(),
            install,
            event: None,
            cause: Cause::Action,
            event_kind: "script".to_owned(),
            lane: String::new(),
            depth: 0,
        };
        store.begin_action(scope, &new).await.unwrap();
        let usage = Usage { executions: 1, ..Usage::default() };
        let commit = Commit { usage, ..Commit::default() };
        store.finish_execution(scope, new.id, install, &limits, &commit).await.unwrap();
    }
    let asks = json!({"steps": [{"perform": {"gateway": bot.to_string(), "text": "hello"}}]});
    let run = async |input: &Value| host.engine.run_action(scope, "probe", "script", input.clone()).await;
    let code = |answer: Result<_, EngineError>| match answer {
        Err(EngineError::Trouble(trouble)) => trouble.code,
        other => panic!("{:?}", other.map(|_: twobot_engine::ActionRun| ())),
    };

    // While the first waits for its provider, another takes the day's last place.
    let (slow, between) = tokio::join!(run(&asks), async {
        host.until("the provider is asked", async || arrived.available_permits() == 1).await;
        run(&json!({"steps": []})).await.unwrap();
        let between = used(&host, scope).await;
        release.add_permits(1);
        between
    });
    assert_eq!(code(slow), "executions_per_day");
    let after = used(&host, scope).await;
    assert_eq!((between.executions, after.executions, after.failed_executions), (100, 100, 0));
    assert!(after.fuel > between.fuel, "what it used is recorded: {after:?}");

    let calls = host.telegram.calls.lock().len();
    let runs = host.executions(scope).await.len();
    release.add_permits(1);
    assert_eq!(code(run(&asks).await), "executions_per_day");
    assert_eq!(host.telegram.calls.lock().len(), calls, "nobody is asked");
    assert_eq!((host.executions(scope).await.len(), used(&host, scope).await), (runs, after), "nothing ran");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_whose_outcome_the_database_refuses_is_given_up_as_soon_as_it_takes_that() {
    let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Some((Arc::clone(&arrived), release));
    let telegram = common::FakeTelegram { gate, ..Default::default() };
    let host = TestHost::with_probe_and(telegram).await;
    let scope = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    host.install(scope, "probe", "channels", bot, json!({})).await;
    let state = async || host.executions(scope).await[0].state.clone();
    host.meddle(
        "CREATE TRIGGER broken BEFORE UPDATE ON executions BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    .await;
    let answer = host.engine.run_action(scope, "probe", "script", json!({"steps": []})).await;
    assert!(matches!(answer, Err(EngineError::Store(_))), "{:?}", answer.err());
    assert_eq!(state().await, "running");
    host.meddle("DROP TRIGGER broken").await;
    host.until("it is given up", async || state().await == "failed").await;
    assert_eq!(host.executions(scope).await[0].trouble.as_ref().unwrap().code, "interrupted");

    // Nor does one stay for whose answer nobody waits any more.
    let asks = json!({"steps": [{"perform": {"gateway": bot.to_string(), "text": "hello"}}]});
    tokio::select! {
        answer = host.engine.run_action(scope, "probe", "script", asks) => panic!("{:?}", answer.err()),
        () = host.until("the provider is asked", async || arrived.available_permits() == 1) => {}
    }
    host.until("it is given up as well", async || {
        let all = host.executions(scope).await;
        all.len() == 2 && all.iter().all(|one| one.state == "failed")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_gets_wrong_is_named() {
    let host = TestHost::new().await;
    let scope = host.tenant("pro").await;
    let other = host.tenant("pro").await;
    let bot = host.bot(scope).await;
    let fields = |error: EngineError| match error {
        EngineError::Invalid(errors) => errors.into_iter().map(|error| error.field).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let engine = &host.engine;
    let create = async |kind: &str, config, credentials| {
        fields(engine.create_gateway(scope, &By::system(), kind, "x", config, credentials).await.unwrap_err())
    };
    assert_eq!(create("pigeon", json!({}), None).await, ["kind"]);
    assert_eq!(create("telegram-bot", json!({}), None).await, ["credentials"]);
    assert_eq!(
        create("telegram-bot", json!({}), Some(json!({"token": "nonsense"}))).await,
        ["credentials.token"]
    );
    let token = Some(json!({"token": "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}));
    assert_eq!(create("telegram-bot", json!({"mode": "pigeon"}), token).await, ["config.mode"]);

    let install = async |who, slot: &str, gateway| {
        let bindings = std::collections::BTreeMap::from([(slot.to_owned(), vec![gateway])]);
        let options = twobot_engine::InstallOptions { bindings, ..Default::default() };
        engine.install_plugin(who, &By::system(), "auto-reply", options).await
    };
    assert_eq!(fields(install(scope, "nowhere", bot).await.unwrap_err()), ["gateways.nowhere"]);
    assert_eq!(
        fields(install(scope, "assistant", bot).await.unwrap_err()),
        ["gateways.assistant"],
        "the wrong kind"
    );
    assert!(
        matches!(install(other, "channels", bot).await, Err(EngineError::NotFound("gateway"))),
        "another tenant's is as if it was not there"
    );
    install(scope, "channels", bot).await.unwrap();
    assert!(matches!(install(scope, "channels", bot).await, Err(EngineError::Conflict(_))));
    assert!(matches!(
        engine.enable_plugin(other, &By::system(), "auto-reply").await,
        Err(EngineError::NotFound(_))
    ));
    let none = std::collections::BTreeMap::from([("channels".to_owned(), Vec::new())]);
    assert_eq!(
        fields(engine.bind_gateways(scope, &By::system(), "auto-reply", none).await.unwrap_err()),
        ["gateways.channels"]
    );
    let action = engine.run_action(scope, "auto-reply", "test", json!({"text": 5})).await.unwrap_err();
    assert_eq!(fields(action), ["input.text"]);
    assert!(matches!(
        engine.run_action(scope, "auto-reply", "nothing", json!({})).await,
        Err(EngineError::NotFound("action"))
    ));
}
