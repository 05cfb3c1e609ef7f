//! What a plugin may do once its tenant grants it.
//!
//! A capability has one text, and that is what is stored, shown and granted: `storage`, `send`, `http:api.example.com`. Each
//! host that a plugin wants to call is a capability of its own, so that a version that wants to call one more has to ask for it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The most bytes of a host's name (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;

/// The most bytes of one label of a host's name (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// Something that a plugin may do once its tenant grants it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// Keep data of its own.
    Storage,
    /// Act through bound gateways.
    Send,
    /// Ask bound AI gateways.
    Ai,
    /// Post to the tenant's dashboard.
    Notify,
    /// Make appointments with itself.
    Schedule,
    /// Keep files in a directory of its own.
    Directory,
    /// Call one host, or a family of hosts, over HTTP.
    Http(HostPattern),
}

/// A text that is no capability.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no capability")]
pub struct UnknownCapability(String);

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage => f.write_str("storage"),
            Self::Send => f.write_str("send"),
            Self::Ai => f.write_str("ai"),
            Self::Notify => f.write_str("notify"),
            Self::Schedule => f.write_str("schedule"),
            Self::Directory => f.write_str("directory"),
            Self::Http(host) => write!(f, "http:{host}"),
        }
    }
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        let unknown = || UnknownCapability(text.chars().take(300).collect());
        Ok(match text {
            "storage" => Self::Storage,
            "send" => Self::Send,
            "ai" => Self::Ai,
            "notify" => Self::Notify,
            "schedule" => Self::Schedule,
            "directory" => Self::Directory,
            _ => {
                let host = text.strip_prefix("http:").ok_or_else(unknown)?;
                Self::Http(host.parse().map_err(|_| unknown())?)
            }
        })
    }
}

impl TryFrom<String> for Capability {
    type Error = UnknownCapability;

    fn try_from(text: String) -> Result<Self, UnknownCapability> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
    }
}

/// Hosts that a plugin asks to call.
///
/// `api.example.com`, `*.example.com` (every host below it, not itself), or `*` (every public host). A port may follow (`:8443`);
/// without one the usual ports of HTTP and HTTPS are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Hosts {
    Any,
    Below(String),
    One(String),
}

/// Why a text is no pattern of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadHostPattern {
    /// A scheme, a path, a user or anything else that is no part of a host's name.
    #[error("must be a host such as `api.example.com`, `*.example.com` or `*`, without a scheme or a path")]
    Host,
    /// What follows the colon.
    #[error("must have a port from 1 to 65535 after the colon")]
    Port,
}

impl HostPattern {
    /// Whether a host and port are meant. The host is compared without regard to case, and without the dot that may end it.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let fits = match &self.hosts {
            Hosts::Any => true,
            Hosts::Below(parent) => host
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            Hosts::One(only) => host == *only,
        };
        fits && self.port.map_or(port == 80 || port == 443, |only| port == only)
    }

    /// Every public host.
    pub const ANY: Self = Self { hosts: Hosts::Any, port: None };

    /// The pattern for one host and port alone; none for a host that only [`HostPattern::ANY`] could mean, such as `a..b`.
    #[must_use]
    pub fn of(host: &str, port: u16) -> Option<Self> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let port = (port != 80 && port != 443).then_some(port);
        (is_name(&host) || is_v6(&host)).then_some(Self { hosts: Hosts::One(host), port })
    }

    /// Whether every public host is meant.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        matches!(self.hosts, Hosts::Any)
    }
}

impl FromStr for HostPattern {
    type Err = BadHostPattern;

