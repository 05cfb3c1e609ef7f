//! Decoding a delivery: the gateway's component turns it into events, and the plugins that subscribed get executions.

use super::{Done, Fresh, lane_of, offer, retry};
use crate::backoff;
use crate::engine::Engine;
use crate::provider::NoProvider;
use std::sync::Arc;
use twobot_domain::manifest::EventKind;
use twobot_domain::{EventId, ExecutionId, InboundId, Timestamp, Usage};
use twobot_runtime::contract::{self, Decoded as Meaning, DecodedEvent, Inbound as Delivery};
use twobot_runtime::{GatewayCall, GatewayRun, RunLimits};
use twobot_store::events::{NewEvent, StoredEvent};
use twobot_store::executions::{Cause, NewExecution, Queued, QueuedExecution, Work};
use twobot_store::gateways::{Gateway, GatewayStatus};
use twobot_store::inbound::{Decoded, Inbound};
use twobot_store::installs::Install;
use twobot_store::workspace::Workspace;
use twobot_store::{StoreError, TenantScope};
use twobot_telemetry::meter;
use twobot_telemetry::trace::{Ended, Span, Spot, Step};

/// Events of one delivery.
const MAX_EVENTS: usize = 100;

/// Bytes of one event's payload as it is stored: room for a provider's document of 1 MB, which as a text within JSON may have twice as many.
const MAX_PAYLOAD: usize = 2 * 1024 * 1024 + 4 * 1024;

pub(super) async fn decode(
    engine: &Engine,
    work: &Work,
    workspace: &Workspace,
    known: Option<Inbound>,
) -> Result<Done, StoreError> {
    let (store, scope) = (engine.store(), work.scope);
    let inbound = match known {
        Some(inbound) => inbound,
        None => store.inbound(scope, InboundId::from_uuid(work.id)).await?,
    };
    let gateway = workspace.gateway(inbound.gateway).await?;
    let Some(component) = engine.catalogue().gateway_kind(&gateway.kind).cloned() else {
        let why = format!("this host has no gateway kind `{}`", gateway.kind);
        store.finish_inbound(scope, &inbound, &Decoded::Failed(why), &Usage::default()).await?;
        return Ok(Done::Yes);
    };
    let limits = engine.limits_in(workspace);
    let id = inbound.id.uuid();
    let received = Spot::of(id, Step::Receive, id, 0);
    let span = Span::begin(Step::Decode, Spot::of(id, Step::Decode, id, 0), Some(received))
        .map(|span| span.with("twobot.gateway.kind", gateway.kind.clone()));
    let run = GatewayRun {
        scope,
        component,
        config: gateway.config.clone(),
        provider: Arc::new(NoProvider),
        limits: RunLimits::gateway(limits),
        seed: inbound.id.uuid().as_bytes().to_vec(),
        started_at: inbound.received_at,
    };
    let delivery = Delivery { received_at: inbound.received_at.millis(), body: inbound.body.clone() };
    let ran = engine.machine().decode(run, delivery).await;
    let mut usage = ran.usage;
    let decoded = match ran.result {
        Ok(Ok(Meaning::Events(events))) if events.len() > MAX_EVENTS => {
            Decoded::Failed(format!("the gateway made more than {MAX_EVENTS} events of one delivery"))
        }
        Ok(Ok(Meaning::Events(events))) => {
            let said = |event: &&DecodedEvent| contract::kind(&event.payload) == EventKind::Message;
            usage.messages_in = events.iter().filter(said).count() as u64;
            route(engine, workspace, &gateway, &inbound, events).await?
        }
        Ok(Ok(Meaning::NotHandled(name))) => Decoded::NotHandled(name.chars().take(200).collect()),
        Ok(Err(malformed)) => Decoded::Failed(malformed.message.chars().take(2_000).collect()),
        Err(GatewayCall::Fault(trouble)) => {
            engine.set_status(scope, gateway.id, GatewayStatus::Error, Some(&trouble), None).await?;
            Decoded::Failed(trouble.detail)
        }
        // Nothing was tried: it stays in the queue as it is, and waits once more.
        Err(GatewayCall::Busy(_)) => return Ok(Done::No),
        Err(GatewayCall::Host(error)) if inbound.attempt + 1 < retry::PLATFORM_TRIES => {
            tracing::error!(%error, inbound = %inbound.id, "a delivery could not be decoded; it is tried again");
            store.postpone_inbound(scope, inbound.id, backoff::after(inbound.attempt + 1)).await?;
            return Ok(Done::No);
        }
        Err(GatewayCall::Host(error)) => Decoded::Failed(format!("the platform failed: {error}")),
    };
    let queued = store.finish_inbound(scope, &inbound, &decoded, &usage).await?;
    let (outcome, ended) = match &decoded {
        Decoded::Events(_) => ("events", Ended::Well),
        Decoded::NotHandled(_) => ("not_handled", Ended::Well),
        Decoded::Failed(_) => ("failed", Ended::Badly("failed")),
    };
    meter::decoded(outcome);
    if let Some(span) = span {
        span.with("twobot.outcome", outcome).end(ended);
    }
    match decoded {
        Decoded::Events(events) => offer(engine, scope, fresh(scope, &inbound, &queued, events)),
        Decoded::Failed(_) => engine.tell_gateway(scope, gateway.id).await?,
        Decoded::NotHandled(_) => {}
    }
    Ok(Done::Yes)
}

