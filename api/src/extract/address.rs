//! Where a request comes from.

use crate::state::AppState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The network address of the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        Ok(Self(client(peer, &parts.headers, &state.config.trusted_proxies)))
    }
}

/// The nearest address that is not one of the operator's proxies. Read from the right, since each proxy appends what it saw
/// and everything further left is what the client claims.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer.to_canonical()) {
        return peer.to_canonical();
    }
    let mut nearest = peer.to_canonical();
    let hops = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    for hop in hops.flat_map(|value| value.rsplit(',')) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted.contains(&nearest) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_of_the_operator_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let check = |peer: &str, forwarded: &str, trusted: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let trusted: Vec<_> = trusted.iter().map(|text| ip(text)).collect();
            assert_eq!(client(ip(peer), &headers, &trusted), ip(expected), "{peer} {forwarded}");
        };
        check("203.0.113.9", "198.51.100.1", &[], "203.0.113.9");
        check("203.0.113.9", "198.51.100.1", &["127.0.0.1"], "203.0.113.9");
        check("127.0.0.1", "198.51.100.1", &["127.0.0.1"], "198.51.100.1");
        check("::ffff:127.0.0.1", "198.51.100.1", &["127.0.0.1"], "198.51.100.1");
        check("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", &["127.0.0.1", "10.0.0.2"], "198.51.100.1");
        check("127.0.0.1", "nonsense", &["127.0.0.1"], "127.0.0.1");
    }
}
