//! The benchmarks' plugin for 2Bot: does nothing with a message, and by its actions what the peers do too.

use twobot::prelude::*;

/// The plugin.
pub struct Bench;

#[twobot::plugin]
impl Plugin for Bench {
    fn manifest() -> Manifest {
        let action = |name| ActionSpec::command(name, name).input_schema(json!({ "type": "object" }));
        Manifest::new("bench", "Benchmark", env!("CARGO_PKG_VERSION"))
            .summary("Does nothing, much, or waits.")
            .description("For benchmarks of the platform.")
            .author("2Bot")
            .category("testing")
            .on([EventKind::Message])
            .needs([Capability::Ai])
            .slot(Slot::optional("models", "What to wait for"))
            .action(action("rewrite"))
            .action(action("spin"))
            .action(action("wait"))
    }

    fn run(_: &Context, action: &str, mut input: Json) -> Result<Json, ActionError> {
        match action {
            "rewrite" => {
                bench_handler::rewrite(&mut input).map_err(ActionError::InvalidInput)?;
                Ok(input)
            }
            "spin" => {
                let rounds = input.get("rounds").and_then(Json::as_u64).unwrap_or_default();
                Ok(json!(bench_handler::spin(rounds).to_string()))
            }
            // What a plugin looks like in memory that has done its work and waits for a model.
            "wait" => {
                bench_handler::rewrite(&mut input).map_err(ActionError::InvalidInput)?;
                let reply = ai::Chat::new().user(input["state"].as_str().unwrap_or_default()).ask();
                Ok(json!(reply.map_err(|error| ActionError::Failed(format!("{error:?}")))?.text))
            }
            _ => Err(ActionError::UnknownAction),
        }
    }
}
