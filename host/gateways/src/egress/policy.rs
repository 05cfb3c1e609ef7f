//! What the operator lets tenants reach besides the public internet.

use super::address::refused_because;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use thiserror::Error;
use url::{Host, Url};

/// One host and port that the operator named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    host: Host<String>,
    port: u16,
}

impl HostPort {
    /// The host and port that a request to this address connects to; none where it names no host or no port is known.
    #[must_use]
    pub fn of(address: &Url) -> Option<Self> {
        // `https` and `http` bring their own port, and their hosts are already in canonical form (`0x7f.1` is `127.0.0.1`).
        Some(Self { host: canonical(address.host()?.to_owned()), port: address.port_or_known_default()? })
    }
}

/// One spelling per host: names in lower case without the root's dot.
fn canonical(host: Host<String>) -> Host<String> {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_ascii_lowercase()),
        address => address,
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for HostPort {
    type Err = InvalidEgressPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |problem| InvalidEgressPolicy { entry: text.to_owned(), problem };
        if text.contains("://") || text.contains('/') {
            return Err(wrong("write the host and port alone, without a scheme or a path"));
        }
        if text.contains('*') {
            return Err(wrong("wildcards are not supported; name each host"));
        }
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(wrong(
                "write an IPv6 address in brackets, followed by its port, such as [fd00::1]:8080",
            ));
        }
        let (host, port) =
            text.rsplit_once(':').ok_or_else(|| wrong("the port is missing, as in localhost:11434"))?;
        let port = port
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| wrong("the port is not a number from 1 to 65535"))?;
        let host = Host::parse(host).map_err(|_| wrong("the host is not a name or an IP address"))?;
        Ok(Self { host: canonical(host), port })
    }
}

/// Where outgoing requests of tenants may go: the public internet, and what the operator named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Hosts and ports that may be reached though they are not public. A name here is trusted with whatever it resolves to.
    pub allow: Vec<HostPort>,
}

impl EgressPolicy {
    /// Reads the setting `TWOBOT_EGRESS_ALLOW`: `host:port,…`; empty for none.
    ///
    /// # Errors
    /// Names the first entry that is wrong, and what would be right.
    pub fn parse(setting: &str) -> Result<Self, InvalidEgressPolicy> {
        let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Ok(Self { allow: entries.map(str::parse).collect::<Result<_, _>>()? })
    }

    /// Whether the operator named the host and port of this address.
    #[must_use]
    pub fn allows(&self, address: &Url) -> bool {
        HostPort::of(address).is_some_and(|target| self.allow.contains(&target))
    }

    /// Checks an address as far as that goes without resolving its name.
    ///
    /// # Errors
    /// When it is not `http(s)`, names no host, carries credentials, or is a literal address that tenants may not reach.
    pub fn check(&self, address: &Url) -> Result<(), RefusedAddress> {
        if !matches!(address.scheme(), "http" | "https") {
            return Err(RefusedAddress::Unusable("it must start with https:// or http://"));
        }
        if !address.username().is_empty() || address.password().is_some() {
            return Err(RefusedAddress::Unusable("it must not contain a user name or password"));
        }
        let target = HostPort::of(address).ok_or(RefusedAddress::Unusable("it names no host"))?;
        if self.allow.contains(&target) {
            return Ok(());
        }
        let literal: IpAddr = match target.host {
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
            Host::Domain(_) => return Ok(()),
        };
        match refused_because(literal) {
            Some(what) => Err(RefusedAddress::NotPublic { target: target.to_string(), what }),
            None => Ok(()),
        }
    }
}

/// An entry of `TWOBOT_EGRESS_ALLOW` that can not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{entry}`: {problem}")]
pub struct InvalidEgressPolicy {
    /// The entry as it stands in the setting.
    pub entry: String,
    /// What is wrong with it, and what would be right.
    pub problem: &'static str,
}

