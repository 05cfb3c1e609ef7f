//! The provider behind one gateway: its connector, with its credentials.

use crate::doing::Doing;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Connector, Exchange};
use twobot_runtime::ProviderCalls;
use twobot_store::outbound::NewTry;
use twobot_store::{Store, TenantScope};

/// A connector with the account of one gateway.
pub(crate) struct AccountCalls {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) account: Account,
    /// What the calls are made for.
    pub(crate) doing: Arc<Doing>,
    /// The threads for waiting on networks; guests' threads are for computing.
    pub(crate) threads: tokio::runtime::Handle,
    /// Where the log of exchanges is kept, for connectors that tell.
    pub(crate) store: Store,
    /// Whose it is.
    pub(crate) scope: TenantScope,
}

#[async_trait]
impl ProviderCalls for AccountCalls {
    async fn call(&self, operation: &str, arguments: &str) -> Result<String, GatewayError> {
        let key = self.doing.next_key(operation, arguments);
        let arguments = serde_json::from_str(arguments)
            .map_err(|error| GatewayError::Invalid(format!("arguments: must be JSON: {error}")))?;
        // Before anything is on record: a process that ends while a call waits for its turn has done nothing.
        self.connector
            .turn(&self.account, operation, &arguments)
            .await
            .map_err(GatewayError::with_nothing_at_stake)?;
        let answer = if self.connector.only_reads(operation) {
            self.make(operation, arguments, key).await.map_err(GatewayError::with_nothing_at_stake)
        } else {
            self.doing.begin().await?;
            let answer = self.make(operation, arguments, key).await;
            self.doing.came_to(&answer);
            answer
        };
        answer.map(|answer| answer.to_string())
    }
}

impl AccountCalls {
    async fn make(
        &self,
        operation: &str,
        arguments: Value,
        key: Option<String>,
    ) -> Result<Value, GatewayError> {
        let (connector, account, operation) =
            (Arc::clone(&self.connector), self.account.clone(), operation.to_owned());
        let call =
            async move { connector.call_and_tell(&account, &operation, arguments, key.as_deref()).await };
        // With the sandbox that waits for it ends the call: what is given up must not go out later.
        let call = AbortOnDropHandle::new(self.threads.spawn(call));
        let (answer, exchange) = call.await.map_err(|error| {
            tracing::error!(%error, "a connector did not come to the end of a call");
            GatewayError::OutcomeUnknown("the platform failed".to_owned())
        })?;
        if let Some(exchange) = exchange {
            self.note(exchange, answer.as_ref().err()).await;
        }
        answer
    }

    /// Adds a try to the log that the gateway's owner sees. What came of it counts, whether or not this can be noted.
    async fn note(&self, exchange: Exchange, error: Option<&GatewayError>) {
        let Some(origin) = self.doing.origin() else { return };
        let tried = NewTry {
            gateway: self.account.gateway,
            origin,
            message: exchange.message,
            status: exchange.status,
            answer: exchange.answer,
            problem: error.map(|error| error.clone().with_nothing_at_stake().to_string()),
            took_ms: u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
        };
        if let Err(error) = self.store.note_try(self.scope, &tried).await {
            tracing::error!(%error, gateway = %self.account.gateway, "a delivery could not be noted");
        }
    }
}

/// No provider at all: while decoding there is nothing to call.
pub(crate) struct NoProvider;

#[async_trait]
impl ProviderCalls for NoProvider {
    async fn call(&self, _operation: &str, _arguments: &str) -> Result<String, GatewayError> {
        Err(GatewayError::Denied("the provider can not be called here".to_owned()))
    }
}
