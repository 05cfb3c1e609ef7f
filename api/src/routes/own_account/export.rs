//! Everything of an account as a file.

use super::archive::Archive;
use crate::error::ApiError;
use crate::extract::{Origin, Session};
use crate::state::AppState;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use twobot_domain::{AuditAction, Timestamp};

/// Download everything
///
/// A ZIP archive of all that is kept of the account: a file for each kind of thing, a line of JSON for each one, and in `files/` what plugins keep
/// in their directories. Passwords, tokens and the credentials of gateways are not in it. It is written while it is sent; should something fail
/// in the middle, the archive has no end and can not be opened, so that nobody takes a part for the whole. Three an hour.
#[utoipa::path(
    get,
    path = "/users/me/export",
    operation_id = "exportAccount",
    tag = "account",
    responses(
        (status = 200, description = "The archive.", content_type = "application/zip", body = Vec<u8>),
        (status = 403, description = "`role_required`: only the owner may."),
        (status = 429, description = "`rate_limited`: three of them in the last hour, or too many streams are open; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn export(
    State(state): State<AppState>,
    session: Session,
    origin: Origin,
) -> Result<Response, ApiError> {
    let scope = session.scope;
    state.throttle().take_export(scope.tenant()).await.map_err(crate::routes::auth::too_many)?;
    let open = state.streams.open(scope.tenant())?;
    let note = super::note(AuditAction::AccountExport, &origin.by(&session.user), &session.user);
    state.store().record_audit(scope, &note).await?;
    let now = Timestamp::now();
    let kept = state.engine.read_files(scope).await?;
    let archive = Archive::new(state.store().export(scope), kept, now).map_err(ApiError::internal)?;
    let parts = stream::try_unfold((archive, open), |(mut archive, open)| async move {
        let part =
            archive.next().await.inspect_err(|error| tracing::error!(%error, "an export broke off"))?;
        Ok::<_, std::io::Error>(part.map(|bytes| (Bytes::from(bytes), (archive, open))))
    });
    let day = now.to_datetime().format("%Y-%m-%d");
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"2bot-export-{day}.zip\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}
