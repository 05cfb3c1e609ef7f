//! The reference of the API as a page, with nothing from outside.

use crate::state::AppState;
use axum::Router;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The page under `/api/docs`. Its scripts are files of ours, which is all that the content security policy lets run.
pub(crate) fn routes() -> Router<AppState> {
    let config = Config::new(["/api/v1/openapi.json"])
        // Without this the page would send the document to a validator elsewhere.
        .validator_url("none")
        .deep_linking(true)
        .doc_expansion("none")
        .default_models_expand_depth(0)
        .with_credentials(true);
    SwaggerUi::new("/api/docs").config(config).into()
}
