//! Delivering a queued effect through its gateway.

use super::{Done, lane_of, retry};
use crate::attempt::Trace;
use crate::doing::Doing;
use crate::engine::Engine;
use crate::live::LiveEvent;
use crate::outside::NotCarriedOut;
use crate::{backoff, circles, marks, troubles};
use std::sync::Arc;
use twobot_domain::manifest::{EventKind, WhenUnknown};
use twobot_domain::{
    EffectId, EffectKey, EventId, ExecutionId, GatewayError, InboundId, Timestamp, Trouble, Usage,
};
use twobot_runtime::InlineCall;
use twobot_runtime::contract::events::EffectFailure;
use twobot_runtime::contract::{self, Action, Payload};
use twobot_store::effects::{QueuedEffect, Tried};
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, NewExecution, Work};
use twobot_store::workspace::Workspace;
use twobot_store::{StoreError, TenantScope};
use twobot_telemetry::meter;
use twobot_telemetry::trace::{self, Ended, Span, Spot, Step};

pub(super) async fn deliver(
    engine: &Engine,
    work: &Work,
    workspace: &Workspace,
    known: Option<QueuedEffect>,
) -> Result<Done, StoreError> {
    let (store, scope) = (engine.store(), work.scope);
    let mut effect = match known {
        Some(effect) => effect,
        None => store.queued_effect(scope, EffectId::from_uuid(work.id)).await?,
    };
    let gateway = workspace.gateway(effect.gateway).await?;
    let Ok(action) = serde_json::from_str::<Action>(&effect.action) else {
        let error = GatewayError::Invalid("the action was stored by another version".to_owned());
        let trouble = error.trouble(&gateway.name);
        return give_up(engine, workspace, &effect, Tried::NotBegun, trouble, &Usage::default()).await;
    };
    let conversation = contract::action_conversation(&action).to_owned();
    let call = InlineCall::Perform(action);
    let policy = engine.when_unknown(&gateway, &call);
    let mut doing = Doing::known_by(EffectKey::queued(effect.id));
    if policy != WhenUnknown::Repeat {
        if is_over(&effect, policy) {
            let trouble = unknown(INTERRUPTED, effect.done_at_most).trouble(&gateway.name);
            engine.show_trouble(scope, gateway.id, &conversation, &trouble).await;
            return give_up(engine, workspace, &effect, Tried::Unsure, trouble, &Usage::default()).await;
        }
        if effect.begun_at.is_some()
            && let pause @ 1.. = marks::pause(effect.attempt + 1).as_millis()
        {
            // It may be what ends the process; and each try may be one message more to somebody.
            let trouble = unknown(INTERRUPTED, effect.done_at_most).trouble(&gateway.name);
            let until = Timestamp::now().plus_millis(pause as i64);
            let nothing = Usage::default();
            store.postpone_effect(scope, effect.id, Tried::Unsure, &trouble, until, &nothing).await?;
            return Ok(Done::No);
        }
        doing = doing.with_intent(store.clone(), scope, effect.id);
    }
    // The try that was interrupted was one.
    effect.attempt += u64::from(effect.begun_at.is_some());
    let doing = Arc::new(doing);
    let span = span(engine, scope, &effect, &call).await?;
    let (answer, mut usage) = engine.carry_out(workspace, &gateway, &call, &doing).await;
    if let Some(span) = span {
        span.end(if answer.is_ok() { Ended::Well } else { Ended::Badly("failed") });
    }
    let failed = match answer {
        Ok(_) => {
            usage.messages_out = u64::from(effect.kind == "send_message");
            store.effect_sent(scope, effect.id, &usage).await?;
            meter::effect("done");
            return Ok(Done::Yes);
        }
        // Nothing was tried: it stays in the queue as it is, and waits once more.
        Err(NotCarriedOut::Busy(_)) => return Ok(Done::No),
        Err(NotCarriedOut::Failed(error)) => Failed { retry: error.is_transient(), sure: true, error },
        Err(NotCarriedOut::Unknown { error, may_try_again }) => match policy {
            WhenUnknown::Repeat => {
                Failed { retry: error.is_transient(), sure: true, error: error.with_nothing_at_stake() }
            }
            WhenUnknown::Insist => Failed { retry: may_try_again, sure: false, error },
            WhenUnknown::Report => Failed { retry: false, sure: false, error },
        },
    };
    let tried = match (doing.has_begun(), failed.sure) {
        (false, _) => Tried::NotBegun,
        (true, true) => Tried::Undone,
        (true, false) => Tried::Unsure,
    };
    let (tries, now) = (effect.attempt + 1, Timestamp::now());
    // Who is asked to wait was not refused: that is no failed try, or a long queue of messages would lose its end.
    if let (true, GatewayError::RateLimited(seconds)) = (failed.retry, &failed.error)
        && now < effect.created_at.plus_millis(retry::RATE_LIMITED_MS)
    {
        let wait = (i64::from(seconds.unwrap_or(1).min(3_600)) * 1_000).max(retry::SHORTEST_WAIT_MS);
        let trouble = failed.error.trouble(&gateway.name);
        meter::effect("asked_to_wait");
        store.delay_effect(scope, effect.id, tried, &trouble, now.plus_millis(wait), &usage).await?;
        return Ok(Done::No);
    }
    if failed.retry && tries < retry::EFFECT_TRIES {
        // As long as it is tried again, the owner only has to know why it waits.
        meter::effect("tried_again");
        let trouble = failed.error.with_nothing_at_stake().trouble(&gateway.name);
        store.postpone_effect(scope, effect.id, tried, &trouble, backoff::after(tries), &usage).await?;
        return Ok(Done::No);
    }
    // What an earlier try may have done counts, however surely this one did nothing.
    let done_at_most = effect.done_at_most + u64::from(!failed.sure);
    let error = match (policy, done_at_most) {
        (WhenUnknown::Repeat, _) | (_, 0) => failed.error,
        (_, times) => unknown(&failed.error.to_string(), times),
    };
    let trouble = error.trouble(&gateway.name);
    engine.show_trouble(scope, gateway.id, &conversation, &trouble).await;
    give_up(engine, workspace, &effect, tried, trouble, &usage).await
}

