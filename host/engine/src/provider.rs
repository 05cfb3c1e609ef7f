//! The provider behind one gateway: its connector, with its credentials.

use crate::doing::Doing;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Connector};
use twobot_runtime::ProviderCalls;

/// A connector with the account of one gateway.
pub(crate) struct AccountCalls {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) account: Account,
    /// What the calls are made for.
    pub(crate) doing: Arc<Doing>,
    /// The threads for waiting on networks; guests' threads are for computing.
    pub(crate) threads: tokio::runtime::Handle,
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
        let call = async move { connector.call(&account, &operation, arguments, key.as_deref()).await };
        // With the sandbox that waits for it ends the call: what is given up must not go out later.
        let call = AbortOnDropHandle::new(self.threads.spawn(call));
        call.await.map_err(|error| {
            tracing::error!(%error, "a connector did not come to the end of a call");
            GatewayError::OutcomeUnknown("the platform failed".to_owned())
        })?
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
