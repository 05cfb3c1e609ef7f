//! What went wrong with something, in words for its owner.

use crate::wire::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong with something, and what to do about it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Trouble {
    /// Stable, for programs.
    #[schema(example = "gateway_unauthorized")]
    code: String,
    /// What is wrong, in one line.
    #[schema(example = "Telegram refuses the token")]
    title: String,
    /// What happened, with the particulars.
    detail: String,
    /// What to do about it.
    advice: String,
    /// The limit that was reached, if that is what happened.
    limit: Option<LimitHit>,
    /// Since when.
    since: Time,
}

/// A limit that was reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct LimitHit {
    /// Stable, for programs.
    #[schema(example = "fuel_per_execution")]
    name: String,
    /// What was used when it ended.
    used: u64,
    /// What the plan allows.
    allowed: u64,
    /// What is counted.
    #[schema(example = "fuel")]
    unit: String,
}

impl From<twobot_domain::Trouble> for Trouble {
    fn from(trouble: twobot_domain::Trouble) -> Self {
        Self {
            code: trouble.code,
            title: trouble.title,
            detail: trouble.detail,
            advice: trouble.advice,
            limit: trouble.limit.map(|limit| LimitHit {
                name: limit.name,
                used: limit.used,
                allowed: limit.allowed,
                unit: limit.unit,
            }),
            since: trouble.since.into(),
        }
    }
}
