//! What the plugins report.

use crate::error::ApiError;
use crate::extract::{Caller, Json, Query, RangeQuery};
use crate::state::AppState;
use crate::wire::{List, PluginRef, Trouble};
use axum::extract::State;
use futures::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use twobot_domain::Trouble as DomainTrouble;
use twobot_domain::manifest::{ActionKind, ActionSpec};
use twobot_engine::EngineError;
use twobot_store::TenantScope;
use twobot_store::installs::InstallState;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Days of a report that does not say since when.
const USUAL_DAYS: u64 = 7;
/// Reports that run at a time, so that one page does not fill the workspace's sandboxes.
const AT_A_TIME: usize = 4;

pub(crate) fn slow_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(analytics))
}

/// What one report of one plugin says.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ReportResult {
    /// The plugin.
    plugin: PluginRef,
    /// The action that reports.
    action: String,
    /// For people.
    title: String,
    /// What it says; null when it failed.
    output: Value,
    /// Why it failed.
    trouble: Option<Trouble>,
}

/// Run all reports
///
/// Every `report` action of the enabled plugins, given the range where it takes one. One that fails says why and leaves the
/// others alone. Seven days up to today where no range is given.
#[utoipa::path(
    get,
    path = "/analytics",
    operation_id = "getAnalytics",
    tag = "analytics",
    params(RangeQuery),
    responses(
        (status = 200, description = "What they say.", body = List<ReportResult>),
        (status = 422, description = "`validation_failed`: the range is not one."),
    )
)]
async fn analytics(
    State(state): State<AppState>,
    caller: Caller,
    Query(range): Query<RangeQuery>,
) -> Result<Json<List<ReportResult>>, ApiError> {
    let (from, to) = range.days(USUAL_DAYS)?;
    let range = BTreeMap::from([("from", from.to_string()), ("to", to.to_string())]);

    let mut reports = Vec::new();
    for install in state.store().installs(caller.scope).await? {
        let Some(entry) = state.engine.catalogue().plugin(&install.slug) else { continue };
        if install.state == InstallState::Enabled {
            let actions = entry.manifest.actions.iter().filter(|action| action.kind == ActionKind::Report);
            reports.extend(actions.map(|action| (install.slug.clone(), action.clone())));
        }
    }
    let items = stream::iter(reports)
        .map(|(slug, action)| run(&state, caller.scope, slug, action, &range))
        .buffered(AT_A_TIME)
        .collect::<Vec<_>>()
        .await;
    Ok(Json(List::whole(items)))
}

async fn run(
    state: &AppState,
    scope: TenantScope,
    slug: String,
    action: ActionSpec,
    range: &BTreeMap<&'static str, String>,
) -> ReportResult {
    let input = Value::Object(input(&action.input_schema, range));
    let (output, trouble) = match state.engine.run_action(scope, &slug, &action.name, input).await {
        Ok(run) => (run.output, None),
        Err(error) => (Value::Null, Some(trouble(error, &slug).into())),
    };
    ReportResult {
        plugin: PluginRef::of(state.engine.catalogue(), slug),
        action: action.name,
        title: action.title,
        output,
        trouble,
    }
}

/// The ends of the range that an action takes. One that names its properties is not given others.
fn input(schema: &Value, range: &BTreeMap<&'static str, String>) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    range
        .iter()
        .filter(|(name, _)| properties.is_none_or(|properties| properties.contains_key(**name)))
        .map(|(name, day)| ((*name).to_owned(), Value::String(day.clone())))
        .collect()
}

/// Whatever kept a report from running, in words for the one who looks at the page.
fn trouble(error: EngineError, slug: &str) -> DomainTrouble {
    if let EngineError::Trouble(trouble) = error {
        return *trouble;
    }
    let problem = ApiError::from(error);
    if let Some(cause) = &problem.cause {
        tracing::error!(slug, cause, "a report could not be run");
    }
    DomainTrouble::new(
        problem.problem.code,
        problem.problem.title,
        problem.problem.detail,
        "Try again; if it stays, open the plugin's page to see what happened.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_given_what_it_takes() {
        let range = BTreeMap::from([("from", "2026-01-01".to_owned()), ("to", "2026-01-07".to_owned())]);
        let check =
            |schema: Value, expected: Value| assert_eq!(Value::Object(input(&schema, &range)), expected);
        check(json!({}), json!({"from": "2026-01-01", "to": "2026-01-07"}));
        check(json!({"properties": {"to": {}}}), json!({"to": "2026-01-07"}));
        check(json!({"properties": {"limit": {}}}), json!({}));
    }
}
