//! Changing an install.

use super::wire::{BindingChange, ConfigChange, GrantChange, Install};
use crate::error::ApiError;
use crate::extract::{Caller, IfMatch, IfMatchHeader, Json, Names};
use crate::state::AppState;
use crate::validate::Validation;
use crate::wire::Tagged;
use axum::extract::State;
use twobot_store::versions::Versioned;

/// Configure a plugin
///
/// Settings that are left out stay. `PUT` does the same.
#[utoipa::path(
    patch,
    path = "/user/plugins/{slug}/config",
    operation_id = "configurePlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin."), IfMatchHeader),
    request_body = ConfigChange,
    responses((status = 200, description = "The plugin as it is now.", body = Install))
)]
pub(super) async fn configure(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
    if_match: IfMatch,
    Json(change): Json<ConfigChange>,
) -> Result<Tagged<Install>, ApiError> {
    let mut check = Validation::default();
    check.object("config", &change.config);
    check.finish()?;
    let engine = if_match.engine(&state, caller.scope, Versioned::Plugin(slug.clone())).await?;
    let install = engine.configure_plugin(caller.scope, &caller.by(), &slug, change.config).await?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}

/// Enable a plugin
///
/// It gets events from now on. A paused one forgets its failures. One whose new version asks for more stays off until that is
/// decided; see `PUT /user/plugins/{slug}/grants`.
#[utoipa::path(
    post,
    path = "/user/plugins/{slug}/enable",
    operation_id = "enablePlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin.")),
    responses(
        (status = 200, description = "The plugin as it is now.", body = Install),
        (status = 422, description = "`validation_failed`: a required slot has no gateway; `permissions_needed`: it asks for what was not decided on."),
    )
)]
pub(super) async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
) -> Result<Tagged<Install>, ApiError> {
    let install = state.engine.enable_plugin(caller.scope, &caller.by(), &slug).await?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}

/// Disable a plugin
///
/// It gets no more events. Its data stays.
#[utoipa::path(
    post,
    path = "/user/plugins/{slug}/disable",
    operation_id = "disablePlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin.")),
    responses((status = 200, description = "The plugin as it is now.", body = Install))
)]
pub(super) async fn disable(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
) -> Result<Tagged<Install>, ApiError> {
    let install = state.engine.disable_plugin(caller.scope, &caller.by(), &slug).await?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}

/// Bind gateways to a plugin
///
/// Replaces what the given slots had; other slots stay.
#[utoipa::path(
    post,
    path = "/user/plugins/{slug}/gateways",
    operation_id = "bindGateways",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin."), IfMatchHeader),
    request_body = BindingChange,
    responses((status = 200, description = "The plugin as it is now.", body = Install))
)]
pub(super) async fn bind(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
    if_match: IfMatch,
    Json(change): Json<BindingChange>,
) -> Result<Tagged<Install>, ApiError> {
    let engine = if_match.engine(&state, caller.scope, Versioned::Plugin(slug.clone())).await?;
    let install = engine.bind_gateways(caller.scope, &caller.by(), &slug, change.gateways).await?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}

/// Decide what a plugin may do
///
/// `grants` replaces what was granted before. All that the plugin asks for now counts as decided on, granted or not. A plugin that
/// was paused for this decision goes on, and gets the events that were kept for it.
#[utoipa::path(
    put,
    path = "/user/plugins/{slug}/grants",
    operation_id = "grantPlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "An installed plugin."), IfMatchHeader),
    request_body = GrantChange,
    responses(
        (status = 200, description = "The plugin as it is now.", body = Install),
        (status = 422, description = "`validation_failed`: the plugin does not ask for one of these."),
    )
)]
pub(super) async fn grant(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
    if_match: IfMatch,
    Json(change): Json<GrantChange>,
) -> Result<Tagged<Install>, ApiError> {
    let grants = change.grants.into_iter().map(Into::into).collect();
    let engine = if_match.engine(&state, caller.scope, Versioned::Plugin(slug.clone())).await?;
    let install = engine.grant_plugin(caller.scope, &caller.by(), &slug, grants).await?;
    Install::load(&state, caller.scope, install).await.map(Tagged)
}
