//! What the workspace used.

use crate::error::ApiError;
use crate::extract::{Caller, Json, Query, RangeQuery};
use crate::state::AppState;
use crate::wire::{Date, Limits, Time, Usage};
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use twobot_domain::Timestamp;
use twobot_store::usage::{KEPT_HOURS_MS, KEPT_MINUTES_MS, Resolution};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Days of a report that does not say since when.
const USUAL_DAYS: u64 = 30;

/// Days that a report by the minute may have: 2,880 minutes.
const DAYS_OF_MINUTES: i64 = 2;

/// Days that a report by the hour may have: 744 hours.
const DAYS_OF_HOURS: i64 = 31;

const DAY_MS: i64 = 86_400_000;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(usage))
}

/// A range of days, and how finely it is told.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsageQuery {
    /// The first day, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<String>,
    /// The last day, in UTC; today where it is left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-31")]
    to: Option<String>,
    /// `day`, which is usual; `hour`, of at most 31 days of the last year; or `minute`, of at most 2 of the last 7 days.
    #[param(value_type = Option<String>, example = "hour")]
    resolution: Option<String>,
}

impl UsageQuery {
    fn resolution(&self) -> Result<Resolution, ApiError> {
        match self.resolution.as_deref() {
            None | Some("day") => Ok(Resolution::Day),
            Some("hour") => Ok(Resolution::Hour),
            Some("minute") => Ok(Resolution::Minute),
            Some(_) => Err(ApiError::invalid_field("resolution", "must be `minute`, `hour` or `day`")),
        }
    }

    /// The first and the last day, of which there must be sums that fine.
    fn days(&self, resolution: Resolution, today: i64) -> Result<(NaiveDate, NaiveDate), ApiError> {
        let (usual, most, kept_ms) = match resolution {
            Resolution::Day => (USUAL_DAYS, i64::MAX, i64::MAX),
            Resolution::Hour => (7, DAYS_OF_HOURS, KEPT_HOURS_MS),
            Resolution::Minute => (1, DAYS_OF_MINUTES, KEPT_MINUTES_MS),
        };
        let (from, to) = RangeQuery { from: self.from.clone(), to: self.to.clone() }.days(usual)?;
        if day_number(to) - day_number(from) >= most {
            let name = resolution.as_str();
            let why = format!("must be less than {most} days before `to` where usage is told by the {name}");
            return Err(ApiError::invalid_field("from", why));
        }
        if day_number(from) < today.saturating_sub(kept_ms / DAY_MS) {
            let why = format!(
                "must not be more than {} days ago: for so long usage is kept by the {}",
                kept_ms / DAY_MS,
                resolution.as_str()
            );
            return Err(ApiError::invalid_field("from", why));
        }
        Ok((from, to))
    }
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
    /// How finely `periods` tells it: `minute`, `hour` or `day`.
    resolution: &'static str,
    /// Each day of the range.
    days: Vec<DayUsage>,
    /// The minutes, hours or days of the range in which something was used, oldest first.
    periods: Vec<PeriodUsage>,
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

/// What was used in a minute, an hour or a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct PeriodUsage {
    /// When it begins.
    at: Time,
    /// What was used.
    #[serde(flatten)]
    usage: Usage,
}

/// Look at the usage
///
/// Every day of the range in UTC, also those on which nothing was used. Thirty days up to today where no range is given, seven by the hour,
/// one by the minute. All of it to this moment.
#[utoipa::path(
    get,
    path = "/usage",
    operation_id = "getUsage",
    tag = "usage",
    params(UsageQuery),
    responses(
        (status = 200, description = "What was used, and what the plan allows.", body = UsageReport),
        (status = 422, description = "`validation_failed`: the range is not one, or there are no figures that fine of it."),
    )
)]
async fn usage(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageReport>, ApiError> {
    let resolution = query.resolution()?;
    let (from, to) = query.days(resolution, Timestamp::now().day())?;
    let limits = state.engine.limits(caller.scope).await?;
    let per_day = Resolution::Day.minutes() / resolution.minutes();
    let (first, last) = (day_number(from) * per_day, (day_number(to) + 1) * per_day - 1);
    let found = state.store().usage_by(caller.scope, resolution, first, last).await?;
    let mut used: HashMap<i64, twobot_domain::Usage> = HashMap::new();
    for (period, usage) in &found {
        used.entry(period.div_euclid(per_day)).or_default().add(usage);
    }

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
        resolution: resolution.as_str(),
        days,
        periods: found
            .into_iter()
            .map(|(period, usage)| PeriodUsage { at: resolution.begin(period).into(), usage: usage.into() })
            .collect(),
        limits: (&limits).into(),
    }))
}

/// The store's name for a day: how many it is after 1970-01-01.
fn day_number(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}
