//! What a node is there for.

use std::str::FromStr;

/// What a node is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// Serves people and takes deliveries in. What waits is left to others; what somebody waits for, such as an action's answer,
    /// runs here.
    Api,
    /// Does what waits, keeps gateways connected and fires schedules. Serves nobody.
    Worker,
}

impl Role {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }

    /// Whether it does what waits.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }

    /// Whether it serves people and takes deliveries in.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "api" => Ok(Self::Api),
            "worker" => Ok(Self::Worker),
            other => Err(format!("`{other}` must be all, api or worker")),
        }
    }
}
