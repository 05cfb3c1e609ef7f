//! What the tests of both connectors need.

use secrecy::SecretString;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::Once;
use twobot_domain::{GatewayId, TenantId};
use twobot_gateways::Account;

/// What `main` does in the product.
pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("no other provider");
    });
}

pub(crate) fn account(credentials: &Value, config: Value) -> Account {
    Account {
        tenant: TenantId::new(),
        gateway: GatewayId::new(),
        credentials: SecretString::from(credentials.to_string()),
        config,
        webhook_secret: SecretString::from("right-secret".to_owned()),
    }
}

/// An address where no one listens.
pub(crate) fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
