//! Whose doing a failure was.

use crate::wire::{Fault, Retry};
use serde::Serialize;
use twobot_domain::FailureClass;
use utoipa::ToSchema;

/// Whose doing a failure was, and whether it is tried again by itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FailureReason {
    /// Whose doing it was.
    fault: Fault,
    /// Whether it is tried again.
    retry: Retry,
}

impl FailureReason {
    /// Of a class, and whether it is over.
    pub(crate) const fn of(class: FailureClass, is_over: bool) -> Self {
        let fault = match class {
            FailureClass::TryAgain | FailureClass::Plugin => Fault::Plugin,
            FailureClass::Platform => Fault::Platform,
            FailureClass::Refused => Fault::Workspace,
        };
        let retry = match (is_over, class.is_tried_again()) {
            (false, _) => Retry::Scheduled,
            (true, true) => Retry::GivenUp,
            (true, false) => Retry::None,
        };
        Self { fault, retry }
    }
}
