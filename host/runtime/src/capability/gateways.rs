//! `gateways`: acting through the gateways that are bound to the install.

use crate::bindings::plugin::twobot::plugin::gateways::Host;
use crate::contract::types::GatewayError as Wire;
use crate::contract::{self, Action, GatewayRef, Outcome};
use crate::convert::error::to_guest;
use crate::journal::{Next, UNRECORDED};
use crate::outside::{InlineAnswer, InlineCall};
use crate::sandbox::guest::{Denied, Guest, PluginSide, Work};
use crate::sandbox::stopwatch::Stopwatch;
use serde::Serialize;
use std::sync::Arc;
use twobot_domain::manifest::{Capability, WhenUnknown};
use twobot_domain::{EffectId, GatewayError, GatewayId, Usage};
use twobot_store::StoreError;
use twobot_store::executions::NewEffect;

/// Queued effects of one execution.
const MAX_EFFECTS: usize = 100;
/// Inline effects of one execution.
pub(super) const MAX_INLINE: usize = 100;
/// Bytes of one action, as JSON.
const MAX_ACTION: usize = 100 * 1024;

pub(super) fn denied(denied: Denied) -> GatewayError {
    GatewayError::Denied(denied.to_string())
}

/// The bound gateway of that id. One of another tenant, or of the same one but not bound, is not there.
fn bound(work: &Work, id: &str) -> Result<GatewayId, GatewayError> {
    work.bound.iter().find(|gateway| gateway.id.to_string() == id).map(|gateway| gateway.id).ok_or_else(
        || {
            let start: String = id.chars().take(64).collect();
            GatewayError::NotBound(format!("no gateway `{}` is bound to this plugin", start.escape_debug()))
        },
    )
}

/// An action or a request as JSON, if it is not too large.
pub(super) fn to_json(name: &str, value: &impl Serialize) -> Result<String, GatewayError> {
    let text = serde_json::to_string(value).map_err(|error| GatewayError::Invalid(error.to_string()))?;
    if text.len() > MAX_ACTION {
        return Err(GatewayError::Invalid(format!("{name}: must have at most {MAX_ACTION} bytes as JSON")));
    }
    Ok(text)
}

/// What is recorded of an inline effect before it is made.
#[derive(Serialize)]
struct Request<'a> {
    gateway: GatewayId,
    call: &'a InlineCall,
}

/// Notes that the host itself failed. The guest is told something plain; that the host failed decides over the whole execution.
pub(super) fn host_failed(work: &mut Work, error: &StoreError) -> String {
    work.host_failure = Some(error.to_string());
    "the platform failed; this run will be repeated".to_owned()
}

/// What is told of an effect that was begun in an attempt before, and not answered.
const INTERRUPTED: &str = "the platform was interrupted before the provider's answer; it is not done again";

/// Makes an inline effect, or takes its answer from the journal.
pub(super) async fn inline(
    work: &mut Work,
    watch: &Stopwatch,
    gateway: GatewayId,
    call: InlineCall,
) -> Result<InlineAnswer, GatewayError> {
    let failed = |work: &mut Work, error: StoreError| GatewayError::Unavailable(host_failed(work, &error));
    if work.journal.made() >= MAX_INLINE {
        return Err(GatewayError::OverLimit(format!("one run may wait for {MAX_INLINE} effects")));
    }
    // Waiting for the database is not the guest's running either.
    let _pause = watch.pause();
    let outside = Arc::clone(&work.outside);
    let pending = match work.journal.next(&Request { gateway, call: &call }, &work.bound).await {
        Ok(Next::Recorded(answer)) => return answer,
        Ok(Next::Make(pending)) => Ok(pending),
        Ok(Next::Unsure(pending)) => match outside.when_unknown(work.scope, gateway, &call).await {
            WhenUnknown::Repeat => Ok(pending),
            WhenUnknown::Insist => match work.journal.repeat(&pending).await {
                Ok(()) => Ok(pending),
                Err(error) => return Err(failed(work, error)),
            },
            WhenUnknown::Report => Err(pending),
        },
        Ok(Next::Unrecorded) => return Err(GatewayError::Unavailable(UNRECORDED.to_owned())),
        Err(error) => return Err(failed(work, error)),
    };
    let (pending, answer, used) = match pending {
        Ok(pending) => {
            let key = work.journal.key(&pending);
            let (answer, usage) = outside.carry_out(work.scope, gateway, &call, &key).await;
            // The sandbox's time and fuel are this attempt's own; the rest is recorded with the answer, and so once, however many
            // attempts are given it.
            let (own, used) = usage.parted();
            work.usage.add(&own);
            (pending, answer, used)
        }
        Err(pending) => {
            let answer = Err(GatewayError::OutcomeUnknown(INTERRUPTED.to_owned()));
            (pending, answer, Usage::default())
        }
    };
    match work.journal.answered(pending, &answer, &used).await {
        Ok(()) => answer,
        Err(error) => Err(failed(work, error)),
    }
}

impl Guest<PluginSide> {
    fn queue(&mut self, gateway: &str, action: &Action) -> Result<EffectId, GatewayError> {
        let work = self.side.granted(Capability::Send).map_err(denied)?;
        let gateway = bound(work, gateway)?;
        if work.effects.len() >= MAX_EFFECTS {
            return Err(GatewayError::OverLimit(format!("one run may queue {MAX_EFFECTS} actions")));
        }
        let text = to_json("action", action)?;
        // Its text, and its conversation once more.
        if !self.memory.hold(2 * text.len()) {
            return Err(GatewayError::OverLimit("the sandbox's memory is used up".to_owned()));
        }
        let id = work.effect_id();
        work.effects.push(NewEffect {
            id,
            gateway,
            kind: contract::action_kind(action),
            action: text,
            lane: format!("{gateway}/{}", contract::action_conversation(action)),
        });
        Ok(id)
    }
}

impl Host for Guest<PluginSide> {
    async fn bound(&mut self, kind: Option<String>) -> Vec<GatewayRef> {
        self.pace.call(kind.as_ref().map_or(0, String::len)).await;
        let mut seen = Vec::new();
        for gateway in self.side.bound() {
            let fits = kind.as_ref().is_none_or(|kind| *kind == gateway.kind);
            let id = gateway.id.to_string();
            // A gateway may fill two slots; it is still one.
            if fits && !seen.iter().any(|known: &GatewayRef| known.id == id) {
                seen.push(GatewayRef { id, kind: gateway.kind.clone(), name: gateway.name.clone() });
            }
        }
        seen
    }

    async fn send(&mut self, gateway: String, action: Action) -> Result<String, Wire> {
        self.pace.call(MAX_ACTION / 4).await;
        self.queue(&gateway, &action).map(|id| id.to_string()).map_err(to_guest)
    }

    async fn perform(&mut self, gateway: String, action: Action) -> Result<Outcome, Wire> {
        self.pace.call(MAX_ACTION / 4).await;
        let watch = self.watch.clone();
        let work = self.side.granted(Capability::Send).map_err(denied).map_err(to_guest)?;
        let gateway = bound(work, &gateway).map_err(to_guest)?;
        to_json("action", &action).map_err(to_guest)?;
        match inline(work, &watch, gateway, InlineCall::Perform(action)).await {
            Ok(InlineAnswer::Perform(outcome)) => Ok(outcome),
            Ok(InlineAnswer::Chat(_)) => {
                Err(Wire::Unsupported("the gateway answered something else".to_owned()))
            }
            Err(error) => Err(to_guest(error)),
        }
    }
}
