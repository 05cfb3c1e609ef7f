//! What the tenant is told.

use crate::error::{ApiError, OrNotFound};
use crate::extract::{Id, Json, ListQuery, Query, Session};
use crate::state::AppState;
use crate::wire::{List, PluginRef, Severity, Time};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::put;
use serde::Serialize;
use twobot_domain::NotificationId;
use twobot_store::notifications;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .route("/notifications/{id}/read", put(read))
        .routes(routes!(read_all))
        .routes(routes!(delete))
}

/// Something that the tenant is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Notification {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: NotificationId,
    /// How much it matters.
    severity: Severity,
    /// One line.
    title: String,
    /// The rest.
    text: String,
    /// The plugin that says it; null for 2Bot itself.
    plugin: Option<PluginRef>,
    /// Whether it was read.
    read: bool,
    /// When it was said.
    created_at: Time,
}

impl Notification {
    fn new(state: &AppState, notification: notifications::Notification) -> Result<Self, ApiError> {
        Ok(Self {
            id: notification.id,
            severity: Severity::stored(&notification.severity)?,
            title: notification.title,
            text: notification.text,
            plugin: notification.slug.map(|slug| PluginRef::of(state.engine.catalogue(), slug)),
            read: notification.read_at.is_some(),
            created_at: notification.created_at.into(),
        })
    }
}

/// List the notifications
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/notifications",
    operation_id = "listNotifications",
    tag = "notifications",
    params(ListQuery),
    responses((status = 200, description = "A page of notifications.", body = List<Notification>))
)]
async fn list(
    State(state): State<AppState>,
    session: Session,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Notification>>, ApiError> {
    let page = state.store().notifications(session.scope, query.page()?).await?;
    List::of(page, |notification| Notification::new(&state, notification)).map(Json)
}

/// Mark a notification as read
///
/// `PUT` does the same.
#[utoipa::path(
    patch,
    path = "/notifications/{id}/read",
    operation_id = "readNotification",
    tag = "notifications",
    params(("id" = Uuid, Path, description = "The notification.")),
    responses((status = 204, description = "It is marked."))
)]
async fn read(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<NotificationId>,
) -> Result<StatusCode, ApiError> {
    state.store().read_notification(session.scope, id).await.or_not_found("notification")?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mark all notifications as read
#[utoipa::path(
    post,
    path = "/notifications/mark-all-read",
    operation_id = "readAllNotifications",
    tag = "notifications",
    responses((status = 204, description = "All are marked."))
)]
async fn read_all(State(state): State<AppState>, session: Session) -> Result<StatusCode, ApiError> {
    state.store().read_all_notifications(session.scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a notification
#[utoipa::path(
    delete,
    path = "/notifications/{id}",
    operation_id = "deleteNotification",
    tag = "notifications",
    params(("id" = Uuid, Path, description = "The notification.")),
    responses((status = 204, description = "It is gone."))
)]
async fn delete(
    State(state): State<AppState>,
    session: Session,
    Id(id): Id<NotificationId>,
) -> Result<StatusCode, ApiError> {
    state.store().delete_notification(session.scope, id).await.or_not_found("notification")?;
    Ok(StatusCode::NO_CONTENT)
}
