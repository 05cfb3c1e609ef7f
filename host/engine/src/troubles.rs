//! Words for what goes wrong with executions.

use twobot_domain::manifest::{Capability, PluginManifest};
use twobot_domain::{Timestamp, Trouble};
use twobot_store::installs::Install;

pub(crate) fn interrupted() -> Trouble {
    Trouble::new(
        "interrupted",
        "Interrupted",
        "The platform was restarted while this ran. Nothing of it was kept, but what it had waited for by then may have gone out.",
        "See whether that matters, and run it again.",
    )
}

pub(crate) fn action_not_recorded() -> Trouble {
    Trouble::new(
        "interrupted",
        "Interrupted",
        "What this came to was not recorded: the database failed, or nobody waited for the answer any more. Nothing that it wrote was \
         kept, but what it had waited for by then may have gone out.",
        "See whether that matters, and run it again.",
    )
}

pub(crate) fn poisoned(deaths: u64) -> Trouble {
    Trouble::new(
        "process_died",
        "The platform died of it, or while it ran",
        format!(
            "The platform's process ended {deaths} times while this ran, so it is not tried again by itself."
        ),
        "Tell the operator. It can be run again when the reason is found.",
    )
}

pub(crate) fn invalid_input(reason: &str) -> Trouble {
    Trouble::new(
        "invalid_input",
        "The plugin refused the input",
        reason,
        "Correct the input and run it again.",
    )
}

pub(crate) fn plugin_missing(slug: &str) -> Trouble {
    Trouble::new(
        "plugin_missing",
        "The plugin is gone",
        format!("This host no longer has a plugin `{slug}`."),
        "Uninstall it, or ask the operator to bring it back.",
    )
}

pub(crate) fn plugin_not_enabled(install: &Install) -> Trouble {
    Trouble::new(
        "plugin_not_enabled",
        "The plugin was switched off",
        format!("The event's turn came while the plugin was {}.", install.state.as_str()),
        "Enable the plugin on its page.",
    )
}

pub(crate) fn event_missing() -> Trouble {
    Trouble::new(
        "event_missing",
        "The event can not be read",
        "The event is gone or was stored by another version.",
        "Nothing to do; if it happens again, tell the operator.",
    )
}

pub(crate) fn platform_failed() -> Trouble {
    Trouble::new(
        "platform_failed",
        "The platform failed",
        "This is not the plugin's fault. Nothing of this run was kept.",
        "It is tried again by itself. If it stays, tell the operator.",
    )
}

pub(crate) fn not_recorded(times: u32) -> Trouble {
    Trouble::new(
        "not_recorded",
        "What came of it could not be recorded",
        format!(
            "It was tried {times} times, and the platform failed each time before it could record what came of it. Nothing of it was kept."
        ),
        "This is not the plugin's fault. Tell the operator; it can be run again when the reason is found.",
    )
}

pub(crate) fn conflict() -> Trouble {
    Trouble::new(
        "conflict",
        "Others were always faster",
        "Other runs of this plugin kept changing the data that this one had read.",
        "Try again. The plugin's author can count with `increment`, or ask for one event at a time.",
    )
}

pub(crate) fn storage_quota(name: &str, used: u64, allowed: u64, unit: &str) -> Trouble {
    Trouble::new(
        "storage_quota",
        "The storage is full",
        format!(
            "Your plugins would keep {used} {unit}; your plan allows {allowed}. Nothing of this run was kept."
        ),
        "Remove data or plugins that you no longer need, or choose a larger plan.",
    )
    .with_limit(name, used, allowed, unit)
}

pub(crate) fn executions_per_day(used: u64, allowed: u64) -> Trouble {
    Trouble::new(
        "executions_per_day",
        "Today's executions are used up",
        format!("Your plan allows {allowed} executions a day. This one waits for tomorrow (UTC)."),
        "Wait, or choose a larger plan.",
    )
    .with_limit("executions_per_day", used, allowed, "executions")
}

pub(crate) fn plugin_paused(name: &str, failures: u64, last: &Trouble) -> Trouble {
    Trouble::new(
        "plugin_paused",
        format!("{name} is paused"),
        format!("It failed {failures} times in a row. The last time: {}. {}", last.title, last.detail),
        format!("{} Then enable it again on its page.", last.advice),
    )
}

pub(crate) fn permissions_needed(manifest: &PluginManifest, news: &[Capability]) -> Trouble {
    let wishes: Vec<_> = news.iter().map(wish).collect();
    Trouble::new(
        "permissions_needed",
        format!("{} asks for more", manifest.name),
        format!(
            "Version {} also wants to {}. It is off until you decide.",
            manifest.version,
            wishes.join("; ")
        ),
        "Open the plugin's page and allow it, or let it go on without. What happens meanwhile is kept for a day and handled then.",
    )
}

/// What a capability lets a plugin do, to follow "wants to".
fn wish(capability: &Capability) -> String {
    match capability {
        Capability::Storage => "keep data of its own".to_owned(),
        Capability::Send => "send messages and act through your gateways".to_owned(),
        Capability::Ai => "ask your AI gateways".to_owned(),
        Capability::Notify => "post to your dashboard".to_owned(),
        Capability::Schedule => "make appointments with itself".to_owned(),
        Capability::Directory => "keep files of its own".to_owned(),
        Capability::Http(hosts) if hosts.is_any() => "call any public address on the internet".to_owned(),
        Capability::Http(hosts) => format!("call {hosts}"),
    }
}

pub(crate) fn held_too_long() -> Trouble {
    Trouble::new(
        "permissions_needed",
        "Nobody decided in time",
        "The plugin waited for a decision on what it may do. Events are kept for a day, and this one's day is over.",
        "Decide on the plugin's page what it may do.",
    )
}

pub(crate) fn rested_too_long() -> Trouble {
    Trouble::new(
        "workspace_stopped",
        "The workspace was stopped",
        "What comes while the workspace is stopped is kept for a day, and this one's day is over.",
        "Start the workspace, then run this again, or discard it.",
    )
}

/// An effect that failed at the end of a circle: its plugin is not told, since it would only go on.
pub(crate) fn circle(failed: &Trouble, rounds: u64) -> Trouble {
    Trouble::new(
        "circle",
        "A circle was stopped",
        format!(
            "{}: {} The plugin answered its own failures {rounds} times in a row with something that failed again, so it is not \
             told of this one.",
            failed.title, failed.detail
        ),
        failed.advice.clone(),
    )
}

/// How [`put_off`] begins.
pub(crate) const PUT_OFF: &str = "circle: ";

/// What an execution's log says of an appointment that was put off.
pub(crate) fn put_off(name: &str, until: Timestamp) -> String {
    format!(
        "{PUT_OFF}the plugin keeps waking itself at once; the appointment `{name}` is put off until {until}"
    )
}
