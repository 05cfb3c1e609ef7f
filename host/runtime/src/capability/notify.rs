//! `notify`: telling the tenant something in the dashboard.

use crate::bindings::plugin::twobot::plugin::notify::{Host, NotifyError, Severity};
use crate::sandbox::guest::{Guest, PluginSide};
use twobot_domain::manifest::Capability;
use twobot_store::executions::NewNotification;

/// Notifications of one execution.
const MAX_POSTS: usize = 10;
/// Characters of a title.
const MAX_TITLE: usize = 120;
/// Characters of a text.
const MAX_TEXT: usize = 2_000;

impl Host for Guest<PluginSide> {
    async fn post(&mut self, severity: Severity, title: String, text: String) -> Result<(), NotifyError> {
        self.pace.call(title.len() + text.len()).await;
        let work = self
            .side
            .granted(Capability::Notify)
            .map_err(|denied| NotifyError::Denied(denied.to_string()))?;
        if work.notifications.len() >= MAX_POSTS {
            return Err(NotifyError::TooMany);
        }
        work.notifications.push(NewNotification {
            severity: match severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Problem => "problem",
            },
            title: title.chars().take(MAX_TITLE).collect(),
            text: text.chars().take(MAX_TEXT).collect(),
        });
        Ok(())
    }
}
