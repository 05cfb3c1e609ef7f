//! A gateway that does what a test's script says. Every call of a gateway brings a text from the test: a delivery's body, an
//! action's arguments, a message to a model, the settings where there is nothing else.

#[path = "../../probe/src/mischief.rs"]
mod mischief;
#[path = "../../probe/src/text.rs"]
mod text;

use serde::Deserialize;
use text::Text;
use twobot::ai::{ChatReply, ChatRequest, FinishReason, TokenUsage};
use twobot::bindings::gateway::exports::twobot::plugin::gateway_handler;
use twobot::bindings::gateway::twobot::plugin::provider;
use twobot::bindings::gateway::{self as world};
use twobot::prelude::*;

/// The gateway.
pub struct GatewayProbe;

/// What to do in one call.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Script {
    /// Call the provider, and answer what came of it as text.
    Call {
        operation: Text,
        arguments: Text,
    },
    /// Answer this text.
    Say(Text),
    /// Answer with this many events.
    Events(usize),
    /// Refuse with this text.
    Refuse(Text),
    /// Claim to have used this many tokens.
    Tokens(u32),
    /// Try to write, read and list a file or folder of this name.
    File(String),
    Spin,
    Recurse,
    Eat(usize),
    Panic,
}

impl Script {
    fn of(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| Self::Refuse(Text::Plain(error.to_string())))
    }

    /// The text to answer with, or the error.
    fn follow(self) -> Result<String, GatewayError> {
        match self {
            Self::Call { operation, arguments } => provider::call(&operation.full(), &arguments.full()),
            Self::Say(text) => Ok(text.full()),
            Self::Refuse(text) => Err(GatewayError::Unsupported(text.full())),
            Self::Events(_) | Self::Tokens(_) => Ok(String::new()),
            Self::File(path) => {
                let written = std::fs::write(&path, "written").is_ok();
                let read = std::fs::read(&path).is_ok() || std::fs::read_dir(&path).is_ok();
                Ok(if written || read { "a file" } else { "no file" }.to_owned())
            }
            Self::Spin => mischief::spin(),
            Self::Recurse => Ok(mischief::recurse(0).to_string()),
            Self::Eat(step) => mischief::eat(step),
            Self::Panic => panic!("crashing, as asked"),
        }
    }
}

fn event(text: String) -> DecodedEvent {
    let conversation = Conversation::new("conversation", ConversationKind::Private);
    let message = Message { text: Some(text), ..Message::new("message", conversation, 0) };
    DecodedEvent::at(0, Payload::Message(message))
}

impl world::Guest for GatewayProbe {
    fn describe() -> world::Manifest {
        GatewayManifest::new("probe", "Probe (test)", env!("CARGO_PKG_VERSION"), "web-chat")
            .summary("Does what a script says.")
            .ingress([Ingress::Internal])
            .features([Feature::Actions, Feature::AiChat])
            .config_schema(json!({ "type": "object" }))
            .into()
    }
}

impl gateway_handler::Guest for GatewayProbe {
    fn decode(delivery: Inbound) -> Result<Decoded, Malformed> {
        match Script::of(&delivery.body) {
            Script::Events(count) => Ok(Decoded::Events((0..count).map(|_| event(String::new())).collect())),
            Script::Refuse(text) => Err(Malformed { message: text.full() }),
            script => match script.follow() {
                Ok(text) => Ok(Decoded::Events(vec![event(text)])),
                Err(error) => Ok(Decoded::NotHandled(format!("{error:?}"))),
            },
        }
    }

    fn execute(action: Action) -> Result<Outcome, GatewayError> {
        let Action::Provider(call) = action else { return Ok(Outcome::Done) };
        Script::of(&call.arguments).follow().map(Outcome::Provider)
    }

    fn chat(request: ChatRequest) -> Result<ChatReply, GatewayError> {
        let script = Script::of(request.messages.first().map_or("", |message| &message.content));
        let tokens = if let Script::Tokens(tokens) = script { tokens } else { 1 };
        Ok(ChatReply {
            text: script.follow()?,
            model: "probe".to_owned(),
            finish: FinishReason::Stop,
            usage: TokenUsage { input: tokens, output: tokens },
        })
    }

    fn check() -> Result<Account, GatewayError> {
        let script = config::get("script").ok().flatten().unwrap_or_default();
        let text = Script::of(&script).follow()?;
        Ok(Account { id: text.clone(), name: text.clone(), details: vec![(text.clone(), text)] })
    }
}

#[cfg(target_family = "wasm")]
const _: () = {
    ::twobot::bindings::gateway::export_gateway!(GatewayProbe with_types_in ::twobot::bindings::gateway);
};
