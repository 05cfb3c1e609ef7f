//! Whether two-factor sign-in is on.

use super::wire::TwoFactor;
use crate::error::ApiError;
use crate::extract::{Json, Session};
use crate::state::AppState;
use axum::extract::State;

/// Whether two-factor sign-in is on
#[utoipa::path(
    get,
    path = "/user/two-factor",
    operation_id = "getTwoFactor",
    tag = "auth",
    responses((status = 200, description = "How it is.", body = TwoFactor))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    session: Session,
) -> Result<Json<TwoFactor>, ApiError> {
    Ok(Json(state.store().two_factor(session.scope, session.user.id).await?.into()))
}
