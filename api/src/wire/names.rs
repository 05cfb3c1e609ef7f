//! Closed sets of names.

use crate::error::ApiError;
use serde::{Deserialize, Serialize};
use twobot_domain::manifest;
use twobot_store::accounts::WorkspaceState as StoredWorkspaceState;
use twobot_store::chat::Author as StoredAuthor;
use twobot_store::gateways::GatewayStatus as StoredGatewayStatus;
use twobot_store::installs::InstallState as StoredInstallState;
use twobot_store::outbound::OutboundState as StoredOutboundState;
use utoipa::ToSchema;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:tt),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All of them, for messages.
            #[allow(dead_code, reason = "not every set of names is chosen from by people")]
            pub(crate) const ALL: &'static [&'static str] = &[$($text),+];

            /// The one of that name.
            #[allow(dead_code, reason = "not every set of names is kept as text")]
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The one that a stored text names.
            #[allow(dead_code, reason = "not every set of names is kept as text")]
            pub(crate) fn stored(text: &str) -> Result<Self, ApiError> {
                Self::parse(text)
                    .ok_or_else(|| ApiError::internal(format!("stored data is damaged: {} {text}", stringify!($name))))
            }
        }
    )+};
}

names! {
    /// What someone may do in their tenant.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but to take all along and to end the account.
        Admin = "admin",
        /// Look at everything but the audit log, and chat.
        Member = "member",
    }
    /// The state of a workspace.
    WorkspaceState {
        /// Events are handled.
        Running = "running",
        /// Stopped by its owner: events are kept and wait.
        Stopped = "stopped",
        /// Closed by the operator.
        Suspended = "suspended",
    }
    /// What an API key may do.
    ApiScope {
        /// Look at gateways and their conversations.
        ReadGateways = "read:gateways",
        /// Look at plugins, at what they did, and at what failed.
        ReadPlugins = "read:plugins",
        /// Look at workflows.
        ReadServices = "read:services",
        /// Look at usage, reports and the workspace.
        ReadAnalytics = "read:analytics",
        /// Make, change, switch, test and delete gateways, and write in their conversations.
        WriteGateways = "write:gateways",
        /// Install, configure, bind, switch and remove plugins, and decide what they may do.
        WritePlugins = "write:plugins",
        /// Make, change and delete workflows.
        WriteServices = "write:services",
        /// Run workflows.
        ExecuteServices = "execute:services",
        /// Run actions of plugins, replay what they did, and decide on what failed.
        ExecutePlugins = "execute:plugins",
    }
    /// What became of a mail.
    MailState {
        /// It waits to be sent.
        Waiting = "waiting",
        /// The mail server has it.
        Sent = "sent",
        /// There is no mail server: operators can read it.
        Shown = "shown",
        /// It was given up.
        Failed = "failed",
    }
    /// Whether a gateway works.
    GatewayStatus {
        /// Switched off.
        Disconnected = "disconnected",
        /// Being connected.
        Connecting = "connecting",
        /// The provider accepted us.
        Connected = "connected",
        /// It does not work; `status_reason` says why.
        Error = "error",
    }
    /// What became of something that arrived at a gateway.
    InboundState {
        /// It waits to be read.
        Waiting = "waiting",
        /// It is being read.
        Running = "running",
        /// It became events.
        Decoded = "decoded",
        /// Of a kind that no event is made of.
        NotHandled = "not_handled",
        /// It could not be read; `note` says why.
        Failed = "failed",
    }
    /// What became of something that was posted to a receiver.
    OutboundState {
        /// The receiver has it.
        Delivered = "delivered",
        /// It will be tried again.
        Waiting = "waiting",
        /// It is not tried again by itself.
        Failed = "failed",
    }
    /// Whether an install gets events.
    InstallState {
        /// It does.
        Enabled = "enabled",
        /// Switched off by its owner.
        Disabled = "disabled",
        /// It failed again and again, or waits for a decision on what it may do; `state_reason` says which.
        Paused = "paused",
    }
    /// How far an execution is.
    ExecutionState {
        /// It waits for its turn.
        Waiting = "waiting",
        /// It runs.
        Running = "running",
        /// All of its writes and effects are kept.
        Succeeded = "succeeded",
        /// Nothing of it was kept; `trouble` says why.
        Failed = "failed",
    }
    /// Why an execution runs.
    Trigger {
        /// Something happened.
        Event = "event",
        /// It was due.
        Schedule = "schedule",
        /// Someone ran an action.
        Action = "action",
    }
    /// How far an effect is.
    EffectState {
        /// It waits to be delivered, or to be tried again.
        Waiting = "waiting",
        /// It was delivered.
        Sent = "sent",
        /// It was given up; `error` says why.
        Failed = "failed",
    }
    /// Who wrote a message.
    Author {
        /// The person in the browser.
        Person = "person",
        /// A plugin.
        Bot = "bot",
        /// 2Bot itself, about something that went wrong.
        System = "system",
    }
    /// How a text is marked up.
    TextFormat {
        /// Not at all.
        Plain = "plain",
        /// Markdown.
        Markdown = "markdown",
        /// A few HTML elements.
        Html = "html",
    }
    /// How much a notification matters.
    Severity {
        /// Good to know.
        Info = "info",
        /// May become a problem.
        Warning = "warning",
        /// Something does not work.
        Problem = "problem",
    }
    /// How something went that the audit log tells of.
    AuditOutcome {
        /// It was done.
        Success = "success",
        /// It was not allowed.
        Denied = "denied",
        /// It was tried and failed.
        Failure = "failure",
    }
    /// What kind of doer it was.
    ActorKind {
        /// A person.
        User = "user",
        /// A plugin.
        Plugin = "plugin",
        /// 2Bot itself.
        System = "system",
    }
    /// How events arrive at a gateway.
    Ingress {
        /// The provider calls a webhook.
        Webhook = "webhook",
        /// The provider is asked again and again.
        Polling = "polling",
        /// Our own pages deliver them.
        Internal = "internal",
    }
    /// What a gateway kind can do for plugins.
    Feature {
        /// Send messages and the like.
        Actions = "actions",
        /// Ask a language model.
        AiChat = "ai-chat",
    }
    /// How an action is treated.
    ActionKind {
        /// It reads only.
        Report = "report",
        /// It changes something.
        Command = "command",
    }
    /// What was given up.
    DeadLetterKind {
        /// A run of a plugin.
        Execution = "execution",
        /// A delivery of a provider that was not understood.
        Delivery = "delivery",
        /// An action that did not get to its provider.
        Effect = "effect",
    }
    /// Whose doing a failure was.
    Fault {
        /// The plugin's.
        Plugin = "plugin",
        /// The platform's.
        Platform = "platform",
        /// The workspace's: something in it stood against the run, such as a plugin that was switched off.
        Workspace = "workspace",
    }
    /// Whether what failed is tried again by itself.
    Retry {
        /// It will be.
        Scheduled = "scheduled",
        /// It was, as often as it may be; another try may still help.
        GivenUp = "given_up",
        /// It is not: another try would end the same until something is changed.
        None = "none",
    }
    /// With which component an execution is replayed.
    ReplayComponent {
        /// The one that ran then.
        Recorded = "recorded",
        /// The one that is offered now.
        Current = "current",
    }
}

