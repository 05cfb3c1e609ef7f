//! A tenant with a row of every kind: what an intruder would like to reach.

use crate::world::{
    Tenant, World, new_api_key, new_challenge, new_event, new_execution, new_session, new_token, set,
    trouble, turn_on, usage, writes,
};
use secrecy::SecretString;
use twobot_domain::{
    ApiKeyId, AuditAction, ChatMessageId, ConversationId, EffectId, EffectOrigin, EventId, ExecutionId,
    FailureClass, GatewayId, InboundId, InstallId, NotificationId, SessionId, Timestamp, TwoFactorId, UserId,
};
use twobot_store::account_tokens::TokenPurpose;
use twobot_store::audit::{By, Note, Target};
use twobot_store::chat::{Author, NewChatMessage};
use twobot_store::executions::{Appointment, Denial, Failure, Kept, LogLine, NewEffect, NewNotification};
use twobot_store::gateways::GatewayStatus;
use twobot_store::idempotency::{Begun, NamedRequest};
use twobot_store::inbound::Decoded;
use twobot_store::journal::LeftCall;
use twobot_store::outbound::NewTry;
use twobot_store::schedules::NewSchedule;
use twobot_store::setups::Setup;
use twobot_store::warnings::LimitWarning;
use twobot_store::{PageRequest, TenantScope};
use uuid::Uuid;

/// The ids of what a tenant has.
#[derive(Clone)]
pub(crate) struct Estate {
    pub(crate) scope: TenantScope,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// What renews it.
    pub(crate) renewal: SecretString,
    /// What its codes are computed from.
    pub(crate) setup: TwoFactorId,
    pub(crate) api_key: ApiKeyId,
    pub(crate) gateway: GatewayId,
    /// The provider's id of the delivery that was decoded.
    pub(crate) provider_id: String,
    /// A delivery that waits.
    pub(crate) inbound: InboundId,
    pub(crate) event: EventId,
    pub(crate) install: InstallId,
    /// An execution that succeeded, with a log and an effect.
    pub(crate) done: ExecutionId,
    /// An execution that waits, with an intent in its journal.
    pub(crate) waiting: ExecutionId,
    /// An execution and a delivery that were given up.
    pub(crate) failed: ExecutionId,
    pub(crate) malformed: InboundId,
    /// An effect that waits.
    pub(crate) effect: EffectId,
    pub(crate) conversation: ConversationId,
    /// The person's message.
    pub(crate) question: ChatMessageId,
    /// The bot's message.
    pub(crate) answer: ChatMessageId,
    pub(crate) notification: NotificationId,
    /// A request that was begun under a name.
    pub(crate) request: Uuid,
}

/// A request under a name.
pub(crate) fn named(caller: UserId, name: &str) -> NamedRequest {
    NamedRequest { caller: caller.uuid(), name: name.to_owned(), request: [1; 32] }
}

pub(crate) fn new_effect(gateway: GatewayId) -> NewEffect {
    NewEffect {
        id: EffectId::new(),
        gateway,
        kind: "send_message",
        action: "{}".to_owned(),
        lane: "conversation".to_owned(),
    }
}

/// A try to post something.
pub(crate) fn new_try(
    gateway: GatewayId,
    origin: EffectOrigin,
    message: &str,
    status: Option<u16>,
) -> NewTry {
    NewTry {
        gateway,
        origin,
        message: message.to_owned(),
        status,
        answer: "said".to_owned(),
        problem: status.is_none_or(|status| status >= 300).then(|| "why not".to_owned()),
        took_ms: 7,
    }
}

pub(crate) fn line(message: &str) -> LogLine {
    LogLine {
        at: Timestamp(5),
        level: "warn",
        message: message.to_owned(),
        fields: vec![("key".to_owned(), "value".to_owned())],
    }
}

pub(crate) fn appointment(name: &str, due_at: i64) -> Appointment {
    Appointment::Once {
        name: name.to_owned(),
        due_at: Timestamp(due_at),
        data: Some("back".to_owned()),
        depth: 0,
    }
}

pub(crate) fn notification(title: &str) -> NewNotification {
    NewNotification { severity: "warning", title: title.to_owned(), text: "More".to_owned() }
}

pub(crate) fn schedule(name: &str, cron: &str, due_at: i64) -> NewSchedule {
    NewSchedule {
        name: name.to_owned(),
        cron: cron.to_owned(),
        time_zone: "UTC".to_owned(),
        due_at: Timestamp(due_at),
    }
}

pub(crate) fn denial(capability: &str) -> Denial {
    Denial { capability: capability.parse().unwrap(), detail: String::new(), count: 3 }
}

/// What a person's doing is recorded as.
pub(crate) fn note(action: AuditAction) -> Note {
    let target = Target { kind: "plugin", id: "analytics".to_owned(), name: "Analytics".to_owned() };
    Note::new(&By::user(UserId::from_uuid(uuid::Uuid::nil()), "Ann"), action, target)
}

pub(crate) fn failure(retry_at: Option<Timestamp>) -> Failure {
    Failure {
        trouble: trouble("trap"),
        class: FailureClass::Plugin,
        retry_at,
        denials: Vec::new(),
        logs: vec![line("failed")],
        usage: twobot_domain::Usage { failed_executions: 1, ..usage() },
        digest: Some("sha256:one".to_owned()),
        kept: kept(),
    }
}

/// That so much of a limit is used.
pub(crate) fn limit_warning(limit: &str, percent: u8) -> LimitWarning<'_> {
    LimitWarning {
        limit,
        words: "keys",
        period: 1,
        percent,
        used: u64::from(percent),
        allowed: 100,
        title: "Much of your plan's keys is used",
        text: "More",
    }
}

