//! What kind of program asks, and from which part of the network, as far as people are shown it.

use super::ClientAddress;
use crate::state::AppState;
use crate::token;
use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use secrecy::SecretString;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use twobot_store::sessions::Device;

/// Programs that people know, by what stands in their own words for themselves. The first that fits; those that pass for another stand
/// before it.
const PROGRAMS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-requests/", "Python"),
];
/// Systems, in the same way.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// Characters of an unknown program's name.
const NAME: usize = 30;

/// The device of a request.
#[derive(Clone, Debug)]
pub(crate) struct DeviceOf {
    /// As people are shown it.
    pub(crate) device: Device,
    /// What it was given to be known again by.
    pub(crate) kept: Option<SecretString>,
}

impl FromRequestParts<AppState> for DeviceOf {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, state).await?;
        let words = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let device = Device { name: name(words), network: network(address) };
        Ok(Self { device, kept: token::device_of(&parts.headers) })
    }
}

/// The kind of program and system, of words that anyone can write. Versions are left out: a program that was updated is the same one.
fn name(words: &str) -> String {
    let known = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| words.contains(mark)).map(|(_, name)| *name)
    };
    let program = known(&PROGRAMS).map_or_else(
        || words.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(NAME).collect(),
        str::to_owned,
    );
    match (program.as_str(), known(&SYSTEMS)) {
        ("", None) => "Unknown program".to_owned(),
        ("", Some(system)) => format!("Unknown program on {system}"),
        (program, None) => program.to_owned(),
        (program, Some(system)) => format!("{program} on {system}"),
    }
}

/// The part of an address that many share: enough to know a place again, too little to name a household.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_know_their_device_again_and_nothing_more() {
        let check = |words: &str, expected: &str| assert_eq!(name(words), expected, "{words}");
        check("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux");
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        );
        check(
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        );
        check("curl/8.5.0", "curl");
        check("my-script/1.0 (it@example.org)", "my-script");
        check("", "Unknown program");
        check("<b>evil</b>", "Unknown program");
        check(&"x".repeat(500), &"x".repeat(30));
    }

    #[test]
    fn a_place_is_known_by_what_many_share() {
        let check = |address: &str, expected: &str| {
            assert_eq!(network(address.parse().unwrap()), expected, "{address}");
        };
        check("203.0.113.7", "203.0.113.0/24");
        check("::ffff:203.0.113.7", "203.0.113.0/24");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48");
    }
}
