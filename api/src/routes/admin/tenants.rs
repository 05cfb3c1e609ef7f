//! Tenants: looking at them, suspending them, and their plans.

use super::changed;
use super::wire::{AuditCheck, PlanChoice, Suspension, TenantDetail, TenantSummary};
use crate::error::{ApiError, OrNotFound};
use crate::extract::{Id, Json, ListQuery, Operator, Query};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::{List, Plan, WorkspaceState};
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use twobot_domain::{AuditAction, TenantId, Timestamp};
use twobot_store::accounts;
use twobot_store::audit::{Note, Target};
use twobot_store::operators::TenantFilter;
use utoipa::IntoParams;

/// The longest reason of a suspension.
const MAX_REASON: usize = 500;
/// The longest text that is looked for.
const MAX_TEXT: usize = 100;

/// Which tenants are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Part of the name, or of the address of one of the people.
    #[param(example = "ada@example.org")]
    text: Option<String>,
    /// In this state.
    #[param(value_type = Option<WorkspaceState>)]
    state: Option<String>,
    /// On this plan.
    #[param(example = "free")]
    plan: Option<String>,
}

impl Filter {
    fn checked(self, state: &AppState) -> Result<TenantFilter, ApiError> {
        let mut check = Validation::default();
        let text = self.text.unwrap_or_default();
        if text.chars().count() > MAX_TEXT {
            check.wrong("text", format!("must have at most {MAX_TEXT} characters"));
        }
        if self.state.as_deref().is_some_and(|text| WorkspaceState::parse(text).is_none()) {
            check.wrong("state", format!("must be one of {}", WorkspaceState::ALL.join(", ")));
        }
        if let Some(plan) = &self.plan {
            known_plan(&mut check, state, plan);
        }
        check.finish()?;
        let (state, plan) = (self.state.unwrap_or_default(), self.plan.unwrap_or_default());
        Ok(TenantFilter { text: text.trim().to_owned(), state, plan })
    }
}

fn known_plan(check: &mut Validation, state: &AppState, plan: &str) {
    if state.engine.plans().get(plan).is_none() {
        let known: Vec<_> = state.engine.plans().all().iter().map(|plan| plan.id.as_str()).collect();
        check.wrong("plan", format!("must be one of {}", known.join(", ")));
    }
}

/// What is done to a tenant, as the audit logs tell it.
fn note(operator: &Operator, action: AuditAction, tenant: &accounts::Tenant) -> Note {
    let target = Target { kind: "tenant", id: tenant.id.to_string(), name: tenant.name.clone() };
    Note::new(&operator.session.by(), action, target)
}

/// List all tenants
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/admin/tenants",
    operation_id = "listTenants",
    tag = "operators",
    params(Filter, ListQuery),
    responses((status = 200, description = "A page of tenants.", body = List<TenantSummary>))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    operator: Operator,
    Query(filter): Query<Filter>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<TenantSummary>>, ApiError> {
    let filter = filter.checked(&state)?;
    let page = state.store().tenants(operator.right, &filter, query.page()?).await?;
    List::of(page, |row| Ok(TenantSummary::new(row, state.engine.plans()))).map(Json)
}

/// Look at a tenant
///
/// Its people, plan, state and counts; nothing of what it keeps.
#[utoipa::path(
    get,
    path = "/admin/tenants/{id}",
    operation_id = "getTenant",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The tenant.")),
    responses((status = 200, description = "The tenant.", body = TenantDetail))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<TenantId>,
) -> Result<Json<TenantDetail>, ApiError> {
    look(&state, &operator, id).await
}

async fn look(state: &AppState, operator: &Operator, id: TenantId) -> Result<Json<TenantDetail>, ApiError> {
    let store = state.store();
    let (scope, tenant) = store.tenant_by_id(operator.right, id).await.or_not_found("tenant")?;
    let today = Timestamp::now().day();
    let usage = store.usage(scope, today, today).await?;
    let detail = TenantDetail {
        counts: crate::routes::workspace::counts(state, scope).await?,
        storage_bytes: store.kv_totals(scope).await?.bytes,
        today: usage.into_iter().map(|(_, usage)| usage).next().unwrap_or_default().into(),
        people: store.people(scope).await?.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        plan: state.engine.plans().get_or_default(&tenant.plan).into(),
        id: tenant.id,
        name: tenant.name,
        state: tenant.state.into(),
        created_at: tenant.created_at.into(),
        closes_at: tenant.closes_at.map(Into::into),
        suspended_at: tenant.suspended_at.map(Into::into),
        suspended_for: tenant.suspended_for,
    };
    Ok(Json(detail))
}

