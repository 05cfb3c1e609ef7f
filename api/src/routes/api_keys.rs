//! Keys by which programs call the API. Only people with a session see and change them.

mod change;
mod create;
mod list;
mod revoke;
mod rotate;
mod wire;

use crate::error::ApiError;
use crate::extract::Session;
use crate::state::AppState;
use twobot_domain::{ApiKeyId, AuditAction};
use twobot_store::StoreError;
use twobot_store::api_keys::ApiKey;
use twobot_store::audit::{Note, Target};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(list::get, change::change, revoke::revoke))
        .routes(routes!(rotate::rotate))
}

/// Something that is done to a key, as the audit log tells it.
fn note(session: &Session, action: AuditAction, id: String, name: &str) -> Note {
    Note::new(&session.by(), action, Target { kind: "apikey", id, name: name.to_owned() })
}

/// One key that is not revoked.
async fn load(state: &AppState, session: &Session, id: ApiKeyId) -> Result<ApiKey, ApiError> {
    state.store().api_key(session.scope, id).await.map_err(gone)
}

fn gone(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound => ApiError::not_found("API key"),
        error => error.into(),
    }
}
