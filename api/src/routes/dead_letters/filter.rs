//! Which dead letters are wanted.

use crate::error::{ApiError, OrNotFound};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::DeadLetterKind;
use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use serde::Deserialize;
use twobot_domain::{GatewayId, Timestamp};
use twobot_store::TenantScope;
use twobot_store::dead_letters::{DeadLetterFilter, DeadLetterKind as StoredKind};
use utoipa::{IntoParams, ToSchema};

/// Which dead letters are wanted. What is left out does not matter.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Of this kind only.
    #[param(value_type = Option<DeadLetterKind>)]
    #[schema(value_type = Option<DeadLetterKind>)]
    kind: Option<String>,
    /// Of this plugin only.
    #[param(example = "auto-reply")]
    #[schema(example = "auto-reply")]
    plugin: Option<String>,
    /// That came or were to go through this gateway only.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    gateway: Option<String>,
    /// With this code only.
    #[param(example = "fuel_exhausted")]
    #[schema(example = "fuel_exhausted")]
    code: Option<String>,
    /// Queued at or after this: a day in UTC, or a time.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$", example = "2026-01-01")]
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$", example = "2026-01-01")]
    from: Option<String>,
    /// Queued before this time, or up to this day and with it.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$", example = "2026-01-31T12:00:00Z")]
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$", example = "2026-01-31T12:00:00Z")]
    to: Option<String>,
}

/// A day or a time. Of a day that ends something, its end.
fn moment(text: &str, is_end: bool) -> Option<Timestamp> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let day = day.checked_add_days(Days::new(u64::from(is_end)))?;
        return Some(Timestamp(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
    }
    DateTime::parse_from_rfc3339(text).ok().map(|time| Timestamp(time.timestamp_millis()))
}

impl Filter {
    /// In the store's words. A gateway that is not this tenant's is not there, as in a path.
    pub(super) async fn of(self, state: &AppState, scope: TenantScope) -> Result<DeadLetterFilter, ApiError> {
        let filter = self.checked()?;
        if let Some(gateway) = filter.gateway {
            state.store().gateway(scope, gateway).await.or_not_found("gateway")?;
        }
        Ok(filter)
    }

    fn checked(self) -> Result<DeadLetterFilter, ApiError> {
        let mut check = Validation::default();
        let kind = self.kind.as_deref().map(StoredKind::parse);
        if kind == Some(None) {
            check.wrong("kind", format!("must be one of {}", DeadLetterKind::ALL.join(", ")));
        }
        let gateway = self.gateway.as_deref().map(str::parse::<GatewayId>);
        if matches!(gateway, Some(Err(_))) {
            check.wrong("gateway", "must be the id of a gateway");
        }
        let mut read = |field: &str, text: &Option<String>, is_end: bool| {
            let found = moment(text.as_deref()?, is_end);
            if found.is_none() {
                check
                    .wrong(field, "must be a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z");
            }
            found
        };
        let (from, until) = (read("from", &self.from, false), read("to", &self.to, true));
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            check.wrong("from", "must not be after `to`");
        }
        check.finish()?;
        let (kind, gateway) = (kind.flatten(), gateway.and_then(Result::ok));
        Ok(DeadLetterFilter { kind, slug: self.plugin, gateway, code: self.code, from, until })
    }
}
