//! A plugin that misbehaves in the way that its configuration says, on every message that it gets.

use serde::Deserialize;
use std::hint::black_box;
use twobot::prelude::*;

/// The plugin.
pub struct Misbehaving;

/// What it does with a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Computes for ever.
    Loop,
    /// Takes memory for ever.
    Memory,
    /// Crashes.
    Trap,
    /// Says that it can not handle the message.
    Fail,
    /// Asks to be tried again.
    Retry,
    /// Waits for longer than any run may take.
    Slow,
    /// Answers each failure of an answer with another answer.
    Circle,
    /// Wakes itself at once, again and again.
    Wake,
    /// Answers.
    #[default]
    Ok,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    mode: Mode,
}

#[twobot::plugin]
impl Plugin for Misbehaving {
    fn manifest() -> Manifest {
        Manifest::new("misbehaving", "Misbehaving (test)", env!("CARGO_PKG_VERSION"))
            .summary("Loops, eats memory, crashes or fails, as its settings say.")
            .description("For tests of the platform. It answers only while it behaves.")
            .author("2Bot")
            .category("testing")
            .on([EventKind::Message])
            .needs([Capability::Storage, Capability::Send, Capability::Schedule])
            .slot(Slot::required("channels", "Where to misbehave"))
            .config_schema(json!({
                "type": "object",
                "properties": {
                    "mode": {
                        "type": "string",
                        "title": "What to do with a message",
                        "enum": ["loop", "memory", "trap", "fail", "retry", "slow", "circle", "wake", "ok"],
                        "default": "ok"
                    }
                },
                "additionalProperties": false
            }))
    }

    fn message(ctx: &Context, message: Message) -> Result {
        let settings: Settings = ctx.config()?;
        log::info(format!("about to misbehave: {:?}", settings.mode));
        // What a run wrote and queued before it failed must not be kept.
        ctx.bucket("seen")?.increment("messages", 1)?;
        ctx.reply(&message, "I behaved.")?;
        match settings.mode {
            Mode::Loop => spin(),
            Mode::Memory => eat(),
            Mode::Trap => crash_as_asked(),
            Mode::Fail => Err(Error::failed("failing, as asked")),
            Mode::Retry => Err(Error::retry("not yet, as asked")),
            Mode::Slow => {
                std::thread::sleep(std::time::Duration::from_secs(600));
                Ok(())
            }
            Mode::Wake => wake(ctx),
            Mode::Circle | Mode::Ok => Ok(()),
        }
    }

    fn effect_failed(ctx: &Context, failure: twobot::EffectFailure) -> Result {
        let settings: Settings = ctx.config()?;
        if settings.mode == Mode::Circle {
            ctx.send(OutgoingMessage::new("1", format!("That failed: {}", failure.code)))?;
        }
        Ok(())
    }

    fn scheduled(ctx: &Context, _: Scheduled) -> Result {
        ctx.bucket("seen")?.increment("wakings", 1)?;
        wake(ctx)
    }
}

fn wake(ctx: &Context) -> Result {
    twobot::schedule::once("again", ctx.now(), None).map_err(|error| Error::failed(error.to_string()))
}

/// A function of its own, so that the platform can tell its name.
#[inline(never)]
fn crash_as_asked() -> ! {
    panic!("crashing, as asked")
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn eat() -> ! {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(black_box(vec![1; 64 * 1024]));
    }
}
