//! Query parameters. All arrive as text and are read by us, so that what is wrong is said in our words.

use crate::error::ApiError;
use crate::validate::Validation;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{Days, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use twobot_store::PageRequest;
use twobot_store::page::MAX_PAGE;
use utoipa::IntoParams;
use uuid::Uuid;

/// The most days of a range.
const MAX_DAYS: u64 = 366;

/// The query parameters.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let axum::extract::Query(query) =
            axum::extract::Query::from_request_parts(parts, state).await.map_err(|_| {
                ApiError::invalid_field("query", "can not be read; give each parameter once, as name=value")
            })?;
        Ok(Self(query))
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The most items of the page: 1 to 200, 50 where it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, example = 50)]
    pub(crate) limit: Option<String>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    pub(crate) cursor: Option<String>,
}

impl ListQuery {
    pub(crate) fn page(&self) -> Result<PageRequest, ApiError> {
        let mut check = Validation::default();
        let mut page = PageRequest::default();
        if let Some(limit) = &self.limit {
            match limit.parse() {
                Ok(limit @ 1..=MAX_PAGE) => page.limit = limit,
                _ => check.wrong("limit", format!("must be a whole number from 1 to {MAX_PAGE}")),
            }
        }
        if let Some(cursor) = &self.cursor {
            match Uuid::parse_str(cursor) {
                Ok(cursor) => page.after = Some(cursor),
                Err(_) => check.wrong("cursor", "must be the `next_cursor` of the page before"),
            }
        }
        check.finish()?;
        Ok(page)
    }
}

/// A range of days.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeQuery {
    /// The first day, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub(crate) from: Option<String>,
    /// The last day, in UTC; today where it is left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-31")]
    pub(crate) to: Option<String>,
}

impl RangeQuery {
    /// The first and the last day. Where no first one is given the range has `usual` days.
    pub(crate) fn days(&self, usual: u64) -> Result<(NaiveDate, NaiveDate), ApiError> {
        let mut check = Validation::default();
        let mut day = |field: &str, text: &Option<String>| {
            let text = text.as_deref()?;
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
            if day.is_none() {
                check.wrong(field, "must be a day such as 2026-01-31");
            }
            day
        };
        let (from, to) = (day("from", &self.from), day("to", &self.to));
        check.finish()?;
        let to = to.unwrap_or_else(|| Utc::now().date_naive());
        let from = from
            .or_else(|| to.checked_sub_days(Days::new(usual.saturating_sub(1))))
            .unwrap_or(NaiveDate::MIN);
        if from > to {
            return Err(ApiError::invalid_field("from", "must not be after `to`"));
        }
        if to.signed_duration_since(from).num_days().unsigned_abs() >= MAX_DAYS {
            return Err(ApiError::invalid_field(
                "from",
                format!("must be less than {MAX_DAYS} days before `to`"),
            ));
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_checked() {
        let page = |limit: &str, cursor: &str| {
            ListQuery { limit: Some(limit.to_owned()), cursor: Some(cursor.to_owned()) }.page()
        };
        let cursor = Uuid::now_v7().to_string();
        assert_eq!(page("200", &cursor).unwrap().limit, 200);
        for limit in ["0", "201", "-1", "x", ""] {
            assert_eq!(page(limit, &cursor).unwrap_err().problem.errors[0].field, "limit");
        }
        assert_eq!(page("x", "y").unwrap_err().problem.errors.len(), 2);
    }

    #[test]
    fn ranges_are_checked() {
        let days = |from: &str, to: &str| {
            RangeQuery { from: Some(from.to_owned()), to: Some(to.to_owned()) }
                .days(7)
                .map(|(from, to)| (from.to_string(), to.to_string()))
                .map_err(|error| error.problem.errors[0].message.clone())
        };
        assert_eq!(days("2026-01-01", "2026-01-31").unwrap().0, "2026-01-01");
        assert_eq!(days("2026-02-30", "2026-03-01").unwrap_err(), "must be a day such as 2026-01-31");
        assert_eq!(days("2026-1-1", "2026-03-01").unwrap_err(), "must be a day such as 2026-01-31");
        assert_eq!(days("2026-03-02", "2026-03-01").unwrap_err(), "must not be after `to`");
        assert!(days("2024-01-01", "2026-03-01").unwrap_err().contains("366 days"));
        let (from, to) = RangeQuery { from: None, to: Some("2026-01-07".to_owned()) }.days(7).unwrap();
        assert_eq!((from.to_string(), to.to_string()), ("2026-01-01".to_owned(), "2026-01-07".to_owned()));
    }
}
