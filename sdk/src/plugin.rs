//! The trait that a plugin implements, and how the host's calls reach it.

use crate::bindings::plugin::exports::twobot::plugin::plugin_handler;
use crate::bindings::plugin::{self as world};
use crate::{
    ActionError, Callback, Context, Deletion, EffectFailure, Error, Event, JoinRequest, Json, Manifest,
    MemberChange, Message, Payload, Poll, PollAnswer, ProviderEvent, ReactionChange, Result, Scheduled,
};

/// Methods that a plugin does not implement do nothing.
macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident: $event:ty = $payload:ident;)+) => {
        /// An automation: reacts to events, keeps its own data, acts through the tenant's gateways.
        ///
        /// Storage writes, queued effects, notifications and appointments of a handler are kept together when it returns
        /// `Ok`, and not at all otherwise.
        pub trait Plugin {
            /// Says what this plugin is.
            fn manifest() -> Manifest;

            $(
                $(#[$doc])*
                #[expect(unused_variables, reason = "the default does nothing")]
                fn $name(ctx: &Context, event: $event) -> Result {
                    Ok(())
                }
            )+

            /// Runs an action of the manifest. The input has been checked against its schema.
            #[expect(unused_variables, reason = "the default knows no action")]
            fn run(ctx: &Context, action: &str, input: Json) -> Result<Json, ActionError> {
                Err(ActionError::UnknownAction)
            }
        }

        fn dispatch<P: Plugin>(event: Event) -> Result {
            let (ctx, payload) = Context::of(event);
            match payload {
                $(Payload::$payload(event) => P::$name(&ctx, event),)+
            }
        }
    };
}

handlers! {
    /// Something was said, shown or shared.
    message: Message = Message;
    /// A message was changed.
    message_edited: Message = MessageEdited;
    /// Messages were removed.
    message_deleted: Deletion = MessageDeleted;
    /// Someone pressed a button under a message.
    callback: Callback = Callback;
    /// Someone's standing in a conversation changed.
    member_changed: MemberChange = MemberChanged;
    /// Someone asks to be let in.
    join_requested: JoinRequest = JoinRequested;
    /// Reactions to a message changed.
    reaction_changed: ReactionChange = ReactionChanged;
    /// A poll has new votes, or was closed.
    poll_changed: Poll = PollChanged;
    /// Someone voted, or took their vote back.
    poll_answered: PollAnswer = PollAnswered;
    /// A schedule of this install is due.
    scheduled: Scheduled = Scheduled;
    /// A queued effect of this install was given up.
    effect_failed: EffectFailure = EffectFailed;
    /// Something that only this provider knows.
    provider_event: ProviderEvent = Provider;
}

impl<P: Plugin> world::Guest for P {
    fn describe() -> world::Manifest {
        P::manifest().into()
    }
}

impl<P: Plugin> plugin_handler::Guest for P {
    fn handle(event: Event) -> Result<(), plugin_handler::HandlerError> {
        dispatch::<P>(event).map_err(|error| match error {
            Error::Retry(why) => plugin_handler::HandlerError::Retry(why),
            Error::Failed(why) => plugin_handler::HandlerError::Failed(why),
        })
    }

    fn run(action: String, input: String) -> Result<String, ActionError> {
        let input = if input.trim().is_empty() { Ok(Json::Null) } else { serde_json::from_str(&input) }
            .map_err(|error| ActionError::InvalidInput(format!("the input is not JSON: {error}")))?;
        P::run(&Context::of_action(), &action, input).map(|output| output.to_string())
    }
}
