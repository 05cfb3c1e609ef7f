//! `twobot replay`

use super::answer;
use crate::settings::Settings;
use crate::{components, host};
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use twobot_domain::ExecutionId;
use twobot_engine::replay::{Ending, ReplayReport, replay};
use twobot_runtime::{AnswerFrom, PluginComponent};
use twobot_store::{Store, StoreError};

/// How the program ends where the replay did something else than the recorded run.
const DIFFERS: u8 = 3;

/// What to replay.
#[derive(clap::Args)]
pub(crate) struct Replay {
    /// The execution's id, from its page in the dashboard or from the API.
    execution: ExecutionId,
    /// Another build of the plugin to run in the place of the one that ran.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Print the answer of `POST /api/v1/executions/{id}/replay`.
    #[arg(long)]
    json: bool,
}

/// Replays an execution's last attempt. Opens the database only to read it, beside a server that runs.
///
/// # Errors
/// Why it can not be replayed.
pub(crate) async fn run(settings: &Settings, command: Replay) -> anyhow::Result<ExitCode> {
    let store = host::store_to_read(settings).await?;
    let id = command.execution;
    let scope = match store.owner_of_execution(id).await {
        Err(StoreError::NotFound) => anyhow::bail!("there is no execution {id} in this database"),
        other => other?,
    };
    let record = store.replay_record(scope, id).await?;
    let digest = record.digest.clone();
    let machine = host::machine_to_replay(&store).await?;
    let folder = settings.sandbox.plugins_dir.as_deref();
    let bytes = match (&command.component, &digest) {
        (Some(file), _) => std::fs::read(file).with_context(|| format!("can not read {}", file.display()))?,
        (None, Some(digest)) => kept(&store, digest, folder).await?,
        (None, None) => anyhow::bail!("nothing of this execution ran yet, so there is nothing to replay"),
    };
    let component: Arc<PluginComponent> = Arc::new(machine.load_plugin(bytes).await?);
    anyhow::ensure!(
        component.manifest.slug == record.slug,
        "the component is the plugin `{}`, and `{}` ran",
        component.manifest.slug,
        record.slug
    );
    let tenant = store.tenant(scope).await?;
    let limits = &settings.plans.catalogue.get_or_default(&tenant.plan).limits;
    let report = replay(&store, &machine, limits, scope, record, component).await?;
    if command.json {
        answer::line(&serde_json::to_string_pretty(&twobot_api::replay_answer(&report))?)?;
    } else {
        answer::line(&words(&report))?;
    }
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}

/// The component that ran: from the database, or else from the binary or the folder.
async fn kept(store: &Store, digest: &str, folder: Option<&std::path::Path>) -> anyhow::Result<Vec<u8>> {
    match store.component(digest).await {
        Ok(bytes) => Ok(bytes),
        Err(StoreError::NotFound) => components::find(digest, folder).with_context(|| {
            format!("the component that ran, with the digest {digest}, is no longer here; name a build of it with --component")
        }),
        Err(error) => Err(error.into()),
    }
}

fn ended(ending: &Ending) -> String {
    match &ending.trouble {
        Some(trouble) if ending.state != "succeeded" => {
            format!("{} ({}): {}", ending.state, trouble.code, trouble.detail)
        }
        _ => ending.state.to_owned(),
    }
}

/// The report for people. Texts of plugins may hold anything: what would move a terminal's cursor is escaped.
fn words(report: &ReplayReport) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        for (place, part) in line.split('\n').enumerate() {
            let safe: String = part
                .chars()
                .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
                .collect();
            let _ = writeln!(text, "{}{safe}", if place == 0 { "" } else { "    " });
        }
    };
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    line(format!(
        "{} {} · {} · execution {}",
        report.slug, report.version, report.event_kind, report.execution
    ));
    line(if report.digest == report.recorded_digest {
        format!("component  {} (the one that ran)", short(&report.digest))
    } else {
        format!("component  {} (in the place of {})", short(&report.digest), short(&report.recorded_digest))
    });
    line(format!("then       {}", ended(&report.recorded)));
    line(format!("now        {}", ended(&report.replayed)));
    line(format!("used       {} fuel, {} KB", report.usage.fuel, report.usage.peak_memory_bytes / 1024));
    line(String::new());
    line(format!("Log ({})", report.logs.len()));
    for entry in &report.logs {
        let fields: Vec<_> = entry.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        line(format!("  {} {:5} {}{}", entry.at, entry.level, entry.message, fields.concat()));
    }
    line(format!("Calls ({})", report.asked.len()));
    for (place, asked) in report.asked.iter().enumerate() {
        let from = match asked.from {
            AnswerFrom::Record => "answered from the journal".to_owned(),
            AnswerFrom::Elsewhere(at) => format!("answered as call {} of then", at + 1),
            AnswerFrom::NotKept => "its answer is not kept".to_owned(),
            AnswerFrom::Nowhere => "not asked then".to_owned(),
        };
        line(format!("  {} {} ({from})", place + 1, asked.request));
    }
    line(format!("Would have done ({})", report.deeds.len()));
    for deed in &report.deeds {
        let content = deed.content.as_deref().unwrap_or_default();
        line(format!("  {} {} {} {content}", deed.kind.as_str(), deed.what, deed.to));
    }
    for denial in &report.denials {
        line(format!("  denied: {} ({} times)", denial.capability, denial.count));
    }
    if !report.not_reproduced.is_empty() {
        line("Not as it was then".to_owned());
        report.not_reproduced.iter().for_each(|note| line(format!("  {note}")));
    }
    line(format!("Differences ({})", report.differences.len()));
    for one in &report.differences {
        line(format!("  {} {}", one.kind, one.at));
        line(format!("    then: {}", one.recorded.as_deref().unwrap_or("nothing")));
        line(format!("    now:  {}", one.replayed.as_deref().unwrap_or("nothing")));
    }
    text.truncate(text.trim_end().len());
    text
}
