//! What the workspace used.

use crate::error::ApiError;
use crate::extract::{Json, Query, RangeQuery, Session};
use crate::state::AppState;
use crate::wire::{Date, Limits, Usage};
use axum::extract::State;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Days of a report that does not say since when.
const USUAL_DAYS: u64 = 30;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(usage))
}

/// What the workspace used in a range of days.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct UsageReport {
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
    /// All days together.
    totals: Usage,
    /// Each day of the range.
    days: Vec<DayUsage>,
    /// What the plan allows.
    limits: Limits,
}

/// What was used on one day.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct DayUsage {
    /// The day.
    date: Date,
    /// What was used.
    #[serde(flatten)]
    usage: Usage,
}

/// Look at the usage
///
/// Every day of the range in UTC, also those on which nothing was used. Thirty days up to today where no range is given.
#[utoipa::path(
    get,
    path = "/usage",
    operation_id = "getUsage",
    tag = "usage",
    params(RangeQuery),
    responses(
        (status = 200, description = "What was used, and what the plan allows.", body = UsageReport),
        (status = 422, description = "`validation_failed`: the range is not one."),
    )
)]
async fn usage(
    State(state): State<AppState>,
    session: Session,
    Query(range): Query<RangeQuery>,
) -> Result<Json<UsageReport>, ApiError> {
    let (from, to) = range.days(USUAL_DAYS)?;
    let limits = state.engine.limits(session.scope).await?;
    let used: HashMap<i64, twobot_domain::Usage> =
        state.store().usage(session.scope, day_number(from), day_number(to)).await?.into_iter().collect();

    let mut totals = twobot_domain::Usage::default();
    let days = from
        .iter_days()
        .take_while(|day| *day <= to)
        .map(|day| {
            let usage = used.get(&day_number(day)).copied().unwrap_or_default();
            totals.add(&usage);
            DayUsage { date: day.into(), usage: usage.into() }
        })
        .collect();
    Ok(Json(UsageReport {
        from: from.into(),
        to: to.into(),
        totals: totals.into(),
        days,
        limits: (&limits).into(),
    }))
}

/// The store's name for a day: how many it is after 1970-01-01.
fn day_number(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}
