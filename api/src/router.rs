//! Everything put together.

use crate::config::ApiConfig;
use crate::edge::{addresses, callers, cors, edge, idempotent, time_limit};
use crate::error::ApiError;
use crate::extract::BODY_LIMIT;
use crate::state::AppState;
use crate::{dashboard, document, reference, routes};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use twobot_engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// Whatever only asks the store.
const QUICK: Duration = Duration::from_secs(30);
/// Whatever waits for a sandbox or a provider; a little more than the longest execution may take, so that its own outcome is
/// what the caller hears.
pub(crate) const SLOW: Duration = Duration::from_secs(twobot_domain::plan::EXECUTION_SECONDS + 10);

/// The API under `/api/v1` and under `/api`, its reference under `/api/docs`, `/healthz` and `/readyz`, and the dashboard
/// under everything else.
///
/// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: tries to sign in are counted per network address.
pub fn router(engine: Engine, config: ApiConfig) -> Router {
    let state = AppState::new(engine, config);
    let (api, document) = api().split_for_parts();
    let document = document::served(&document::finished(document));
    let api: Router<AppState> = api
        .merge(document)
        .layer(from_fn_with_state(state.clone(), idempotent))
        .layer(from_fn_with_state(state.clone(), callers))
        .layer(from_fn_with_state(state.clone(), addresses));
    let root: Router<AppState> = Router::new()
        .nest("/api/v1", api.clone())
        .nest("/api", api)
        .merge(reference::routes())
        .merge(routes::health::root_routes());
    let mut root = root
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    if let Some(cors) = cors(&state.config.cors_origins) {
        root = root.layer(cors);
    }
    root.layer(from_fn_with_state(state.clone(), edge))
        // Leaves live streams alone, which it would hold back, and what is packed already.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("application/zip"))),
        )
        .with_state(state)
}

/// `/healthz` and `/readyz` and nothing else, for a node that serves nobody.
pub fn health_router(engine: Engine, config: ApiConfig) -> Router {
    let state = AppState::new(engine, config);
    routes::health::root_routes()
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(async |request: Request| ApiError::unknown_path(request.uri().path()))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(state.clone(), edge))
        .with_state(state)
}

/// Every operation, by how long it may take.
pub(crate) fn api() -> OpenApiRouter<AppState> {
    let quick = OpenApiRouter::new()
        .merge(routes::auth::routes())
        .merge(routes::two_factor::routes())
        .merge(routes::api_keys::routes())
        .merge(routes::own_account::routes())
        .merge(routes::profile::routes())
        .merge(routes::workspace::routes())
        .merge(routes::usage::routes())
        .merge(routes::gateway_kinds::routes())
        .merge(routes::gateways::routes())
        .merge(routes::plugins::routes())
        .merge(routes::installs::routes())
        .merge(routes::executions::routes())
        .merge(routes::dead_letters::routes())
        .merge(routes::conversations::routes())
        .merge(routes::notifications::routes())
        .merge(routes::audit_log::routes())
        .merge(routes::admin::routes())
        .merge(routes::webhooks::routes())
        .merge(routes::health::routes())
        .merge(routes::status::routes())
        .layer(from_fn_with_state(QUICK, time_limit));
    let slow = OpenApiRouter::new()
        .merge(routes::gateways::slow_routes())
        .merge(routes::installs::slow_routes())
        .merge(routes::executions::slow_routes())
        .merge(routes::analytics::slow_routes())
        .layer(from_fn_with_state(SLOW, time_limit));
    let streams = OpenApiRouter::new()
        .merge(routes::live::stream_routes())
        .merge(routes::conversations::stream_routes())
        .merge(routes::own_account::stream_routes());
    OpenApiRouter::with_openapi(document::base()).merge(quick).merge(slow).merge(streams)
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::method_not_allowed(method.as_str())
}

/// Paths that nothing is registered for: a mistake below `/api`, a page of the dashboard elsewhere.
async fn unknown(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError::unknown_path(path).into_response();
    }
    match *request.method() {
        Method::GET | Method::HEAD => dashboard::serve(path, request.headers()),
        ref method => ApiError::method_not_allowed(method.as_str()).into_response(),
    }
}