    fn from_str(text: &str) -> Result<Self, BadHostPattern> {
        let text = text.to_ascii_lowercase();
        // An IPv6 address stands in brackets, since it is full of colons itself.
        let (host, port) = match text.rfind(':') {
            Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
            _ => (text.as_str(), None),
        };
        let port = match port {
            None => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port != 0).ok_or(BadHostPattern::Port)?)
            }
            Some(_) => return Err(BadHostPattern::Port),
        };
        let hosts = match host.strip_prefix("*.") {
            _ if host == "*" => Hosts::Any,
            Some(parent) if is_name(parent) && parent.contains('.') => Hosts::Below(parent.to_owned()),
            None if is_name(host) || is_v6(host) => Hosts::One(host.to_owned()),
            _ => return Err(BadHostPattern::Host),
        };
        Ok(Self { hosts, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::Any => f.write_str("*")?,
            Hosts::Below(parent) => write!(f, "*.{parent}")?,
            Hosts::One(host) => f.write_str(host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Letters, digits and hyphens in labels of the right length; an IPv4 address is one, too.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.len() <= MAX_HOST && host.split('.').all(label)
}

fn is_v6(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_its_text() {
        for text in [
            "storage",
            "send",
            "ai",
            "notify",
            "schedule",
            "directory",
            "http:*",
            "http:*.example.com:8443",
            "http:[::1]:80",
        ] {
            let capability: Capability = text.parse().unwrap();
            assert_eq!(capability.to_string(), text);
            let json = serde_json::to_string(&capability).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Capability>(&json).unwrap(), capability);
        }
        for text in ["", "Storage", "http", "http:", "https:example.com", "http:a b", "root"] {
            assert!(text.parse::<Capability>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let hosts = [
            "",
            ".",
            "a..b",
            "a.",
            "https://example.com",
            "example.com/path",
            "user@example.com",
            "*.com",
            "*.",
            "a.*.com",
            "**",
            "*example.com",
            "-a.com",
            "a-.com",
            "exa mple.com",
            "exämple.com",
            "[::1",
            "[::g]",
            "::1",
            "a\0.com",
        ];
        for host in hosts {
            assert!(host.parse::<HostPattern>().is_err(), "{host}");
        }
        assert_eq!(format!("{}.com", "a".repeat(64)).parse::<HostPattern>(), Err(BadHostPattern::Host));
        assert_eq!(vec!["a"; 130].join(".").parse::<HostPattern>(), Err(BadHostPattern::Host));
        for port in ["a.com:", "a.com:0", "a.com:65536", "a.com:+80", "a.com:x", "*:"] {
            assert_eq!(port.parse::<HostPattern>(), Err(BadHostPattern::Port), "{port}");
        }
    }

    #[test]
    fn the_pattern_of_one_host_is_one_that_can_be_asked_for() {
        for (host, port, text) in [
            ("API.example.com.", 443, Some("api.example.com")),
            ("api.example.com", 8443, Some("api.example.com:8443")),
            ("127.0.0.1", 80, Some("127.0.0.1")),
            ("[::1]", 81, Some("[::1]:81")),
            ("a..", 80, None),
            ("a!b.com", 80, None),
            ("", 80, None),
        ] {
            let pattern = HostPattern::of(host, port);
            assert_eq!(pattern.as_ref().map(ToString::to_string).as_deref(), text, "{host}");
            if let Some(pattern) = pattern {
                assert_eq!(pattern.to_string().parse(), Ok(pattern));
            }
        }
    }

    #[test]
    fn a_pattern_means_its_hosts_and_ports_and_no_others() {
        let cases = [
            ("api.example.com", "API.Example.com.", 443, true),
            ("API.example.com", "api.example.com", 80, true),
            ("api.example.com", "api.example.com", 8443, false),
            ("api.example.com:8443", "api.example.com", 8443, true),
            ("api.example.com:8443", "api.example.com", 443, false),
            ("api.example.com", "evil-api.example.com", 443, false),
            ("api.example.com", "api.example.com.evil.org", 443, false),
            ("*.example.com", "a.example.com", 443, true),
            ("*.example.com", "a.b.example.com", 443, true),
            ("*.example.com", "example.com", 443, false),
            ("*.example.com", ".example.com", 443, false),
            ("*.example.com", "evilexample.com", 443, false),
            ("*", "anything.org", 80, true),
            ("*", "anything.org", 22, false),
            ("*:9000", "anything.org", 9000, true),
            ("[::1]:11434", "[::1]", 11434, true),
            ("127.0.0.1:11434", "127.0.0.1", 11434, true),
        ];
        for (pattern, host, port, allowed) in cases {
            let parsed: HostPattern = pattern.parse().unwrap();
            assert_eq!(parsed.allows(host, port), allowed, "{pattern} and {host}:{port}");
        }
        assert_eq!("*".parse(), Ok(HostPattern::ANY));
        assert!(HostPattern::ANY.is_any());
        assert!(!"*.example.com".parse::<HostPattern>().unwrap().is_any());
    }
}
