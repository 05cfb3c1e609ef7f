//! Plans: named sets of limits and a price. Data, not code: an operator can replace the catalogue with a file.

use serde::{Deserialize, Serialize};
use std::path::Path;
use thiserror::Error;

const MB: u64 = 1024 * 1024;

/// Fuel that one vCPU is worth in a second. Compiled guests burn 0.8 to 2 units a nanosecond on current processors;
/// one a nanosecond makes the figure easy to think in.
pub const FUEL_PER_VCPU_SECOND: u64 = 1_000_000_000;

/// Wall-clock time of a handler's own running, in seconds. The same for every plan.
pub const HANDLER_SECONDS: u64 = 5;

/// After this many seconds an execution ends, whatever it waits for.
pub const EXECUTION_SECONDS: u64 = 120;

/// The most memory of one plugin's sandbox, in bytes.
pub const PLUGIN_MEMORY_BYTES: u64 = 64 * MB;

/// The most memory of one gateway's sandbox, in bytes.
pub const GATEWAY_MEMORY_BYTES: u64 = 128 * MB;

/// Executions and events of a tenant that are kept, the newest; for every plan.
pub const HISTORY_ROWS: u64 = 10_000;

/// Days that executions and events are kept; for every plan.
pub const HISTORY_DAYS: u32 = 30;

/// Bytes that the files of one plugin may come to, whatever its tenant's plan is.
pub const DIRECTORY_BYTES: u64 = 100 * MB;

/// The part of a plan's storage that the files of one plugin may take: one of so many.
pub const DIRECTORY_SHARE: u64 = 10;

/// Files and directories that one plugin may keep.
pub const DIRECTORY_ENTRIES: u64 = 1_000;

/// Levels of directories within a plugin's own.
pub const DIRECTORY_DEPTH: usize = 16;

/// Bytes of the name of a plugin's file: what common file systems take.
pub const DIRECTORY_NAME_BYTES: usize = 255;

/// What a plan allows. A limit of `None` does not bind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// MB over all of a tenant's live sandboxes.
    pub memory_mb: u64,
    /// Processors' worth of fuel.
    pub vcpu: f64,
    /// MB kept in the store.
    pub storage_mb: u64,
    /// Whether a stopped workspace starts when an event arrives.
    pub starts_by_itself: bool,
    /// Gateways that may exist.
    #[serde(default)]
    pub gateways: Option<u32>,
    /// Plugins that may be installed.
    #[serde(default)]
    pub plugins: Option<u32>,
    /// Workflows that may exist.
    #[serde(default)]
    pub workflows: Option<u32>,
    /// Widgets on the dashboard.
    #[serde(default)]
    pub widgets: Option<u32>,
    /// Executions in one UTC day.
    #[serde(default)]
    pub executions_per_day: Option<u64>,
    /// Workflow runs in one UTC day.
    #[serde(default)]
    pub workflow_runs_per_day: Option<u64>,
    /// Tokens of language models in one UTC month.
    #[serde(default)]
    pub ai_tokens_per_month: Option<u64>,
    /// API keys that may exist.
    #[serde(default)]
    pub api_keys: Option<u32>,
    /// Days that audit log and analytics are kept.
    pub history_days: u32,
    /// Sign-ins at the same time.
    #[serde(default)]
    pub sessions: Option<u32>,
    /// Minutes without an event after which a workspace sleeps.
    #[serde(default)]
    pub sleep_after_minutes: Option<u32>,
    /// Place in the queues, from 1, which is served most, to 5: see [`Limits::weight`].
    pub priority: u8,
    /// Events that may wait before providers are asked to retry.
    #[serde(default = "default_waiting_events")]
    pub waiting_events: u32,
    /// Keys that plugins may keep.
    #[serde(default = "default_kv_keys")]
    pub kv_keys: u64,
    /// Bytes that plugins may keep under all keys.
    #[serde(default = "default_kv_bytes")]
    pub kv_bytes: u64,
    /// Runs of plugins at the same time; what comes above that waits.
    #[serde(default = "default_plugins_at_once")]
    pub plugins_at_once: u32,
    /// Runs of gateways at the same time; what comes above that waits.
    #[serde(default = "default_gateways_at_once")]
    pub gateways_at_once: u32,
    /// Runs of one installed plugin at the same time; what comes above that waits.
    #[serde(default = "default_runs_at_once_per_install")]
    pub runs_at_once_per_install: u32,
    /// Keys that plugins may read from and write to the store in a second, in the long run.
    #[serde(default = "default_storage_operations_per_second")]
    pub storage_operations_per_second: u32,
    /// Keys that they may read and write at once after they were quiet for a while.
    #[serde(default = "default_storage_burst")]
    pub storage_burst: u32,
}

