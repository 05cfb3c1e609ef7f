//! How much anybody may ask for in a minute.
//!
//! Counted by [`Windows`](twobot_redis::Windows), so together by all nodes that have a Redis. Why these and no others:
//! `docs/decisions/0036-limits-at-the-edge.md`.

use crate::state::AppState;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use twobot_domain::{ApiKeyId, UserId};
use twobot_redis::{Rule, Taken};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How many more requests a page of ours may make to read than a program: it loads what it shows again whenever that changes.
const PAGES: u32 = 10;

/// How many times what is allowed an address may ask for before it is not heard any more.
const FLOOD: u32 = 5;

/// Addresses that are known to be blocked. Of more, those whose time ends first are forgotten; they are blocked again with their next
/// request that is too much.
const BLOCKED: usize = 10_000;

/// How many requests are answered in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one person, and of one key.
    pub per_caller: u32,
    /// From one network address. Past five times as many it is blocked for an hour.
    pub per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_caller: 100, per_address: 1_000 }
    }
}

/// Whose request counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    /// A program with a key.
    Key(ApiKeyId),
    /// A person, however many sessions they have.
    Person(UserId),
    /// A page of ours that only reads, for that person.
    Page(UserId),
}

/// What an address is told whose request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// Until this minute is over.
    Busy(Taken),
    /// For so long, whatever it asks for.
    Blocked(Duration),
}

/// Network addresses that are not heard for a while.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocked(Arc<Mutex<HashMap<Network, Instant>>>);

/// Whom one customer of a provider is given: an address of IPv4, and the first 64 bits of IPv6.
type Network = [u8; 16];

/// The network of an address. None for this machine's own: who sits there needs no leave, and behind a proxy that was not told to us
/// everyone comes from there.
fn network(address: IpAddr) -> Option<Network> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.to_ipv6_mapped().octets()),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            Some(octets)
        }
    }
}

impl Blocked {
    /// How long a network still is.
    fn left(&self, network: &Network, now: Instant) -> Option<Duration> {
        let mut blocked = self.0.lock();
        let until = *blocked.get(network)?;
        if until <= now {
            blocked.remove(network);
            return None;
        }
        Some(until - now)
    }

    fn block(&self, network: Network, now: Instant, time: Duration) {
        let mut blocked = self.0.lock();
        if blocked.len() >= BLOCKED {
            blocked.retain(|_, until| *until > now);
        }
        if blocked.len() >= BLOCKED {
            let first = blocked.iter().min_by_key(|(_, until)| **until).map(|(network, _)| *network);
            first.and_then(|network| blocked.remove(&network));
        }
        blocked.insert(network, now + time);
    }
}

impl AppState {
    /// Counts a request of somebody.
    pub(crate) async fn take_of(&self, caller: Caller) -> Taken {
        let limit = self.config.limits.per_caller.max(1);
        let (name, limit, id) = match caller {
            Caller::Key(key) => ("api-key", limit, key.uuid()),
            Caller::Person(user) => ("person", limit, user.uuid()),
            Caller::Page(user) => ("page", limit.saturating_mul(PAGES), user.uuid()),
        };
        self.config.windows.take(&Rule { name, limit, period: MINUTE }, &[id.as_bytes()]).await
    }

    /// Counts a request from an address.
    ///
    /// # Errors
    /// When it is one too many.
    pub(crate) async fn take_from(&self, address: IpAddr) -> Result<(), TooMuch> {
        let Some(network) = network(address) else { return Ok(()) };
        if let Some(left) = self.blocked.left(&network, Instant::now()) {
            return Err(TooMuch::Blocked(left));
        }
        let limit = self.config.limits.per_address.max(1);
        let rule = Rule { name: "address", limit, period: MINUTE };
        let taken = self.config.windows.take(&rule, &[&network]).await;
        if taken.allowed {
            return Ok(());
        }
        // What was too much is counted apart and for an hour: who goes on and on is not asked each minute anew.
        let limit = limit.saturating_mul(FLOOD - 1);
        let flood = Rule { name: "address flood", limit, period: HOUR };
        let more = self.config.windows.take(&flood, &[&network]).await;
        if more.allowed {
            return Err(TooMuch::Busy(taken));
        }
        self.blocked.block(network, Instant::now(), more.resets);
        Err(TooMuch::Blocked(more.resets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_of_a_provider_is_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
        assert_ne!(of("203.0.113.7"), of("203.0.113.8"));
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(of(own), None, "{own}");
        }
    }

    #[test]
    fn a_block_ends_and_takes_little_room() {
        let (blocked, now) = (Blocked::default(), Instant::now());
        let net = |number: usize| {
            let mut net = Network::default();
            net[..8].copy_from_slice(&number.to_be_bytes());
            net
        };
        blocked.block(net(0), now, HOUR);
        assert_eq!(blocked.left(&net(0), now + MINUTE), Some(HOUR - MINUTE));
        assert_eq!(blocked.left(&net(1), now), None);
        for number in 1..BLOCKED + 10 {
            blocked.block(net(number), now, MINUTE);
        }
        assert_eq!(blocked.0.lock().len(), BLOCKED);
        assert!(blocked.left(&net(0), now).is_some(), "those whose time ends first go first");
        assert_eq!(blocked.left(&net(0), now + HOUR), None);
        blocked.block(net(0), now + HOUR, MINUTE);
        blocked.block(net(1), now + HOUR, MINUTE);
        assert_eq!(blocked.0.lock().len(), 2, "what has ended goes before");
    }
}
