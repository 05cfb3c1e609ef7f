//! Building a plugin's manifest.

use crate::EventKind;
use crate::bindings::plugin::twobot::plugin::plugin_manifest as wit;
use serde_json::{Value, json};

pub use wit::Capability;

/// What a plugin is and what it asks for.
#[derive(Clone, Debug)]
pub struct Manifest(wit::Manifest);

impl Manifest {
    /// A plugin that asks for nothing yet. The slug has lower-case letters, digits and hyphens; the version is semantic, usually
    /// `env!("CARGO_PKG_VERSION")`.
    pub fn new(slug: &str, name: &str, version: &str) -> Self {
        Self(wit::Manifest {
            slug: slug.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            summary: String::new(),
            description: String::new(),
            author: String::new(),
            category: String::new(),
            subscriptions: Vec::new(),
            capabilities: Vec::new(),
            gateways: Vec::new(),
            schedules: Vec::new(),
            actions: Vec::new(),
            config_schema: empty_object().to_string(),
            one_at_a_time: false,
        })
    }

    /// One sentence for the catalogue.
    #[must_use]
    pub fn summary(mut self, summary: &str) -> Self {
        self.0.summary = summary.to_owned();
        self
    }

    /// What it does and how to set it up, in Markdown.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.0.description = description.to_owned();
        self
    }

    /// Who made it.
    #[must_use]
    pub fn author(mut self, author: &str) -> Self {
        self.0.author = author.to_owned();
        self
    }

    /// Where the catalogue lists it.
    #[must_use]
    pub fn category(mut self, category: &str) -> Self {
        self.0.category = category.to_owned();
        self
    }

    /// The events that it wants from its bound gateways.
    #[must_use]
    pub fn on(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.0.subscriptions.extend(kinds);
        self
    }

    /// What it asks its tenant to grant.
    #[must_use]
    pub fn needs(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.0.capabilities.extend(capabilities);
        self
    }

    /// Asks to call a host over HTTP: `api.example.com`, `*.example.com` (all below it) or `*` (every public host). A port may follow,
    /// such as `:8443`; without one 80 and 443 are meant. The tenant sees each and grants it by itself.
    #[must_use]
    pub fn calls(self, host: &str) -> Self {
        self.needs([Capability::Http(host.to_owned())])
    }

    /// Adds a place where the tenant binds gateways.
    #[must_use]
    pub fn slot(mut self, slot: Slot) -> Self {
        self.0.gateways.push(slot.0);
        self
    }

    /// Adds a regular appointment: five crontab fields and an IANA time zone.
    #[must_use]
    pub fn schedule(mut self, name: &str, cron: &str, time_zone: &str) -> Self {
        self.0.schedules.push(wit::ScheduleSpec {
            name: name.to_owned(),
            cron: cron.to_owned(),
            time_zone: time_zone.to_owned(),
        });
        self
    }

    /// Adds something that can be run by name.
    #[must_use]
    pub fn action(mut self, action: ActionSpec) -> Self {
        self.0.actions.push(action.0);
        self
    }

    /// The JSON Schema of its configuration.
    #[must_use]
    pub fn config_schema(mut self, schema: Value) -> Self {
        self.0.config_schema = schema.to_string();
        self
    }

    /// Handles one event at a time per install, instead of one at a time per conversation.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.0.one_at_a_time = true;
        self
    }
}

impl From<Manifest> for wit::Manifest {
    fn from(manifest: Manifest) -> Self {
        manifest.0
    }
}

/// A place where the tenant binds gateways.
#[derive(Clone, Debug)]
pub struct Slot(wit::GatewaySlot);

impl Slot {
    /// An install without it can not be enabled. Takes gateways of any kind unless [`Slot::kinds`] says otherwise.
    pub fn required(name: &str, title: &str) -> Self {
        Self(wit::GatewaySlot {
            name: name.to_owned(),
            title: title.to_owned(),
            kinds: Vec::new(),
            required: true,
        })
    }

    /// The plugin does without it.
    pub fn optional(name: &str, title: &str) -> Self {
        let mut slot = Self::required(name, title);
        slot.0.required = false;
        slot
    }

    /// Takes only gateways of these kinds.
    #[must_use]
    pub fn kinds<'a>(mut self, kinds: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.kinds.extend(kinds.into_iter().map(str::to_owned));
        self
    }
}

/// Something that the tenant, a workflow or an API client can run.
#[derive(Clone, Debug)]
pub struct ActionSpec(wit::ActionSpec);

impl ActionSpec {
    /// Reads only; shown on the analytics page.
    pub fn report(name: &str, title: &str) -> Self {
        Self::new(name, title, wit::ActionKind::Report)
    }

    /// Changes something; shown as a button.
    pub fn command(name: &str, title: &str) -> Self {
        Self::new(name, title, wit::ActionKind::Command)
    }

    /// What it does.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.0.description = description.to_owned();
        self
    }

    /// The JSON Schema of its input. Without one it takes an empty object.
    #[must_use]
    pub fn input_schema(mut self, schema: Value) -> Self {
        self.0.input_schema = schema.to_string();
        self
    }

    fn new(name: &str, title: &str, kind: wit::ActionKind) -> Self {
        Self(wit::ActionSpec {
            name: name.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            kind,
            input_schema: empty_object().to_string(),
        })
    }
}

/// The schema of an object that has no properties.
pub(crate) fn empty_object() -> Value {
    json!({"type": "object", "properties": {}, "additionalProperties": false})
}