const fn default_waiting_events() -> u32 {
    1_000
}
const fn default_kv_keys() -> u64 {
    10_000
}
const fn default_kv_bytes() -> u64 {
    50 * MB
}
const fn default_plugins_at_once() -> u32 {
    10
}
const fn default_gateways_at_once() -> u32 {
    5
}
const fn default_runs_at_once_per_install() -> u32 {
    5
}
const fn default_storage_operations_per_second() -> u32 {
    100
}
const fn default_storage_burst() -> u32 {
    1_000
}

impl Limits {
    /// How much of its queues' work a tenant gets done under load, against others: 5 times as much with priority 1 as with 5.
    #[must_use]
    pub fn weight(&self) -> u32 {
        6 - u32::from(self.priority.clamp(1, 5))
    }

    /// The fuel of one execution: what the plan's processors burn in a handler's wall-clock time.
    #[must_use]
    pub fn fuel_per_execution(&self) -> u64 {
        let seconds = self.vcpu.clamp(0.01, 1_024.0) * HANDLER_SECONDS as f64;
        (seconds * FUEL_PER_VCPU_SECOND as f64) as u64
    }

    /// Bytes over all of a tenant's live sandboxes.
    #[must_use]
    pub const fn memory_bytes(&self) -> u64 {
        self.memory_mb.saturating_mul(MB)
    }

    /// What nothing could ever run with when it is 0.
    const fn rates(&self) -> [(&'static str, u32); 5] {
        [
            ("plugins_at_once", self.plugins_at_once),
            ("gateways_at_once", self.gateways_at_once),
            ("runs_at_once_per_install", self.runs_at_once_per_install),
            ("storage_operations_per_second", self.storage_operations_per_second),
            ("storage_burst", self.storage_burst),
        ]
    }

    /// Bytes kept in the store.
    #[must_use]
    pub const fn storage_bytes(&self) -> u64 {
        self.storage_mb.saturating_mul(MB)
    }

    /// Bytes that the files of one plugin may come to.
    #[must_use]
    pub const fn directory_bytes(&self) -> u64 {
        let share = self.storage_bytes() / DIRECTORY_SHARE;
        if share < DIRECTORY_BYTES { share } else { DIRECTORY_BYTES }
    }
}

/// A named set of limits and a price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Stable; stored with each tenant.
    pub id: String,
    /// For people.
    pub name: String,
    /// US cents a month.
    pub price_cents: u64,
    /// What it allows.
    pub limits: Limits,
}

/// Why a catalogue can not be used.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The file can not be read.
    #[error("can not read the plan catalogue {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a catalogue.
    #[error("the plan catalogue is not valid: {0}")]
    Parse(#[from] toml::de::Error),
    /// Its parts contradict each other.
    #[error("the plan catalogue is not valid: {0}")]
    Inconsistent(String),
}

/// All plans of a deployment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCatalogue {
    default: String,
    #[serde(rename = "plan")]
    plans: Vec<Plan>,
}

impl PlanCatalogue {
    /// A catalogue that ships with the product (`full`, `mvp`), or the one in a file of that path.
    ///
    /// # Errors
    /// When the file can not be read or is not a catalogue.
    pub fn load(name_or_path: &str) -> Result<Self, PlanError> {
        match name_or_path {
            "full" => Self::parse(include_str!("../plans/full.toml")),
            "mvp" => Self::parse(include_str!("../plans/mvp.toml")),
            path => {
                let text = std::fs::read_to_string(Path::new(path))
                    .map_err(|source| PlanError::Read { path: path.to_owned(), source })?;
                Self::parse(&text)
            }
        }
    }

