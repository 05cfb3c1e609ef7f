//! HTTP clients that connect to permitted addresses only.

use super::address::refused_because;
use super::policy::{EgressPolicy, RefusedAddress};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// Longer than any healthy handshake, and short enough to tell a person what is wrong while they wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
        let builder = || {
            reqwest::Client::builder()
                .user_agent(crate::USER_AGENT)
                .redirect(Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(Duration::from_secs(60))
                .pool_max_idle_per_host(8)
                .tcp_nodelay(true)
        };
        let guarded = builder().dns_resolver(PublicOnly).build()?;
        Ok(Self { policy, guarded, named: builder().build()? })
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

/// Resolves names as the system does and leaves out what is not public.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(public_only(found)?.into_iter()) as Addrs)
        })
    }
}

fn public_only(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NoPublicAddress> {
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
