//! Who did what, and what was denied.

use crate::error::ApiError;
use crate::extract::{Json, ListQuery, Query, Session};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::{ActorKind, AuditOutcome, List, Time};
use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use twobot_domain::{AuditAction, AuditId, Timestamp};
use twobot_store::audit::{AuditFilter, AuditRecord};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Something that was done, or was not allowed.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AuditEntry {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: AuditId,
    /// When.
    at: Time,
    /// Who did it.
    actor: Actor,
    /// What: an area, a dot, and a verb.
    #[schema(example = "plugin.install")]
    action: String,
    /// What it was done to.
    target: Target,
    /// How it went.
    outcome: AuditOutcome,
    /// More; what is in it depends on the action.
    #[schema(value_type = Object)]
    detail: Value,
    /// The request that asked for it.
    request_id: Option<String>,
    /// The network address that the request came from.
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
}

/// Who did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Actor {
    /// What kind of doer it is.
    kind: ActorKind,
    /// The id of the person, or of the plugin's install; null for 2Bot itself.
    id: Option<Uuid>,
    /// Their name at that time; for plugins the slug.
    #[schema(example = "Ada Lovelace")]
    name: String,
}

/// What something was done to.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Target {
    /// `user`, `gateway`, `plugin`, `capability` or `apikey`.
    #[schema(example = "plugin")]
    kind: String,
    /// Its id; for plugins the slug, for capabilities their text.
    #[schema(example = "auto-reply")]
    id: String,
    /// Its name at that time.
    #[schema(example = "Auto-reply")]
    name: String,
}

impl AuditEntry {
    fn new(record: AuditRecord) -> Result<Self, ApiError> {
        Ok(Self {
            id: record.id,
            at: record.created_at.into(),
            actor: Actor {
                kind: ActorKind::stored(&record.actor_kind)?,
                id: record.actor_id,
                name: record.actor_name,
            },
            action: record.action,
            target: Target { kind: record.target_kind, id: record.target_id, name: record.target_name },
            outcome: AuditOutcome::stored(&record.outcome)?,
            detail: serde_json::from_str(&record.detail).map_err(ApiError::internal)?,
            request_id: record.request_id,
            address: record.address,
        })
    }
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Of this action (`plugin.install`), or of all of an area (`plugin`).
    #[param(example = "plugin")]
    action: Option<String>,
    /// By this actor: the id of a person, or of a plugin's install.
    #[param(value_type = Option<Uuid>)]
    actor: Option<String>,
    /// With this outcome.
    #[param(value_type = Option<AuditOutcome>)]
    outcome: Option<String>,
    /// From this day on, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<String>,
    /// Up to this day and with it, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-31")]
    to: Option<String>,
}

impl Filter {
    fn checked(self) -> Result<AuditFilter, ApiError> {
        let mut check = Validation::default();
        let known = |action: &String| {
            AuditAction::ALL
                .iter()
                .any(|one| one.as_str() == action.as_str() || one.area() == action.as_str())
        };
        if self.action.as_ref().is_some_and(|action| !known(action)) {
            let areas: BTreeSet<_> = AuditAction::ALL.iter().map(|one| one.area()).collect();
            let areas = areas.into_iter().collect::<Vec<_>>().join(", ");
            check.wrong(
                "action",
                format!("must be an area ({areas}) or one of its actions, such as plugin.install"),
            );
        }
        let actor = self.actor.as_deref().map(Uuid::parse_str);
        if let Some(Err(_)) = actor {
            check.wrong("actor", "must be the id of an actor");
        }
        let outcome = self.outcome.as_deref().map(twobot_domain::AuditOutcome::parse);
        if outcome == Some(None) {
            check.wrong("outcome", format!("must be one of {}", AuditOutcome::ALL.join(", ")));
        }
        let mut day = |field: &str, text: &Option<String>, later: u64| {
            let text = text.as_deref()?;
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
            let day = day.and_then(|day| day.checked_add_days(Days::new(later)));
            if day.is_none() {
                check.wrong(field, "must be a day such as 2026-01-31");
            }
            day.map(|day| Timestamp(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()))
        };
        let (from, until) = (day("from", &self.from, 0), day("to", &self.to, 1));
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            check.wrong("from", "must not be after `to`");
        }
        check.finish()?;
        let (actor, outcome) = (actor.and_then(Result::ok), outcome.flatten());
        Ok(AuditFilter { action: self.action, actor, outcome, from, until })
    }
}

/// List who did what
///
/// Newest first: what people did, what 2Bot did by itself, and what plugins tried without being allowed to.
#[utoipa::path(
    get,
    path = "/audit-log",
    operation_id = "listAuditLog",
    tag = "audit log",
    params(Filter, ListQuery),
    responses((status = 200, description = "A page of the audit log.", body = List<AuditEntry>))
)]
async fn list(
    State(state): State<AppState>,
    session: Session,
    Query(filter): Query<Filter>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<AuditEntry>>, ApiError> {
    let page = state.store().audit_log(session.scope, &filter.checked()?, query.page()?).await?;
    List::of(page, AuditEntry::new).map(Json)
}
