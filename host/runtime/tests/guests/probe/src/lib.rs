//! A plugin that makes the host calls that a test's script names and says what came of each. It does not go through the SDK's
//! kinder face: it can ask for what no well-meaning plugin asks.

mod calls;
mod files;
mod http;
mod mischief;
mod step;
mod text;
mod wasi;

use serde::Deserialize;
use step::Step;
use text::Text;
use twobot::bindings::plugin::exports::twobot::plugin::plugin_handler::{self, HandlerError};
use twobot::bindings::plugin::{self as world};
use twobot::prelude::*;

/// What it asks its tenant for. A test writes other words over it, in the component's bytes, to have a plugin that asks for less.
static ASKS: [u8; 96] =
    *b"probe asks: storage send ai notify schedule                                                     ";

/// A script without steps.
const NOTHING: &str = r#"{"steps": []}"#;

/// The plugin.
pub struct Probe;

/// What to do in one run: the input of an action, the text of a message, or what an appointment gives back.
#[derive(Deserialize)]
struct Script {
    steps: Vec<Step>,
    #[serde(default)]
    ending: Ending,
}

/// How the run ends, if it gets there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    /// Well; an action answers with what came of the steps.
    #[default]
    Well,
    /// An action answers with this text.
    Answer(Text),
    Retry(Text),
    Failed(Text),
    InvalidInput(Text),
    UnknownAction,
}

/// The words of what it asks. `one-at-a-time` is no capability, but how it wants its events.
fn words() -> Vec<String> {
    let bytes = std::hint::black_box(&ASKS);
    String::from_utf8_lossy(bytes).split_ascii_whitespace().map(str::to_owned).collect()
}

fn asks() -> Vec<Capability> {
    words()
        .iter()
        .filter_map(|word| match word.as_str() {
            "storage" => Some(Capability::Storage),
            "send" => Some(Capability::Send),
            "ai" => Some(Capability::Ai),
            "notify" => Some(Capability::Notify),
            "schedule" => Some(Capability::Schedule),
            "directory" => Some(Capability::Directory),
            other => other.strip_prefix("http:").map(|host| Capability::Http(host.to_owned())),
        })
        .collect()
}

impl world::Guest for Probe {
    fn describe() -> world::Manifest {
        let manifest = Manifest::new("probe", "Probe (test)", env!("CARGO_PKG_VERSION"))
            .summary("Makes the host calls that a script names.")
            .description("For tests of the platform.")
            .author("2Bot")
            .category("testing")
            .on([EventKind::Message])
            .needs(asks())
            .slot(Slot::optional("channels", "Gateways to try"))
            .action(ActionSpec::command("script", "Run a script").input_schema(json!({ "type": "object" })))
            .config_schema(json!({ "type": "object" }));
        let is_one_at_a_time = words().iter().any(|word| word == "one-at-a-time");
        if is_one_at_a_time { manifest.one_at_a_time().into() } else { manifest.into() }
    }
}

impl plugin_handler::Guest for Probe {
    fn handle(event: Event) -> Result<(), HandlerError> {
        let wrong = |what: String| HandlerError::Failed(format!("the script: {what}"));
        let text = match event.payload {
            Payload::Message(message) => message.text.unwrap_or_default(),
            Payload::Scheduled(due) => due.data.unwrap_or_else(|| NOTHING.to_owned()),
            Payload::EffectFailed(_) => NOTHING.to_owned(),
            _ => return Err(wrong("none".to_owned())),
        };
        let script: Script = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        script.steps.iter().for_each(|step| drop(calls::carry_out(step)));
        match script.ending {
            Ending::Retry(why) => Err(HandlerError::Retry(why.full())),
            Ending::Failed(why) => Err(HandlerError::Failed(why.full())),
            _ => Ok(()),
        }
    }

    fn run(_: String, input: String) -> Result<String, ActionError> {
        let script: Script = serde_json::from_str(&input)
            .map_err(|error| ActionError::Failed(format!("the script: {error}")))?;
        let outcomes: Json = script.steps.iter().map(calls::carry_out).collect();
        match script.ending {
            Ending::Well => Ok(outcomes.to_string()),
            Ending::Answer(text) => Ok(text.full()),
            Ending::Retry(why) | Ending::Failed(why) => Err(ActionError::Failed(why.full())),
            Ending::InvalidInput(why) => Err(ActionError::InvalidInput(why.full())),
            Ending::UnknownAction => Err(ActionError::UnknownAction),
        }
    }
}

#[cfg(target_family = "wasm")]
const _: () = {
    ::twobot::bindings::plugin::export_plugin!(Probe with_types_in ::twobot::bindings::plugin);
};