/// The executions that wait for their turn now.
fn fresh(
    scope: TenantScope,
    inbound: &Inbound,
    queued: &Queued<ExecutionId>,
    events: Vec<(NewEvent, Vec<NewExecution>)>,
) -> Vec<Fresh> {
    let mut fresh = Vec::with_capacity(queued.ids.len());
    for (event, executions) in events {
        let stored = StoredEvent {
            id: event.id,
            gateway: event.gateway,
            kind: event.kind.to_owned(),
            payload: event.payload,
            raw: Some(inbound.body.clone()),
            inbound: event.inbound,
            occurred_at: event.occurred_at,
        };
        for new in executions.into_iter().filter(|new| queued.ids.contains(&new.id)) {
            let execution = QueuedExecution {
                id: new.id,
                install: new.install,
                event: new.event,
                cause: new.cause.as_str().to_owned(),
                attempt: 0,
                deaths: 0,
                depth: new.depth,
                created_at: queued.at,
            };
            fresh.push(Fresh::execution(scope, new.lane, execution, stored.clone()));
        }
    }
    fresh
}

/// Which plugins get which events.
async fn route(
    engine: &Engine,
    workspace: &Workspace,
    gateway: &Gateway,
    inbound: &Inbound,
    events: Vec<DecodedEvent>,
) -> Result<Decoded, StoreError> {
    let subscribers = workspace.subscribers(gateway.id).await?;
    let mut routed = Vec::with_capacity(events.len());
    for decoded in events {
        let kind = contract::kind(&decoded.payload);
        let payload = serde_json::to_string(&decoded.payload)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        if payload.len() > MAX_PAYLOAD {
            return Ok(Decoded::Failed(format!(
                "the gateway made an event of more than {MAX_PAYLOAD} bytes"
            )));
        }
        let conversation = contract::conversation(&decoded.payload).unwrap_or_default();
        let event = NewEvent {
            id: EventId::new(),
            gateway: Some(gateway.id),
            inbound: Some(inbound.id),
            kind: kind.as_str(),
            lane: format!("{}/{conversation}", gateway.id),
            payload,
            occurred_at: Timestamp::from_millis(decoded.occurred_at),
        };
        let executions =
            subscribers.iter().filter_map(|install| execution(engine, install, &event, kind)).collect();
        routed.push((event, executions));
    }
    Ok(Decoded::Events(routed))
}

/// The execution of a subscriber, if it wants this kind of event.
fn execution(engine: &Engine, install: &Install, event: &NewEvent, kind: EventKind) -> Option<NewExecution> {
    let manifest = &engine.catalogue().plugin(&install.slug)?.manifest;
    if !manifest.subscriptions.contains(&kind) {
        return None;
    }
    let lane = lane_of(Some(manifest), install.id, &event.lane);
    Some(NewExecution {
        id: ExecutionId::new(),
        install: install.id,
        event: Some(event.id),
        cause: Cause::Event,
        event_kind: kind.as_str().to_owned(),
        lane,
        depth: 0,
    })
}
