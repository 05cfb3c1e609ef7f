//! What a person chose for themself.

mod wire;

use crate::error::ApiError;
use crate::extract::{Json, Session};
use crate::state::AppState;
use axum::extract::State;
use axum::routing::{get, patch, put};
use serde_json::json;
use twobot_domain::AuditAction;
use twobot_store::audit::{Note, Target};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{Profile, ProfileChanges};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .route("/user/profile", put(change))
        .route("/users/me", get(show))
        .route("/users/me", patch(change))
}

/// Look at one's profile
///
/// Also at `/users/me`.
#[utoipa::path(
    get,
    path = "/user/profile",
    operation_id = "getProfile",
    tag = "profile",
    responses((status = 200, description = "The profile.", body = Profile))
)]
async fn show(State(state): State<AppState>, session: Session) -> Result<Json<Profile>, ApiError> {
    Profile::new(state.store().profile(session.scope, session.user.id).await?).map(Json)
}

/// Change one's profile
///
/// What is left out stays. `PUT` does the same, and so does `PATCH /users/me`.
#[utoipa::path(
    patch,
    path = "/user/profile",
    operation_id = "changeProfile",
    tag = "profile",
    request_body = ProfileChanges,
    responses((status = 200, description = "The profile as it is now.", body = Profile))
)]
async fn change(
    State(state): State<AppState>,
    session: Session,
    Json(changes): Json<ProfileChanges>,
) -> Result<Json<Profile>, ApiError> {
    let (change, named) = changes.checked()?;
    let name = change.name.clone().unwrap_or_else(|| session.user.name.clone());
    let target = Target { kind: "user", id: session.user.id.to_string(), name };
    let detail = json!({"name": change.name.is_some(), "settings": named});
    let note = Note::new(&session.by(), AuditAction::AccountUpdate, target).with(detail);
    let store = state.store().noting(note);
    Profile::new(store.change_profile(session.scope, session.user.id, &change).await?).map(Json)
}
