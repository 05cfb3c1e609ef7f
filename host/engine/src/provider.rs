//! The provider behind one gateway: its connector, with its credentials.

use async_trait::async_trait;
use std::sync::Arc;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Connector};
use twobot_runtime::ProviderCalls;

/// A connector with the account of one gateway.
pub(crate) struct AccountCalls {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) account: Account,
    /// The threads for waiting on networks; guests' threads are for computing.
    pub(crate) threads: tokio::runtime::Handle,
}

#[async_trait]
impl ProviderCalls for AccountCalls {
    async fn call(&self, operation: &str, arguments: &str) -> Result<String, GatewayError> {
        let arguments = serde_json::from_str(arguments)
            .map_err(|error| GatewayError::Invalid(format!("arguments: must be JSON: {error}")))?;
        let (connector, account, operation) =
            (Arc::clone(&self.connector), self.account.clone(), operation.to_owned());
        let call = self.threads.spawn(async move { connector.call(&account, &operation, arguments).await });
        let answer = call.await.map_err(|error| GatewayError::Unavailable(error.to_string()))??;
        Ok(answer.to_string())
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
