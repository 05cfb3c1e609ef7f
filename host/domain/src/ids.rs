//! Every id of the platform, each its own type, so that one can not be passed for another.
//!
//! Ids are UUIDs of version 7 (RFC 9562): they sort by the time of their making, which keeps index pages dense.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use uuid::{ContextV7, Uuid};

/// How far ids may be ahead of the clock, in milliseconds: more than clocks of nodes may differ (a minute), and so little that the times
/// in ids remain of use. A single row with a wrong id would otherwise take all that follow with it.
const MOST_AHEAD: i64 = 300_000;

/// Counts within a millisecond, and never goes back, whatever the clock does.
static SEQUENCE: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new id, later than all before.
fn next() -> Uuid {
    Uuid::new_v7(uuid::Timestamp::now(&SEQUENCE))
}

/// From now on this process makes ids that sort behind this one, which another made by a clock of its own. Answers false, and does
/// nothing, where that lies minutes ahead.
#[must_use]
pub fn go_on_after(id: Uuid) -> bool {
    let after = Timestamp::of_id(id).plus_millis(1);
    if after > Timestamp::now().plus_millis(MOST_AHEAD) {
        return false;
    }
    let (seconds, millis) = (after.millis() / 1_000, (after.millis() % 1_000) as u32);
    // A place in the sequence that no id gets: those that follow are later.
    let _ = uuid::Timestamp::from_unix(&SEQUENCE, seconds, millis * 1_000_000);
    true
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than all that this process made before.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would hide that each is a new one")]
            pub fn new() -> Self {
                Self(next())
            }

            /// The id that a stored row carries.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID, for the database and for wire formats.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// Who owns and pays: a person or an organisation.
    TenantId,
    /// Someone who signs in.
    UserId,
    /// One sign-in of a user.
    SessionId,
    /// A set-up of two-factor sign-in: another one each time that it is set up.
    TwoFactorId,
    /// A key of the API.
    ApiKeyId,
    /// A tenant's connection to an outside service.
    GatewayId,
    /// A plugin in a tenant's workspace.
    InstallId,
    /// One raw delivery of a provider.
    InboundId,
    /// Something that happened, in normalised form.
    EventId,
    /// One run of one handler for one event.
    ExecutionId,
    /// A call that leaves the sandbox and changes the world.
    EffectId,
    /// A message that was posted to a receiver, as its gateway's owner sees it.
    OutboundId,
    /// A schedule or appointment of an install.
    ScheduleId,
    /// A conversation of the web chat.
    ConversationId,
    /// A message of the web chat.
    ChatMessageId,
    /// Something that the tenant is told in the dashboard.
    NotificationId,
    /// A row of the audit log.
    AuditId,
    /// A mail in the outbox.
    MailId,
    /// A process that works on the database, beside others or alone.
    NodeId,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id that was made so many milliseconds from now.
    fn from_now(millis: i64) -> Uuid {
        let at = Timestamp::now().plus_millis(millis).millis();
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, at / 1_000, (at % 1_000) as u32 * 1_000_000))
    }

    #[test]
    fn ids_go_on_after_those_of_a_faster_clock_and_no_further() {
        let mut last = ExecutionId::new().uuid();
        for (millis, goes) in
            [(5_000, true), (-60_000, true), (4_000, true), (86_400_000, false), (60_000, true)]
        {
            let other = from_now(millis);
            assert_eq!(go_on_after(other), goes, "{millis}");
            for id in [EffectId::new().uuid(), InboundId::new().uuid()] {
                assert!(id > last && (id > other) == goes, "{id} after {last} and {other}");
                last = id;
            }
        }
        let ahead = Timestamp::of_id(last).0 - Timestamp::now().0;
        assert!(ahead <= 60_001, "{ahead}");
        assert!(!go_on_after(Uuid::max()));
    }
}
