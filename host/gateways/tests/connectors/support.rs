//! What the tests of both connectors need.

use secrecy::SecretString;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::Once;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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

/// An address where someone takes a request and hangs up: within an answer, if one is begun.
pub(crate) async fn hangs_up(begun: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(begun.as_bytes()).await;
        }
    });
    address
}

/// An answer that ends before it has as many bytes as it said.
pub(crate) const HALF: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"ok\":";