/// What a run leaves behind for its replay.
pub(crate) fn kept() -> Kept {
    let setup = Some(Setup::new("{\"config\":{}}".to_owned()));
    Kept { setup, recording: Some("{\"logs\":1}".to_owned()) }
}

/// Makes a tenant with a row in every table.
pub(crate) async fn estate(world: &World, name: &str) -> Estate {
    let tenant: Tenant = world.tenant(name).await;
    let (store, scope) = (&tenant.store, tenant.scope);
    let mut new_session = new_session(&format!("token of {name}"));
    new_session.kept = Some(SecretString::from("kept"));
    let (session, renewal) = (new_session.keys.session, new_session.keys.renewal.clone());
    store.open_session(scope, tenant.user.id, &new_session).await.unwrap();
    for (purpose, word) in [(TokenPurpose::Verify, "verify"), (TokenPurpose::Reset, "reset")] {
        let token = new_token(purpose, &format!("{word} {}", tenant.user.id));
        store.hand_out_token(scope, tenant.user.id, &token).await.unwrap();
    }
    let setup = turn_on(&tenant).await;
    for name in ["try", "finish"] {
        let challenge = new_challenge(&format!("{name} {}", tenant.user.id));
        store.open_challenge(scope, tenant.user.id, &challenge).await.unwrap();
    }
    let prefix = tenant.user.id.to_string();
    let api_key = store.create_api_key(scope, &new_api_key(tenant.user.id, &prefix), None).await.unwrap().id;
    let gateway = tenant.gateway("My bot").await;
    store.set_gateway_enabled(scope, gateway, true).await.unwrap();
    // It worked, and does not any more.
    for status in [GatewayStatus::Connected, GatewayStatus::Error, GatewayStatus::Connecting] {
        store.set_gateway_status(scope, gateway, status, None, None).await.unwrap();
    }
    assert!(store.warn_of_limit(scope, &limit_warning("kv_keys", 70)).await.unwrap());
    let install = tenant.install("analytics", &[gateway]).await;
    store.set_schedules(scope, install, &[schedule("daily", "0 6 * * *", 1_000)]).await.unwrap();

    let provider_id = format!("first of {name}");
    let first = tenant.deliver(gateway, &provider_id).await;
    let inbound = tenant.deliver(gateway, "second").await;
    let (event, executions) = tenant.decode(first, &[install, install]).await;
    let (done, waiting) = (executions[0], executions[1]);
    let mut commit = writes([], [("count", set("1"))]);
    commit.effects.push(new_effect(gateway));
    commit.notifications.push(notification("Look"));
    commit.appointments.push(appointment("reminder", 2_000));
    commit.logs.push(line("done"));
    commit.denials.push(denial("ai"));
    commit.kept = kept();
    tenant.finish(done, install, &commit).await.unwrap();
    store.note_try(scope, &new_try(gateway, EffectOrigin::Inline(done), "posted", Some(204))).await.unwrap();
    store.journal_intent(scope, waiting, 0, "{\"ask\":1}", &[]).await.unwrap();
    let failed = tenant.queue(gateway, install).await;
    store.journal_intent(scope, failed, 0, "{\"ask\":2}", &[]).await.unwrap();
    let left = [LeftCall { seq: 0, trouble: trouble("unknown") }];
    store.journal_intent(scope, failed, 0, "{\"ask\":3}", &left).await.unwrap();
    store.fail_execution(scope, failed, install, &failure(None)).await.unwrap();
    let malformed = tenant.deliver(gateway, "malformed").await;
    let delivery = store.inbound(scope, malformed).await.unwrap();
    let decoded = Decoded::Failed("no JSON".to_owned());
    store.finish_inbound(scope, &delivery, &decoded, &usage()).await.unwrap();

    // Summed, and one of the sums is wrong.
    store.executions_today(scope).await.unwrap();
    world.sum().await;
    assert!(world.execute("UPDATE usage_minutes SET fuel = fuel + 1").await > 0);

    let conversation = tenant.conversation(gateway).await;
    let mut question = NewChatMessage::plain(Author::Person, "Ann", "hello");
    question.client_id = Some("mine".to_owned());
    let (question, _) = store.add_chat_message(scope, conversation, &question).await.unwrap();
    let answer = NewChatMessage::plain(Author::Bot, "Bot", "hello yourself");
    let (answer, _) = store.add_chat_message(scope, conversation, &answer).await.unwrap();
    let Begun::Now(request) = store.begin_request(scope, &named(tenant.user.id, "begun")).await.unwrap()
    else {
        panic!("the name is taken");
    };
    let Begun::Now(answered) = store.begin_request(scope, &named(tenant.user.id, "answered")).await.unwrap()
    else {
        panic!("the name is taken");
    };
    store.answer_request(scope, answered, &SecretString::from("201")).await.unwrap();
    let notification = store.notifications(scope, PageRequest::default()).await.unwrap().items[0].id;
    Estate {
        scope,
        user: tenant.user.id,
        session,
        renewal,
        setup,
        api_key,
        gateway,
        provider_id,
        inbound,
        event,
        install,
        done,
        waiting,
        failed,
        malformed,
        effect: commit.effects[0].id,
        conversation,
        question: question.id,
        answer: answer.id,
        notification,
        request,
    }
}

/// An event about an effect that was given up, with its execution.
pub(crate) fn effect_event(
    gateway: GatewayId,
    install: InstallId,
) -> (twobot_store::events::NewEvent, twobot_store::executions::NewExecution) {
    let event = new_event(Some(gateway), None);
    let execution = new_execution(install, Some(event.id));
    (event, execution)
}