    /// A catalogue from its TOML text.
    ///
    /// # Errors
    /// When it is not valid TOML, names a plan twice, or its default does not exist.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let catalogue: Self = toml::from_str(text)?;
        for (position, plan) in catalogue.plans.iter().enumerate() {
            if catalogue.plans.iter().take(position).any(|earlier| earlier.id == plan.id) {
                return Err(PlanError::Inconsistent(format!("the plan `{}` stands there twice", plan.id)));
            }
            for (name, value) in plan.limits.rates() {
                if value == 0 {
                    return Err(PlanError::Inconsistent(format!(
                        "the plan `{}` needs a {name} above 0",
                        plan.id
                    )));
                }
            }
            if !(plan.limits.vcpu > 0.0 && plan.limits.vcpu <= 1_024.0) {
                return Err(PlanError::Inconsistent(format!(
                    "the plan `{}` needs a vcpu above 0 and at most 1024",
                    plan.id
                )));
            }
        }
        if catalogue.get(&catalogue.default).is_none() {
            return Err(PlanError::Inconsistent(format!(
                "the default `{}` is not a plan",
                catalogue.default
            )));
        }
        Ok(catalogue)
    }

    /// The plan of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// The plan of that id, or the default when the catalogue no longer has it: a tenant is never without limits.
    #[must_use]
    pub fn get_or_default(&self, id: &str) -> &Plan {
        self.get(id).or_else(|| self.get(&self.default)).unwrap_or(&self.plans[0])
    }

    /// The plan of new tenants.
    #[must_use]
    pub fn default_plan(&self) -> &Plan {
        self.get_or_default(&self.default)
    }

    /// All plans, in the catalogue's order.
    #[must_use]
    pub fn all(&self) -> &[Plan] {
        &self.plans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_plugin_may_take_a_tenth_of_the_storage_and_not_too_much() {
        let full = PlanCatalogue::load("full").unwrap();
        let of = |id: &str| full.get(id).unwrap().limits.directory_bytes();
        assert_eq!(of("free"), 10 * MB);
        assert_eq!((of("starter"), of("enterprise")), (DIRECTORY_BYTES, DIRECTORY_BYTES));
        let endless = Limits { storage_mb: u64::MAX, ..full.default_plan().limits.clone() };
        assert_eq!(endless.directory_bytes(), DIRECTORY_BYTES);
    }

    #[test]
    fn the_shipped_catalogues_say_what_was_agreed() {
        let full = PlanCatalogue::load("full").unwrap();
        assert_eq!(full.default_plan().id, "free");
        assert_eq!(full.all().len(), 5);
        let pro = full.get("pro").unwrap();
        assert_eq!((pro.price_cents, pro.limits.memory_mb, pro.limits.gateways), (2_900, 2_048, Some(5)));
        assert_eq!(full.get("enterprise").unwrap().limits.plugins, None);
        assert_eq!(full.get("free").unwrap().limits.fuel_per_execution(), 2_500_000_000);
        for plan in full.all() {
            let limits = &plan.limits;
            assert_eq!(limits.rates().map(|(_, value)| value), [10, 5, 5, 100, 1_000], "{}", plan.id);
        }

        let mvp = PlanCatalogue::load("mvp").unwrap();
        assert_eq!(mvp.get("free").unwrap().limits.executions_per_day, Some(100));
        assert_eq!(mvp.get("pro").unwrap().limits.executions_per_day, Some(10_000));
    }

    #[test]
    fn an_unknown_plan_gets_the_default_limits() {
        let full = PlanCatalogue::load("full").unwrap();
        assert_eq!(full.get_or_default("discontinued").id, "free");
    }

    #[test]
    fn a_wrong_catalogue_says_what_is_wrong() {
        let check = |text: &str, expected: &str| {
            let error = PlanCatalogue::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        let plan = "[[plan]]\nid = \"a\"\nname = \"A\"\nprice_cents = 0\n[plan.limits]\nmemory_mb = 1\nvcpu = 1.0\nstorage_mb = 1\nstarts_by_itself = true\nhistory_days = 1\npriority = 1\n";
        check(&format!("default = \"b\"\n{plan}"), "`b` is not a plan");
        check(&format!("default = \"a\"\n{plan}{plan}"), "twice");
        check(&format!("default = \"a\"\n{}", plan.replace("vcpu = 1.0", "vcpu = 0.0")), "above 0");
        check(&format!("default = \"a\"\n{plan}typo = 1\n"), "typo");
        check(&format!("default = \"a\"\n{plan}storage_burst = 0\n"), "storage_burst above 0");
        let missing = PlanCatalogue::load("/nonexistent/plans.toml").unwrap_err().to_string();
        assert!(missing.contains("/nonexistent/plans.toml"), "{missing}");
    }
}
