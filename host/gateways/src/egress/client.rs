//! HTTP clients that connect to permitted addresses only.

use super::address::refused_because;
use super::lookup::{Lookup, System};
use super::policy::{EgressPolicy, RefusedAddress};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// Longer than any healthy handshake, and short enough to tell a person what is wrong while they wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Headers that an answer may have before the connection is given up. Who reads answers has lower limits.
const MAX_HEADERS: usize = 200;

/// Bytes of headers, likewise.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// Idle connections that are kept to one host.
const KEPT: usize = 8;

/// HTTP clients for requests to addresses that tenants choose.
///
/// There are two, each with its own connections: one that resolves names to public addresses only, and one for what the
/// operator named. Neither follows redirects or uses a proxy, since either would connect to an address that was not checked.
#[derive(Clone, Debug)]
pub struct EgressClients {
    policy: EgressPolicy,
    guarded: reqwest::Client,
    named: reqwest::Client,
}

impl EgressClients {
    /// Makes both clients. The process must have installed its TLS provider.
    ///
    /// # Errors
    /// When TLS can not be set up.
    pub fn new(policy: EgressPolicy) -> Result<Self, reqwest::Error> {
        Self::with_lookup(policy, Arc::new(System), KEPT)
    }

    /// Makes both clients for requests that strangers' code puts together: no connection is used for two of them. Some ways to sign
    /// in hold for a connection and not for a request, so that the next tenant would be taken for the one before.
    ///
    /// # Errors
    /// When TLS can not be set up.
    pub fn for_plugins(policy: EgressPolicy) -> Result<Self, reqwest::Error> {
        Self::with_lookup(policy, Arc::new(System), 0)
    }

    /// Makes both clients, which find addresses in this way and keep so many idle connections to a host.
    pub(super) fn with_lookup(
        policy: EgressPolicy,
        lookup: Arc<dyn Lookup>,
        kept: usize,
    ) -> Result<Self, reqwest::Error> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(crate::USER_AGENT)
                .redirect(Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(Duration::from_secs(60))
                .pool_max_idle_per_host(kept)
                .tcp_nodelay(true)
                .http1_max_headers(MAX_HEADERS)
                .http2_max_header_list_size(MAX_HEADER_BYTES)
        };
        let guarded = builder().dns_resolver(PublicOnly(Arc::clone(&lookup))).build()?;
        Ok(Self { policy, guarded, named: builder().dns_resolver(Every(lookup)).build()? })
    }

    /// The client for requests to this address.
    ///
    /// # Errors
    /// When a look at the address shows that it may not be reached. A name shows that only when it is resolved: see [`refusal`].
    pub fn client_for(&self, address: &Url) -> Result<&reqwest::Client, RefusedAddress> {
        self.policy.check(address)?;
        Ok(if self.policy.allows(address) { &self.named } else { &self.guarded })
    }
}

/// The refusal that made a request to this address fail, where it was one.
pub(crate) fn refusal(error: &reqwest::Error, target: &str) -> Option<RefusedAddress> {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(NoPublicAddress { what }) = cause.downcast_ref() {
            return Some(RefusedAddress::NotPublic { target: target.to_owned(), what });
        }
        source = cause.source();
    }
    None
}

/// The name leads to addresses that tenants may not reach, and to no other.
#[derive(Clone, Copy, Debug, Error)]
#[error("the name resolves to {what}")]
struct NoPublicAddress {
    what: &'static str,
}

/// Resolves names and leaves out what is not public. What it gives is what is connected to: nobody looks the name up again.
struct PublicOnly(Arc<dyn Lookup>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.lookup(name.as_str().to_owned());
        Box::pin(async move { Ok(Box::new(public_only(found.await?)?.into_iter()) as Addrs) })
    }
}

/// Resolves names that the operator trusts with whatever they resolve to.
struct Every(Arc<dyn Lookup>);

impl Resolve for Every {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.lookup(name.as_str().to_owned());
        Box::pin(async move { Ok(Box::new(found.await?.into_iter()) as Addrs) })
    }
}

fn public_only(found: impl IntoIterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NoPublicAddress> {
    let mut refused = None;
    let mut public = Vec::new();
    for address in found {
        match refused_because(address.ip()) {
            Some(what) => refused = Some(what),
            None => public.push(address),
        }
    }
    match refused {
        Some(what) if public.is_empty() => Err(NoPublicAddress { what }),
        _ => Ok(public),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(addresses: &[&str]) -> Result<usize, &'static str> {
        public_only(addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)))
            .map(|public| public.len())
            .map_err(|refused| refused.what)
    }

    /// Answers each look with the next list of addresses.
    struct Changing(parking_lot::Mutex<Vec<Vec<SocketAddr>>>);

    impl Lookup for Changing {
        fn lookup(
            &self,
            _name: String,
        ) -> futures::future::BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
            let found = self.0.lock().remove(0);
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn each_look_at_a_name_is_checked_by_itself() {
        let at = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 0);
        let answers = vec![
            vec![at("127.0.0.1"), at("8.8.8.8"), at("::1")],
            vec![at("127.0.0.1")],
            vec![at("169.254.169.254"), at("10.0.0.1")],
            vec![at("8.8.4.4")],
        ];
        let resolver = PublicOnly(Arc::new(Changing(parking_lot::Mutex::new(answers))));
        let look = async || resolver.resolve("moving.test".parse().unwrap()).await;
        assert_eq!(look().await.unwrap().collect::<Vec<_>>(), [at("8.8.8.8")], "what is inside is left out");
        assert!(look().await.is_err() && look().await.is_err());
        assert_eq!(look().await.unwrap().collect::<Vec<_>>(), [at("8.8.4.4")]);
    }

    #[test]
    fn a_name_keeps_its_public_addresses_only() {
        assert_eq!(resolved(&["8.8.8.8", "2606:4700::1111"]), Ok(2));
        assert_eq!(resolved(&["8.8.8.8", "127.0.0.1"]), Ok(1));
        assert_eq!(resolved(&["127.0.0.1", "::1"]), Err("a loopback address"));
        assert_eq!(resolved(&["::ffff:10.0.0.1"]), Err("an IPv4 address in disguise"));
        // An empty answer is an ordinary failure, not a refusal.
        assert_eq!(resolved(&[]), Ok(0));
    }
}
