//! The kinds of gateways that can be made.

use crate::extract::{Caller, Json};
use crate::state::AppState;
use crate::wire::{Feature, Ingress, List};
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use twobot_domain::manifest::GatewayManifest;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A kind of gateway.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct GatewayKind {
    /// Stable, for programs.
    #[schema(example = "telegram-bot")]
    kind: String,
    /// For people.
    #[schema(example = "Telegram bot")]
    name: String,
    /// What it is, in one sentence.
    summary: String,
    /// How to get the credentials, in Markdown.
    description: String,
    /// The component's version.
    #[schema(example = "0.1.0")]
    version: String,
    /// How events arrive.
    ingress: Vec<Ingress>,
    /// What it can do for plugins.
    features: Vec<Feature>,
    /// JSON Schema of `credentials`.
    #[schema(value_type = Object)]
    credentials_schema: Value,
    /// JSON Schema of `config`.
    #[schema(value_type = Object)]
    config_schema: Value,
}

impl From<&GatewayManifest> for GatewayKind {
    fn from(manifest: &GatewayManifest) -> Self {
        Self {
            kind: manifest.kind.clone(),
            name: manifest.name.clone(),
            summary: manifest.summary.clone(),
            description: manifest.description.clone(),
            version: manifest.version.clone(),
            ingress: manifest.ingress.iter().copied().map(Ingress::from).collect(),
            features: manifest.features.iter().copied().map(Feature::from).collect(),
            credentials_schema: manifest.credentials_schema.clone(),
            config_schema: manifest.config_schema.clone(),
        }
    }
}

/// List the kinds of gateways
#[utoipa::path(
    get,
    path = "/gateway-kinds",
    operation_id = "listGatewayKinds",
    tag = "gateways",
    responses((status = 200, description = "All kinds.", body = List<GatewayKind>))
)]
async fn list(State(state): State<AppState>, _caller: Caller) -> Json<List<GatewayKind>> {
    let kinds = state.engine.catalogue().gateway_kinds().map(|entry| (&entry.manifest).into());
    Json(List::whole(kinds.collect()))
}
