//! Why the engine did not do what it was asked, in cases that the API turns into answers.

use thiserror::Error;
use twobot_domain::Trouble;
use twobot_store::StoreError;

/// A wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where, such as `credentials.token`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Why the engine did not do what it was asked.
#[derive(Debug, Error)]
pub enum EngineError {
    /// There is none of this name in the scope.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Fields are wrong.
    #[error("{} wrong fields", .0.len())]
    Invalid(Vec<FieldError>),
    /// It contradicts the present state; says how.
    #[error("{0}")]
    Conflict(String),
    /// A limit of the tenant's plan.
    #[error("{name}: {used} of {allowed} {unit}")]
    Limit {
        /// Which.
        name: String,
        /// How much there is.
        used: u64,
        /// What the plan allows.
        allowed: u64,
        /// Of what.
        unit: String,
    },
    /// The operator has suspended the tenant: nothing of it runs.
    #[error("the account is suspended")]
    Suspended,
    /// Too many events wait, or they can not be taken in at this moment.
    #[error("too many events are waiting")]
    QueueFull,
    /// It was tried and failed.
    #[error("{}", .0.title)]
    Trouble(Box<Trouble>),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl EngineError {
    /// One wrong field.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// The store's "not found", with what was looked for.
    pub(crate) fn missing(what: &'static str) -> impl Fn(StoreError) -> Self {
        move |error| match error {
            StoreError::NotFound => Self::NotFound(what),
            other => other.into(),
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Quota { name, used, allowed, unit } => {
                Self::Limit { name: name.to_owned(), used, allowed, unit: unit.to_owned() }
            }
            StoreError::QueueFull(_) | StoreError::Busy => Self::QueueFull,
            other => Self::Store(other),
        }
    }
}
