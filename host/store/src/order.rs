//! That what is recorded later sorts later, whatever the clocks say.
//!
//! Queues are worked on in the order of their ids, which begin with a time. Where a node with a fast clock has recorded something and another goes on,
//! or the clock of the one was set back before a start, what comes next would get in before what waits. So whoever goes on looks at what waits and makes
//! only ids behind that from then on. See `docs/decisions/0041-bounds-between-nodes.md`.

use std::sync::Once;
use uuid::Uuid;

/// From now on this process makes ids behind the newest that waits.
pub(crate) fn go_on_after(newest: Option<Uuid>) {
    static TOLD: Once = Once::new();
    if let Some(newest) = newest
        && !twobot_domain::ids::go_on_after(newest)
    {
        TOLD.call_once(|| {
            tracing::error!(
                id = %newest,
                "what waits was recorded by a clock that is minutes ahead of this one: until that is over, what comes next may be done before it"
            );
        });
    }
}
