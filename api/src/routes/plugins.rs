//! The catalogue of plugins.

use crate::error::ApiError;
use crate::extract::{Caller, Json, Names};
use crate::state::AppState;
use crate::wire::{ActionKind, Capability, List};
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use twobot_domain::config;
use twobot_domain::manifest::PluginManifest;
use twobot_engine::PluginEntry;
use twobot_store::installs::Install;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// A plugin of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Plugin {
    /// Stable, for programs.
    #[schema(example = "auto-reply")]
    slug: String,
    /// For people.
    #[schema(example = "Auto reply")]
    name: String,
    /// Semantic version.
    #[schema(example = "0.1.0")]
    version: String,
    /// What it does, in one sentence.
    summary: String,
    /// What it does, in Markdown.
    description: String,
    /// Who made it.
    author: String,
    /// Where the catalogue lists it.
    category: String,
    /// What it asks to be granted.
    capabilities: Vec<Capability>,
    /// The kinds of events that it wants.
    subscriptions: Vec<&'static str>,
    /// Where gateways are bound.
    gateway_slots: Vec<GatewaySlot>,
    /// Its regular appointments.
    schedules: Vec<Schedule>,
    /// What can be run by name.
    actions: Vec<Action>,
    /// JSON Schema of its configuration.
    #[schema(value_type = Object)]
    config_schema: Value,
    /// The configuration that it starts with.
    #[schema(value_type = Object)]
    default_config: Value,
    /// Whether this workspace has it.
    installed: bool,
    /// SHA-256 of its component.
    digest: String,
}

/// A place where gateways are bound.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct GatewaySlot {
    /// Stable, for programs.
    name: String,
    /// For people.
    title: String,
    /// The kinds that fit; any where it is empty.
    kinds: Vec<String>,
    /// Without it the plugin can not be enabled.
    required: bool,
}

/// A regular appointment.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Schedule {
    /// Stable, for programs.
    name: String,
    /// Five fields: minute, hour, day of the month, month, day of the week.
    #[schema(example = "0 6 * * *")]
    cron: String,
    /// IANA time zone.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

/// Something that can be run by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Action {
    /// Stable, for programs.
    name: String,
    /// For people.
    title: String,
    /// For people.
    description: String,
    /// Whether it changes anything.
    kind: ActionKind,
    /// JSON Schema of its input.
    #[schema(value_type = Object)]
    input_schema: Value,
}

impl Plugin {
    fn new(entry: &PluginEntry, installed: bool) -> Self {
        let manifest: PluginManifest = entry.manifest.clone();
        Self {
            default_config: config::defaults(&manifest.config_schema),
            slug: manifest.slug,
            name: manifest.name,
            version: manifest.version,
            summary: manifest.summary,
            description: manifest.description,
            author: manifest.author,
            category: manifest.category,
            capabilities: manifest.capabilities.into_iter().map(Capability::from).collect(),
            subscriptions: manifest.subscriptions.into_iter().map(|kind| kind.as_str()).collect(),
            gateway_slots: manifest
                .gateways
                .into_iter()
                .map(|slot| GatewaySlot {
                    name: slot.name,
                    title: slot.title,
                    kinds: slot.kinds,
                    required: slot.required,
                })
                .collect(),
            schedules: manifest
                .schedules
                .into_iter()
                .map(|schedule| Schedule {
                    name: schedule.name,
                    cron: schedule.cron,
                    time_zone: schedule.time_zone,
                })
                .collect(),
            actions: manifest
                .actions
                .into_iter()
                .map(|action| Action {
                    name: action.name,
                    title: action.title,
                    description: action.description,
                    kind: action.kind.into(),
                    input_schema: action.input_schema,
                })
                .collect(),
            config_schema: manifest.config_schema,
            installed,
            digest: entry.digest.clone(),
        }
    }

    /// The names of the slots.
    pub(crate) fn slot_names(&self) -> impl Iterator<Item = &str> {
        self.gateway_slots.iter().map(|slot| slot.name.as_str())
    }

    /// The plugin of an install. The operator may have taken it out of the catalogue since; its owner must still be able to
    /// see and to remove it.
    pub(crate) fn of_install(state: &AppState, install: &Install) -> Self {
        if let Some(entry) = state.engine.catalogue().plugin(&install.slug) {
            return Self::new(entry, true);
        }
        Self {
            slug: install.slug.clone(),
            name: install.slug.clone(),
            version: install.version.clone(),
            summary: "This plugin is no longer part of this server's catalogue.".to_owned(),
            description: String::new(),
            author: String::new(),
            category: String::new(),
            capabilities: Vec::new(),
            subscriptions: Vec::new(),
            gateway_slots: Vec::new(),
            schedules: Vec::new(),
            actions: Vec::new(),
            config_schema: json!({"type": "object"}),
            default_config: json!({}),
            installed: true,
            digest: install.digest.clone(),
        }
    }
}

/// List the plugins that can be installed
#[utoipa::path(
    get,
    path = "/plugins",
    operation_id = "listPlugins",
    tag = "plugins",
    responses((status = 200, description = "The catalogue.", body = List<Plugin>))
)]
async fn list(State(state): State<AppState>, caller: Caller) -> Result<Json<List<Plugin>>, ApiError> {
    let installs = state.store().installs(caller.scope).await?;
    let installed: HashSet<_> = installs.iter().map(|install| install.slug.as_str()).collect();
    let plugins = state
        .engine
        .catalogue()
        .plugins()
        .map(|entry| Plugin::new(entry, installed.contains(entry.manifest.slug.as_str())));
    Ok(Json(List::whole(plugins.collect())))
}

/// Look at a plugin of the catalogue
#[utoipa::path(
    get,
    path = "/plugins/{slug}",
    operation_id = "getPlugin",
    tag = "plugins",
    params(("slug" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "The plugin.", body = Plugin))
)]
async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Names(slug): Names<String>,
) -> Result<Json<Plugin>, ApiError> {
    let entry = state.engine.catalogue().plugin(&slug).ok_or_else(|| ApiError::not_found("plugin"))?;
    let installs = state.store().installs(caller.scope).await?;
    Ok(Json(Plugin::new(entry, installs.iter().any(|install| install.slug == slug))))
}
