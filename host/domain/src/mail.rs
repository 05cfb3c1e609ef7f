//! What 2Bot writes to people, before it is put into words.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A mail: what is to be told, and to whom it speaks. The words are made when it is sent.
///
/// Some carry a token that opens something. So it is sealed in the database, and shows only its kind where it is logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// To someone whose address is confirmed.
    Welcome {
        /// How they are called.
        name: String,
    },
    /// Asks whether the address is theirs.
    Verify {
        /// How they are called.
        name: String,
        /// What confirms the address.
        token: String,
        /// How long it does, in hours.
        hours: u32,
    },
    /// Someone registered with an address that has an account.
    AlreadyRegistered {
        /// How its owner is called.
        name: String,
    },
    /// Lets them choose a new password.
    Reset {
        /// How they are called.
        name: String,
        /// What lets them.
        token: String,
        /// How long it does, in minutes.
        minutes: u32,
    },
    /// Their password was changed.
    PasswordChanged {
        /// How they are called.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// Someone signed in from where nobody had before.
    NewDevice {
        /// How they are called.
        name: String,
        /// The browser or program, in its own words.
        device: String,
        /// The network address.
        address: String,
        /// When.
        at: Timestamp,
    },
    /// A session ended because two held what renews it.
    SessionStolen {
        /// How they are called.
        name: String,
        /// The kind of program that showed the old key.
        device: String,
        /// The part of the network where it is.
        address: String,
        /// When.
        at: Timestamp,
    },
    /// Two-factor sign-in was turned on.
    TwoFactorOn {
        /// How they are called.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// Two-factor sign-in was turned off.
    TwoFactorOff {
        /// How they are called.
        name: String,
        /// Whether the operator did it.
        by_operator: bool,
        /// When.
        at: Timestamp,
    },
    /// A recovery code was used in the place of a code of their authenticator.
    RecoveryCodeUsed {
        /// How they are called.
        name: String,
        /// How many are left.
        left: u64,
        /// When.
        at: Timestamp,
    },
    /// Someone who knows the password tries one code after the other.
    WrongCodes {
        /// How they are called.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// A good part of what the plan allows is used.
    LimitWarning {
        /// How they are called.
        name: String,
        /// What is limited, for people: `executions today`.
        limit: String,
        /// How much of it is used, in percent.
        percent: u8,
        /// The number that is used.
        used: u64,
        /// The number that is allowed.
        allowed: u64,
    },
    /// A gateway can no longer reach its provider.
    GatewayDown {
        /// How they are called.
        name: String,
        /// The gateway's name.
        gateway: String,
        /// What happened, for people.
        trouble: String,
    },
}

impl Mail {
    /// The name of its kind in the database and in the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Verify { .. } => "verify",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::Reset { .. } => "reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::NewDevice { .. } => "new_device",
            Self::SessionStolen { .. } => "session_stolen",
            Self::TwoFactorOn { .. } => "two_factor_on",
            Self::TwoFactorOff { .. } => "two_factor_off",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::WrongCodes { .. } => "wrong_codes",
            Self::LimitWarning { .. } => "limit_warning",
            Self::GatewayDown { .. } => "gateway_down",
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_kept_under_the_name_of_its_kind_and_shows_no_token() {
        let name = || "Ada".to_owned();
        let (at, token) = (Timestamp(0), "s3cret".to_owned());
        let all = [
            Mail::Welcome { name: name() },
            Mail::Verify { name: name(), token: token.clone(), hours: 24 },
            Mail::AlreadyRegistered { name: name() },
            Mail::Reset { name: name(), token, minutes: 60 },
            Mail::PasswordChanged { name: name(), at },
            Mail::NewDevice { name: name(), device: "Firefox".to_owned(), address: "::1".to_owned(), at },
            Mail::SessionStolen { name: name(), device: "curl".to_owned(), address: "::/48".to_owned(), at },
            Mail::TwoFactorOn { name: name(), at },
            Mail::TwoFactorOff { name: name(), by_operator: true, at },
            Mail::RecoveryCodeUsed { name: name(), left: 9, at },
            Mail::WrongCodes { name: name(), at },
            Mail::LimitWarning {
                name: name(),
                limit: "gateways".to_owned(),
                percent: 85,
                used: 17,
                allowed: 20,
            },
            Mail::GatewayDown { name: name(), gateway: "Shop".to_owned(), trouble: "gone".to_owned() },
        ];
        for mail in all {
            let kept = serde_json::to_value(&mail).unwrap();
            assert_eq!(kept["kind"], mail.kind());
            assert_eq!(serde_json::from_value::<Mail>(kept).unwrap(), mail);
            let shown = format!("{mail:?}");
            assert!(!shown.contains("s3cret") && !shown.contains("Ada"), "{shown}");
        }
    }
}
