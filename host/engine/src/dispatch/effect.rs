//! Delivering a queued effect through its gateway.

use super::retry;
use crate::engine::Engine;
use crate::outside::NotCarriedOut;
use crate::{backoff, circles, troubles};
use twobot_domain::manifest::EventKind;
use twobot_domain::{EffectId, EventId, ExecutionId, GatewayError, Timestamp, Trouble, Usage};
use twobot_runtime::InlineCall;
use twobot_runtime::contract::events::EffectFailure;
use twobot_runtime::contract::{self, Action, Payload};
use twobot_store::effects::QueuedEffect;
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, NewExecution, Work};
use twobot_store::{StoreError, TenantScope};

pub(super) async fn deliver(engine: &Engine, work: &Work) -> Result<(), StoreError> {
    let (store, scope) = (engine.store(), work.scope);
    let effect = store.queued_effect(scope, EffectId::from_uuid(work.id)).await?;
    let gateway = store.gateway(scope, effect.gateway).await?;
    let Ok(action) = serde_json::from_str::<Action>(&effect.action) else {
        let error = GatewayError::Invalid("the action was stored by another version".to_owned());
        return give_up(engine, scope, &effect, error.trouble(&gateway.name), &Usage::default()).await;
    };
    let conversation = contract::action_conversation(&action).to_owned();
    let (answer, mut usage) = engine.carry_out(scope, &gateway, &InlineCall::Perform(action)).await;
    match answer {
        Ok(_) => {
            usage.messages_out = u64::from(effect.kind == "send_message");
            store.effect_sent(scope, effect.id, &usage).await
        }
        // Nothing was tried: it stays in the queue as it is, and waits once more.
        Err(NotCarriedOut::Busy(_)) => Ok(()),
        Err(NotCarriedOut::Failed(error)) => {
            let tries = effect.attempt + 1;
            let trouble = error.trouble(&gateway.name);
            let now = Timestamp::now();
            // Who is asked to wait was not refused: that is no failed try, or a long queue of messages would lose its end.
            if let GatewayError::RateLimited(seconds) = error
                && now < effect.created_at.plus_millis(retry::RATE_LIMITED_MS)
            {
                let wait = (i64::from(seconds.unwrap_or(1).min(3_600)) * 1_000).max(retry::SHORTEST_WAIT_MS);
                return store.delay_effect(scope, effect.id, &trouble, now.plus_millis(wait), &usage).await;
            }
            if error.is_transient() && tries < retry::EFFECT_TRIES {
                return store
                    .postpone_effect(scope, effect.id, &trouble, backoff::after(tries), &usage)
                    .await;
            }
            engine.show_trouble(scope, gateway.id, &conversation, &trouble).await;
            give_up(engine, scope, &effect, trouble, &usage).await
        }
    }
}

/// Gives an effect up and tells its install by an event, unless that has gone round too often.
async fn give_up(
    engine: &Engine,
    scope: TenantScope,
    effect: &QueuedEffect,
    trouble: Trouble,
    usage: &Usage,
) -> Result<(), StoreError> {
    let depth = effect.depth + 1;
    if depth > circles::MAX_DEPTH {
        let trouble = troubles::circle(&trouble, circles::MAX_DEPTH);
        return engine.store().effect_failed(scope, effect.id, &trouble, usage, None).await;
    }
    let failure = EffectFailure {
        effect_id: effect.id.to_string(),
        code: trouble.code.clone(),
        message: trouble.detail.clone(),
        attempts: u32::try_from(effect.attempt + 1).unwrap_or(u32::MAX),
    };
    let lane = format!("{}/effects", effect.install);
    let event = NewEvent {
        id: EventId::new(),
        gateway: Some(effect.gateway),
        inbound: None,
        kind: EventKind::EffectFailed.as_str(),
        lane: lane.clone(),
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
    engine.store().effect_failed(scope, effect.id, &trouble, usage, Some((&event, &execution))).await?;
    engine.wake_executions(scope);
    Ok(())
}