/// The span of a try, below that of the run that asked for it.
async fn span(
    engine: &Engine,
    scope: TenantScope,
    effect: &QueuedEffect,
    call: &InlineCall,
) -> Result<Option<Span>, StoreError> {
    if !trace::is_on() {
        return Ok(None);
    }
    let (inbound, attempt) = engine.store().origin(scope, effect.execution).await?;
    let run = Trace { inbound, attempt };
    let of = inbound.map_or(effect.execution.uuid(), InboundId::uuid);
    let spot = Spot::of(of, Step::Deliver, effect.id.uuid(), effect.attempt);
    let span = Span::begin(Step::Deliver, spot, Some(run.spot(effect.execution)));
    Ok(span.map(|span| span.with("twobot.call", crate::outside::name(call))))
}

/// A try that did not end well.
struct Failed {
    error: GatewayError,
    /// It may be tried again.
    retry: bool,
    /// The provider surely did nothing, or it does not matter whether it did.
    sure: bool,
}

/// What is known of a try that a process before this one began.
const INTERRUPTED: &str = "the platform was interrupted before the provider's answer";

/// Whether an effect of which it is not known whether it was done is not tried any more.
fn is_over(effect: &QueuedEffect, policy: WhenUnknown) -> bool {
    match policy {
        WhenUnknown::Repeat => false,
        WhenUnknown::Report => effect.done_at_most > 0,
        // A process that an effect brings down must not be brought down by it for ever.
        WhenUnknown::Insist => effect.begun_at.is_some() && effect.attempt + 1 >= retry::EFFECT_TRIES,
    }
}

/// What is told of an effect that may have been done so many times, and is given up.
fn unknown(why: &str, times: u64) -> GatewayError {
    GatewayError::OutcomeUnknown(match times {
        0 | 1 => why.to_owned(),
        times => format!("{why}; it was tried {times} times, and may have been done as often"),
    })
}

/// Gives an effect up and tells its install by an event, unless that has gone round too often.
async fn give_up(
    engine: &Engine,
    workspace: &Workspace,
    effect: &QueuedEffect,
    tried: Tried,
    trouble: Trouble,
    usage: &Usage,
) -> Result<Done, StoreError> {
    meter::effect("given_up");
    let scope = workspace.scope();
    let depth = effect.depth + 1;
    if depth > circles::MAX_DEPTH {
        let trouble = troubles::circle(&trouble, circles::MAX_DEPTH);
        engine.store().effect_failed(scope, effect.id, tried, &trouble, usage, None).await?;
        tell(engine, scope, effect).await?;
        return Ok(Done::Yes);
    }
    let failure = EffectFailure {
        effect_id: effect.id.to_string(),
        code: trouble.code.clone(),
        message: trouble.detail.clone(),
        attempts: u32::try_from(effect.attempt + 1).unwrap_or(u32::MAX),
    };
    let slug = match workspace.install(effect.install).await {
        Ok(install) => Some(install.slug.clone()),
        // Nobody is told.
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error),
    };
    let component = slug.and_then(|slug| engine.catalogue().plugin(&slug));
    let lane = lane_of(component.map(|component| &component.manifest), effect.install, "effects");
    let event = NewEvent {
        id: EventId::new(),
        gateway: Some(effect.gateway),
        inbound: None,
        kind: EventKind::EffectFailed.as_str(),
        lane: format!("{}/effects", effect.install),
        payload: serde_json::to_string(&Payload::EffectFailed(failure))
            .map_err(|error| StoreError::Corrupt(error.to_string()))?,
        occurred_at: Timestamp::now(),
    };
    let execution = NewExecution {
        id: ExecutionId::new(),
        install: effect.install,
        event: Some(event.id),
        cause: Cause::Event,
        event_kind: EventKind::EffectFailed.as_str().to_owned(),
        lane,
        depth,
    };
    engine
        .store()
        .effect_failed(scope, effect.id, tried, &trouble, usage, Some((&event, &execution)))
        .await?;
    engine.wake_executions(scope);
    tell(engine, scope, effect).await?;
    Ok(Done::Yes)
}

/// Tells whoever looks that the execution that asked for an effect has news. It has its outcome: only then are effects queued.
async fn tell(engine: &Engine, scope: TenantScope, effect: &QueuedEffect) -> Result<(), StoreError> {
    let slug = match engine.store().install_by_id(scope, effect.install).await {
        Ok(install) => install.slug,
        Err(StoreError::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    engine.live().tell(scope, LiveEvent::Execution { id: effect.execution, state: "succeeded", slug });
    Ok(())
}