/// Why a tenant's request may not go where it was to go.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RefusedAddress {
    /// It is not on the public internet and the operator did not name it.
    #[error(
        "{target} is {what}, which is closed to tenants; the operator of this server can open it by adding {target} to \
         TWOBOT_EGRESS_ALLOW"
    )]
    NotPublic {
        /// Host and port, as the operator would write them.
        target: String,
        /// What kind of address it is.
        what: &'static str,
    },
    /// No request can go there.
    #[error("the address can not be used: {0}")]
    Unusable(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &str, address: &str) -> Result<(), RefusedAddress> {
        EgressPolicy::parse(policy).unwrap().check(&Url::parse(address).unwrap())
    }

    #[test]
    fn literal_addresses_are_judged_in_every_spelling() {
        for address in [
            "http://127.0.0.1:11434/v1",
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
            "https://10.1.2.3/",
        ] {
            assert!(
                matches!(check("", address), Err(RefusedAddress::NotPublic { .. })),
                "{address} was let through"
            );
        }
        for address in ["https://8.8.8.8/", "https://api.openai.com/v1", "http://[2606:4700::1111]:8080/"] {
            assert_eq!(check("", address), Ok(()), "{address}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_unusable() {
        for address in
            ["ftp://example.com/", "file:///etc/passwd", "https://me:secret@example.com/", "data:,x"]
        {
            let refused = check("", address).unwrap_err();
            assert!(matches!(refused, RefusedAddress::Unusable(_)), "{address}");
            assert!(!refused.to_string().contains("secret"));
        }
    }

    #[test]
    fn the_operator_opens_one_host_and_one_port() {
        let policy = "localhost:11434, 10.0.0.5:80,[fd00::1]:8080 ,Models.Internal:443";
        for address in [
            "http://localhost:11434/v1",
            "http://LOCALHOST.:11434/v1",
            "http://10.0.0.5/",
            "http://[fd00::1]:8080/",
            "https://models.internal/v1",
        ] {
            assert_eq!(check(policy, address), Ok(()), "{address}");
            assert!(EgressPolicy::parse(policy).unwrap().allows(&Url::parse(address).unwrap()), "{address}");
        }
        for address in ["http://10.0.0.5:81/", "https://10.0.0.5/", "http://[fd00::2]:8080/"] {
            assert!(check(policy, address).is_err(), "{address}");
        }
        assert!(
            !EgressPolicy::parse(policy).unwrap().allows(&Url::parse("http://localhost:11435/").unwrap())
        );
    }

    #[test]
    fn the_refusal_says_what_the_operator_has_to_add() {
        let text = check("", "http://127.0.0.1:11434/v1").unwrap_err().to_string();
        assert!(text.contains("127.0.0.1:11434 is a loopback address"), "{text}");
        assert!(text.contains("adding 127.0.0.1:11434 to TWOBOT_EGRESS_ALLOW"), "{text}");
        // What the message tells the operator to write is what works.
        assert_eq!(check("127.0.0.1:11434", "http://127.0.0.1:11434/v1"), Ok(()));
        assert!(check("", "http://[::1]:80/").unwrap_err().to_string().contains("adding [::1]:80 to"));
    }

    #[test]
    fn wrong_entries_are_named() {
        for (setting, part) in [
            ("localhost", "port is missing"),
            ("a:1,http://b:2", "without a scheme"),
            ("b:2/path", "without a scheme"),
            ("a:0", "1 to 65535"),
            ("a:70000", "1 to 65535"),
            ("a:", "1 to 65535"),
            (":80", "not a name"),
            ("*.internal:80", "wildcards"),
            ("fd00::1", "in brackets"),
            ("[fd00::1]", "1 to 65535"),
        ] {
            let error = EgressPolicy::parse(setting).unwrap_err().to_string();
            assert!(error.contains(part), "{setting}: {error}");
        }
        assert_eq!(EgressPolicy::parse(" , ").unwrap(), EgressPolicy::default());
    }
}
