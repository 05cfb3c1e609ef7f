//! Every id of the platform, each its own type, so that one can not be passed for another.
//!
//! Ids are UUIDs of version 7 (RFC 9562): they sort by the time of their making, which keeps index pages dense.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

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
                Self(Uuid::now_v7())
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
