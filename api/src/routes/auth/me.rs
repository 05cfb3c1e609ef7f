//! Who is signed in.

use super::wire::Me;
use crate::error::ApiError;
use crate::extract::{Json, Session};
use crate::state::AppState;
use axum::extract::State;

/// Who is signed in
///
/// Also at `/auth/session`.
#[utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "getMe",
    tag = "auth",
    responses((status = 200, description = "The user and their tenant.", body = Me))
)]
pub(super) async fn me(State(state): State<AppState>, session: Session) -> Result<Json<Me>, ApiError> {
    let tenant = state.store().tenant(session.scope).await?;
    let plan = state.engine.plans().get_or_default(&tenant.plan);
    let profile = state.store().profile(session.scope, session.user.id).await?;
    Ok(Json(Me::new(session.user, session.operator.is_some(), profile, tenant, plan)?))
}
