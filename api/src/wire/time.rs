//! Moments and days.

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use twobot_domain::Timestamp;
use utoipa::ToSchema;

/// A moment in UTC, with milliseconds (RFC 3339).
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000Z")]
pub(crate) struct Time(
    #[allow(dead_code, reason = "read by Serialize; the schema macro hides that")] Timestamp,
);

impl From<Timestamp> for Time {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A day in UTC.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(value_type = String, format = Date, example = "2026-01-31")]
pub(crate) struct Date(
    #[allow(dead_code, reason = "read by Serialize; the schema macro hides that")] NaiveDate,
);

impl From<NaiveDate> for Date {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
