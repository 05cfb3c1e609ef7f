//! Taking an address apart, and finding where a redirect leads. No more is understood than that: the host checks what it is given.

use super::HttpError;

/// An address in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) secure: bool,
    /// Host and port.
    pub(super) authority: &'a str,
    /// Begins with a slash or a question mark, or is empty.
    pub(super) path: &'a str,
}

impl<'a> Address<'a> {
    pub(super) fn parse(url: &'a str) -> Result<Self, HttpError> {
        // What follows a hash sign is never sent.
        let url = url.split('#').next().unwrap_or_default();
        let begins =
            |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        let (secure, rest) = if begins("https://") {
            (true, &url[8..])
        } else if begins("http://") {
            (false, &url[7..])
        } else {
            return Err(HttpError::Address("it must begin with https:// or http://".to_owned()));
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() {
            return Err(HttpError::Address("it names no host".to_owned()));
        }
        Ok(Self { secure, authority, path })
    }

    /// Whether both are the same host, port and scheme.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.secure == other.secure && self.authority.eq_ignore_ascii_case(other.authority)
    }

    /// Where a `location` header leads from here.
    pub(super) fn join(&self, location: &str) -> String {
        let scheme = if self.secure { "https:" } else { "http:" };
        let authority = self.authority;
        if location.contains("://") && !location.starts_with(['/', '?']) {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{scheme}{location}")
        } else if location.starts_with('/') {
            format!("{scheme}//{authority}{location}")
        } else {
            let path = self.path.split('?').next().unwrap_or_default();
            let folder = if location.starts_with('?') {
                path
            } else {
                path.rfind('/').map_or("/", |slash| &path[..=slash])
            };
            format!("{scheme}//{authority}{folder}{location}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_parts() {
        let of = |url| Address::parse(url).map(|address| (address.secure, address.authority, address.path));
        assert_eq!(of("https://a.example:8443/b?c#d"), Ok((true, "a.example:8443", "/b?c")));
        assert_eq!(of("HTTP://a.example"), Ok((false, "a.example", "")));
        assert_eq!(of("http://a.example?b/c"), Ok((false, "a.example", "?b/c")));
        for wrong in ["", "a.example", "ftp://a.example", "https:///b", "https://", "é", "http:/ä"] {
            assert!(matches!(of(wrong), Err(HttpError::Address(_))), "{wrong}");
        }
    }

    #[test]
    fn a_location_leads_where_it_says() {
        let from = Address::parse("https://a.example/b/c?d=http://x").unwrap();
        for (location, leads) in [
            ("http://b.example/", "http://b.example/"),
            ("//b.example/x", "https://b.example/x"),
            ("/x?y", "https://a.example/x?y"),
            ("/x?to=https://b.example", "https://a.example/x?to=https://b.example"),
            ("x", "https://a.example/b/x"),
            ("?y", "https://a.example/b/c?y"),
        ] {
            assert_eq!(from.join(location), leads, "{location}");
        }
        assert_eq!(Address::parse("https://a.example").unwrap().join("x"), "https://a.example/x");
    }
}