/// Suspend a tenant
///
/// Nothing of it is worked on until it is resumed. What arrives is kept for a day, and refused after that.
#[utoipa::path(
    post,
    path = "/admin/tenants/{id}/suspend",
    operation_id = "suspendTenant",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = Suspension,
    responses(
        (status = 200, description = "It is suspended.", body = TenantDetail),
        (status = 409, description = "`conflict`: it is suspended already."),
    )
)]
pub(super) async fn suspend(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<TenantId>,
    Json(body): Json<Suspension>,
) -> Result<Json<TenantDetail>, ApiError> {
    let mut check = Validation::default();
    let reason = check.line("reason", &body.reason, MAX_REASON);
    check.finish()?;
    let (scope, tenant) = state.store().tenant_by_id(operator.right, id).await.or_not_found("tenant")?;
    let note = note(&operator, AuditAction::TenantSuspend, &tenant).with(json!({"reason": reason}));
    let done = state.store().suspend(scope, operator.right, &reason, &note).await;
    changed(done, "The tenant is suspended already.")?;
    state.engine.tenant_suspended(scope);
    look(&state, &operator, id).await
}

/// Resume a tenant
///
/// It goes on as it was before it was suspended.
#[utoipa::path(
    post,
    path = "/admin/tenants/{id}/resume",
    operation_id = "resumeTenant",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The tenant.")),
    responses(
        (status = 200, description = "It goes on.", body = TenantDetail),
        (status = 409, description = "`conflict`: it is not suspended."),
    )
)]
pub(super) async fn resume(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<TenantId>,
) -> Result<Json<TenantDetail>, ApiError> {
    let (scope, tenant) = state.store().tenant_by_id(operator.right, id).await.or_not_found("tenant")?;
    let note = note(&operator, AuditAction::TenantResume, &tenant);
    changed(state.store().resume(scope, operator.right, &note).await, "The tenant is not suspended.")?;
    state.engine.tenant_suspended(scope);
    look(&state, &operator, id).await
}

/// Move a tenant to another plan
///
/// What it has above the limits of the new plan stays; there can only be no more.
#[utoipa::path(
    put,
    path = "/admin/tenants/{id}/plan",
    operation_id = "setTenantPlan",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The tenant.")),
    request_body = PlanChoice,
    responses((status = 200, description = "It has the plan.", body = TenantDetail))
)]
pub(super) async fn plan(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<TenantId>,
    Json(body): Json<PlanChoice>,
) -> Result<Json<TenantDetail>, ApiError> {
    let mut check = Validation::default();
    known_plan(&mut check, &state, &body.plan);
    check.finish()?;
    let (scope, tenant) = state.store().tenant_by_id(operator.right, id).await.or_not_found("tenant")?;
    let note = note(&operator, AuditAction::TenantPlan, &tenant)
        .with(json!({"before": tenant.plan, "after": body.plan}));
    if tenant.plan != body.plan {
        let moved = state.store().move_to_plan(scope, operator.right, &body.plan, &note).await;
        changed(moved, "Someone else changed the plan at the same time.")?;
    }
    look(&state, &operator, id).await
}

/// Check a tenant's audit log
///
/// Whether anybody changed, removed or put in a row behind the server's back, as far as the rows' hashes show it.
#[utoipa::path(
    get,
    path = "/admin/tenants/{id}/audit-log/verify",
    operation_id = "verifyAuditLog",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The tenant.")),
    responses((status = 200, description = "What was found.", body = AuditCheck))
)]
pub(super) async fn verify(
    State(state): State<AppState>,
    operator: Operator,
    Id(id): Id<TenantId>,
) -> Result<Json<AuditCheck>, ApiError> {
    let (scope, _) = state.store().tenant_by_id(operator.right, id).await.or_not_found("tenant")?;
    Ok(Json(state.store().verify_audit(scope).await?.into()))
}

/// List the plans
#[utoipa::path(
    get,
    path = "/admin/plans",
    operation_id = "listPlans",
    tag = "operators",
    responses((status = 200, description = "Every plan of the catalogue.", body = List<Plan>))
)]
pub(super) async fn plans(State(state): State<AppState>, _operator: Operator) -> Json<List<Plan>> {
    let items = state.engine.plans().all().iter().map(Plan::from).collect();
    Json(List::whole(items))
}
