//! Running a gateway: decoding a delivery, carrying out an action, asking a model, checking the connection.

use crate::admission::{Who, World};
use crate::bindings::gateway::Gateway;
use crate::bindings::gateway::exports::twobot::plugin::gateway_handler::{
    Account, Decoded, Inbound, Malformed,
};
use crate::component::GatewayComponent;
use crate::contract::{Action, ChatReply, ChatRequest, Outcome};
use crate::convert::error::{clamp, from_guest};
use crate::limits::RunLimits;
use crate::machine::Machine;
use crate::outside::ProviderCalls;
use crate::sandbox::guest::{GatewaySide, Guest, Origin};
use crate::sandbox::run::{self, Call, Entry, NotRun};
use serde_json::Value;
use std::sync::Arc;
use twobot_domain::{GatewayError, Timestamp, Trouble, Usage};
use twobot_store::TenantScope;
use twobot_store::executions::LogLine;
use wasmtime::Store;

/// One call of a gateway.
pub struct GatewayRun {
    /// Whose it is.
    pub scope: TenantScope,
    /// The component.
    pub component: Arc<GatewayComponent>,
    /// Its settings.
    pub config: Value,
    /// Its provider. Decoding gets none.
    pub provider: Arc<dyn ProviderCalls>,
    /// What it may use.
    pub limits: RunLimits,
    /// What its clock and chance come from: the same for the same delivery or effect.
    pub seed: Vec<u8>,
    /// Where its clock starts.
    pub started_at: Timestamp,
}

/// What a call of a gateway came to.
#[derive(Debug)]
pub struct GatewayRan<T> {
    /// What it answered, or why it did not: a trouble of the component, a failure of the host.
    pub result: Result<T, GatewayCall>,
    /// What it used.
    pub usage: Usage,
    /// What it wrote to its log.
    pub logs: Vec<LogLine>,
}

/// Why a gateway did not answer.
#[derive(Debug)]
pub enum GatewayCall {
    /// The component ran out of a limit or crashed.
    Fault(Trouble),
    /// Its tenant had too many gateways running for as long as it could wait. It did not run; later it may.
    Busy(Trouble),
    /// The host failed.
    Host(String),
}

impl Machine {
    /// Turns a raw delivery into events. The component can not reach its provider meanwhile.
    pub async fn decode(&self, run: GatewayRun, delivery: Inbound) -> GatewayRan<Result<Decoded, Malformed>> {
        let ran = self
            .call_gateway(run, false, move |gateway, store| {
                Box::pin(async move {
                    gateway.twobot_plugin_gateway_handler().call_decode(store, &delivery).await
                })
            })
            .await;
        ran.map(clamp_decoded)
    }

    /// Carries out an action.
    pub async fn execute(
        &self,
        run: GatewayRun,
        action: Action,
    ) -> GatewayRan<Result<Outcome, GatewayError>> {
        let ran = self
            .call_gateway(run, true, move |gateway, store| {
                Box::pin(
                    async move { gateway.twobot_plugin_gateway_handler().call_execute(store, &action).await },
                )
            })
            .await;
        ran.map(|answer| answer.map_err(from_guest))
    }

    /// Asks a model.
    pub async fn chat(
        &self,
        run: GatewayRun,
        request: ChatRequest,
    ) -> GatewayRan<Result<ChatReply, GatewayError>> {
        let mut ran = self
            .call_gateway(run, true, move |gateway, store| {
                Box::pin(
                    async move { gateway.twobot_plugin_gateway_handler().call_chat(store, &request).await },
                )
            })
            .await
            .map(|answer| answer.map_err(from_guest));
        if let Ok(Ok(reply)) = &ran.result {
            ran.usage.ai_tokens_in = u64::from(reply.usage.input);
            ran.usage.ai_tokens_out = u64::from(reply.usage.output);
        }
        ran
    }

    /// Asks the provider whether the connection works.
    pub async fn check(&self, run: GatewayRun) -> GatewayRan<Result<Account, GatewayError>> {
        let ran = self
            .call_gateway(run, true, |gateway, store| {
                Box::pin(async move { gateway.twobot_plugin_gateway_handler().call_check(store).await })
            })
            .await;
        ran.map(|answer| answer.map(clamp_account).map_err(from_guest))
    }

    async fn call_gateway<T, F>(&self, run: GatewayRun, may_call: bool, call: F) -> GatewayRan<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a Gateway, &'a mut Store<Guest<GatewaySide>>) -> Call<'a, T> + Send + 'static,
    {
        let GatewayRun { scope, component, config, provider, limits, seed, started_at } = run;
        let origin = Origin { tenant: scope.tenant(), seed: seed.into(), started_at };
        let machine = self.clone();
        let make = move |watch| {
            let side = GatewaySide { provider: may_call.then_some(provider) };
            Guest::new(&machine, &origin, &limits, config, watch, side)
        };
        let pre = component.pre.clone();
        let who = Who {
            tenant: scope.tenant(),
            world: if may_call { World::Gateway } else { World::Decoding },
            install: None,
        };
        let entry = Entry { who, places: component.places };
        let ended = run::run(self, entry, limits, make, move |store| {
            Box::pin(async move {
                let instance = pre.instantiate_async(&mut *store).await?;
                call(&instance, store).await
            })
        })
        .await;
        match ended {
            Ok(finished) => GatewayRan {
                result: finished.result.map_err(GatewayCall::Fault),
                usage: finished.usage,
                logs: finished.guest.log.finish(),
            },
            Err(why) => {
                let why = match why {
                    NotRun::Full(full) => GatewayCall::Busy(full.trouble()),
                    NotRun::Host(error) => GatewayCall::Host(error),
                };
                GatewayRan { result: Err(why), usage: Usage::default(), logs: Vec::new() }
            }
        }
    }
}

/// Details of an account that are shown.
const MAX_DETAILS: usize = 20;

/// Texts for people, cut to a sane length.
fn clamp_account(account: Account) -> Account {
    let details = account.details.into_iter().take(MAX_DETAILS);
    Account {
        id: clamp(account.id),
        name: clamp(account.name),
        details: details.map(|(name, value)| (clamp(name), clamp(value))).collect(),
    }
}

fn clamp_decoded(answer: Result<Decoded, Malformed>) -> Result<Decoded, Malformed> {
    match answer {
        Ok(Decoded::NotHandled(name)) => Ok(Decoded::NotHandled(clamp(name))),
        Ok(events) => Ok(events),
        Err(malformed) => Err(Malformed { message: clamp(malformed.message) }),
    }
}

impl<T> GatewayRan<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> GatewayRan<U> {
        GatewayRan { result: self.result.map(change), usage: self.usage, logs: self.logs }
    }
}
