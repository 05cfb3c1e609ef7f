//! What a key of the API may do.

use std::fmt;

/// What a key of the API may do: a verb, a colon, and what it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiScope {
    /// Look at gateways and their conversations.
    ReadGateways,
    /// Look at plugins, at what they did, and at what failed.
    ReadPlugins,
    /// Look at workflows.
    ReadServices,
    /// Look at usage, reports and the workspace.
    ReadAnalytics,
    /// Make, change, switch, test and delete gateways, and write in their conversations.
    WriteGateways,
    /// Install, configure, bind, switch and remove plugins, and decide what they may do.
    WritePlugins,
    /// Make, change and delete workflows.
    WriteServices,
    /// Run workflows.
    ExecuteServices,
    /// Run actions of plugins, replay what they did, and decide on what failed.
    ExecutePlugins,
}

impl ApiScope {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ReadGateways,
        Self::ReadPlugins,
        Self::ReadServices,
        Self::ReadAnalytics,
        Self::WriteGateways,
        Self::WritePlugins,
        Self::WriteServices,
        Self::ExecuteServices,
        Self::ExecutePlugins,
    ];

    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadGateways => "read:gateways",
            Self::ReadPlugins => "read:plugins",
            Self::ReadServices => "read:services",
            Self::ReadAnalytics => "read:analytics",
            Self::WriteGateways => "write:gateways",
            Self::WritePlugins => "write:plugins",
            Self::WriteServices => "write:services",
            Self::ExecuteServices => "execute:services",
            Self::ExecutePlugins => "execute:plugins",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

impl fmt::Display for ApiScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_a_name_of_its_own() {
        for scope in ApiScope::ALL {
            assert_eq!(ApiScope::parse(scope.as_str()), Some(scope));
            assert_eq!(scope.to_string(), scope.as_str());
        }
        for text in ["", "read", "read:", "READ:GATEWAYS", "read:gateways ", "delete:gateways"] {
            assert_eq!(ApiScope::parse(text), None, "{text}");
        }
    }
}
