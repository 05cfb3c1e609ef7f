//! What the operator decides about the API.

use crate::limits::Limits;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use tokio_util::sync::CancellationToken;
use twobot_redis::Windows;
use url::Url;

/// The address that is listened on where nothing else is said.
static LOCAL: LazyLock<Url> = LazyLock::new(|| {
    // It is a constant, and a good one.
    #[expect(clippy::expect_used, reason = "a constant that the tests read")]
    "http://127.0.0.1:8080/".parse().expect("a good address")
});

/// What the operator decides about the API.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// The version of this build, for `/health` and the reference.
    pub version: &'static str,
    /// The address under which people reach 2Bot, where it differs from the one that it listens on. Requests from its origin
    /// count as the dashboard's own.
    pub public_url: Option<Url>,
    /// Whether browsers may send the session only over TLS, and are told to use nothing else.
    pub secure_cookies: bool,
    /// Proxies whose `X-Forwarded-For` is believed. Everyone else's is ignored, since a client can write what it likes there.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether anyone may make an account.
    pub registration_open: bool,
    /// Whether mails reach people. Then an account is used once its address is confirmed and not before, and registering does not tell
    /// whether an address has one.
    pub mails_go_out: bool,
    /// Where people find the dashboard, for the links in mails that operators look at.
    pub site: Url,
    /// Counts who does what how often, such as trying to sign in.
    pub windows: Arc<Windows>,
    /// How many requests are answered in a minute.
    pub limits: Limits,
    /// Origins of other sites whose pages may call the API, with a token and never with the cookie; such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// Cancelled when the server stops: live streams end, so that the stop does not wait for them.
    pub shutdown: CancellationToken,
}

impl ApiConfig {
    /// For a server on this machine: plain HTTP, no proxy, open registration.
    #[must_use]
    pub fn local(version: &'static str) -> Self {
        Self {
            version,
            public_url: None,
            secure_cookies: false,
            trusted_proxies: Vec::new(),
            registration_open: true,
            mails_go_out: false,
            site: LOCAL.clone(),
            windows: Arc::default(),
            limits: Limits::default(),
            cors_origins: Vec::new(),
            shutdown: CancellationToken::new(),
        }
    }
}
