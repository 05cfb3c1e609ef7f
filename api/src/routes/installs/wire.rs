//! Installs on the wire.

use crate::error::ApiError;
use crate::routes::plugins::Plugin;
use crate::state::AppState;
use crate::wire::{Capability, Etag, InstallState, Time, Trouble, Versioned};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use twobot_domain::{ExecutionId, GatewayId, InstallId, Timestamp};
use twobot_store::{TenantScope, installs};
use utoipa::ToSchema;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A plugin in the workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Install {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: InstallId,
    /// What was installed.
    plugin: Plugin,
    /// The version that runs.
    #[schema(example = "0.1.0")]
    version: String,
    /// Whether it gets events.
    state: InstallState,
    /// Why it is paused.
    state_reason: Option<Trouble>,
    /// Its configuration, in the shape of the plugin's `config_schema`.
    #[schema(value_type = Object)]
    config: Value,
    /// What it was granted.
    grants: Vec<Capability>,
    /// What it asks for that was not decided on yet. It stays off until then.
    undecided: Vec<Capability>,
    /// The gateways of each slot.
    gateways: BTreeMap<String, Vec<BoundGateway>>,
    /// How it fares.
    stats: Stats,
    /// When it was installed.
    created_at: Time,
    /// When its owner changed it.
    updated_at: Time,
    /// The version of its settings, grants and gateways, as in the header `ETag`: send it as `If-Match` with a change.
    etag: Etag,
}

impl Versioned for Install {
    fn etag(&self) -> &Etag {
        &self.etag
    }
}

/// A gateway that is bound to a plugin.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct BoundGateway {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: GatewayId,
    /// Its name.
    name: String,
    /// Its kind.
    #[schema(example = "telegram-bot")]
    kind: String,
}

/// How an install fares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// Executions that ended in the last 24 hours.
    executions_24h: u64,
    /// Those of them that failed.
    failures_24h: u64,
    /// When the newest was queued.
    last_execution_at: Option<Time>,
}

impl Install {
    pub(super) async fn load(
        state: &AppState,
        scope: TenantScope,
        install: installs::Install,
    ) -> Result<Self, ApiError> {
        let store = state.store();
        let day_ago = Timestamp::now().plus_millis(-DAY_MILLIS);
        let stats = store.execution_stats(scope, install.id, day_ago).await?;
        let plugin = Plugin::of_install(state, &install);
        let undecided = state.engine.undecided(&install);

        // Every slot stands there, also those that nothing is bound to.
        let mut gateways: BTreeMap<String, Vec<BoundGateway>> =
            plugin.slot_names().map(|name| (name.to_owned(), Vec::new())).collect();
        for bound in store.bound_gateways(scope, install.id).await? {
            gateways.entry(bound.slot).or_default().push(BoundGateway {
                id: bound.id,
                name: bound.name,
                kind: bound.kind,
            });
        }
        Ok(Self {
            etag: install.version_of_settings().into(),
            id: install.id,
            plugin,
            version: install.version,
            state: install.state.into(),
            state_reason: install.trouble.map(Trouble::from),
            config: install.config,
            grants: install.grants.into_iter().map(Capability::from).collect(),
            undecided: undecided.into_iter().map(Capability::from).collect(),
            gateways,
            stats: Stats {
                executions_24h: stats.executions,
                failures_24h: stats.failures,
                last_execution_at: stats.last_at.map(Time::from),
            },
            created_at: install.created_at.into(),
            updated_at: install.updated_at.into(),
        })
    }
}

/// How to install a plugin.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct InstallRequest {
    /// In the shape of the plugin's `config_schema`; what is left out has its default.
    #[schema(value_type = Option<Object>)]
    pub(super) config: Option<Value>,
    /// The ids of the gateways of each slot.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Vec<Uuid>>>)]
    pub(super) gateways: Option<BTreeMap<String, Vec<GatewayId>>>,
    /// What to grant of what the plugin asks for; all of it where it is left out.
    pub(super) grants: Option<Vec<Capability>>,
    /// Whether it gets events at once; true where it is left out and every required slot is bound.
    pub(super) enable: Option<bool>,
}

/// A plugin's new configuration.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ConfigChange {
    /// Settings to change; null removes one.
    #[schema(value_type = Object)]
    pub(super) config: Value,
}

/// What a plugin may do.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct GrantChange {
    /// What to grant of what the plugin asks for.
    pub(super) grants: Vec<Capability>,
}

/// The gateways of a plugin's slots.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BindingChange {
    /// The ids of the gateways of each slot that is to change. An empty list empties the slot.
    #[schema(value_type = BTreeMap<String, Vec<Uuid>>)]
    pub(super) gateways: BTreeMap<String, Vec<GatewayId>>,
}

/// What to run an action with.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ActionRequest {
    /// In the shape of the action's `input_schema`.
    #[serde(default)]
    pub(super) input: Value,
}

/// What an action answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ActionResult {
    /// What the plugin said.
    pub(super) output: Value,
    /// The execution in which it ran.
    #[schema(value_type = Uuid)]
    pub(super) execution_id: ExecutionId,
}