impl From<ApiScope> for twobot_domain::ApiScope {
    fn from(scope: ApiScope) -> Self {
        match scope {
            ApiScope::ReadGateways => Self::ReadGateways,
            ApiScope::ReadPlugins => Self::ReadPlugins,
            ApiScope::ReadServices => Self::ReadServices,
            ApiScope::ReadAnalytics => Self::ReadAnalytics,
            ApiScope::WriteGateways => Self::WriteGateways,
            ApiScope::WritePlugins => Self::WritePlugins,
            ApiScope::WriteServices => Self::WriteServices,
            ApiScope::ExecuteServices => Self::ExecuteServices,
            ApiScope::ExecutePlugins => Self::ExecutePlugins,
        }
    }
}

macro_rules! same_names {
    ($($from:path => $to:ident { $($variant:ident),+ })+) => {$(
        impl From<$from> for $to {
            fn from(name: $from) -> Self {
                match name { $(<$from>::$variant => Self::$variant),+ }
            }
        }
    )+};
}

same_names! {
    StoredWorkspaceState => WorkspaceState { Running, Stopped, Suspended }
    StoredGatewayStatus => GatewayStatus { Disconnected, Connecting, Connected, Error }
    StoredInstallState => InstallState { Enabled, Disabled, Paused }
    StoredOutboundState => OutboundState { Delivered, Waiting, Failed }
    StoredAuthor => Author { Person, Bot, System }
    manifest::Ingress => Ingress { Webhook, Polling, Internal }
    manifest::GatewayFeature => Feature { Actions, AiChat }
    manifest::ActionKind => ActionKind { Report, Command }
}
