//! What one's account holds, and its end.

mod archive;
mod close;
mod export;
mod file_name;

use crate::state::AppState;
use axum::routing::post;
use twobot_domain::AuditAction;
use twobot_store::accounts::User;
use twobot_store::audit::{By, Note, Target};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(close::close))
        .routes(routes!(close::keep))
        .route("/users/me/delete-data", post(close::close))
}

pub(crate) fn stream_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(export::export))
}

/// Something done with an account, as the audit log tells it.
fn note(action: AuditAction, by: &By, user: &User) -> Note {
    Note::new(by, action, Target { kind: "user", id: user.id.to_string(), name: user.name.clone() })
}
