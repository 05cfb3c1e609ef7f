//! A plugin that takes every kind of event and does nothing, so that its executions show what a gateway made of its deliveries.

use twobot::prelude::*;

/// The plugin.
pub struct Witness;

#[twobot::plugin]
impl Plugin for Witness {
    fn manifest() -> Manifest {
        Manifest::new("witness", "Witness (test)", env!("CARGO_PKG_VERSION"))
            .summary("Takes every kind of event and does nothing.")
            .description("For tests of the platform.")
            .author("2Bot")
            .category("testing")
            .on([
                EventKind::Message,
                EventKind::MessageEdited,
                EventKind::MessageDeleted,
                EventKind::Callback,
                EventKind::MemberChanged,
                EventKind::JoinRequested,
                EventKind::ReactionChanged,
                EventKind::PollChanged,
                EventKind::PollAnswered,
                EventKind::Provider,
            ])
            .slot(Slot::optional("sources", "What to watch"))
    }
}
