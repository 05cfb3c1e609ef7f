//! What a sandbox can reach only through the host: other gateways, and a gateway's provider.

use crate::contract::{Action, ChatReply, ChatRequest, Outcome};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use twobot_domain::{GatewayError, GatewayId, Usage};
use twobot_store::TenantScope;

/// An effect whose answer the guest waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InlineCall {
    /// `gateways.perform`.
    Perform(Action),
    /// `ai.chat`.
    Chat(ChatRequest),
}

/// What an inline effect came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InlineAnswer {
    /// Of `gateways.perform`.
    Perform(Outcome),
    /// Of `ai.chat`.
    Chat(ChatReply),
}

/// Carries out inline effects: the engine, which runs the gateway's component for them.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Carries out an effect through a gateway of the tenant, within the effect's own time limit. What it used is told in
    /// either case.
    async fn carry_out(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        call: &InlineCall,
    ) -> (Result<InlineAnswer, GatewayError>, Usage);
}

/// The provider behind one gateway: the connector, with that gateway's credentials.
#[async_trait]
pub trait ProviderCalls: Send + Sync + 'static {
    /// Carries out one operation; arguments and answer are JSON.
    ///
    /// # Errors
    /// What the provider, the network or the connector said.
    async fn call(&self, operation: &str, arguments: &str) -> Result<String, GatewayError>;
}
