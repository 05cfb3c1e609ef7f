//! `twobot usage`

use super::answer;
use crate::host;
use crate::settings::Settings;
use std::process::ExitCode;
use twobot_domain::{TenantId, Timestamp};
use twobot_store::usage::Difference;
use twobot_store::{Store, StoreError};

/// Minutes that are summed in one go.
const MINUTES: u32 = 100;

/// What to hold against what.
#[derive(clap::Args)]
pub(crate) struct Reconcile {
    /// Only this tenant; all where it is left out.
    #[arg(long, value_name = "ID")]
    tenant: Option<TenantId>,
    /// Compute the sums anew that differ. Without it, nothing is changed.
    #[arg(long)]
    repair: bool,
    /// Sum first what is not summed yet, up to this moment. No server may run.
    #[arg(long)]
    finish: bool,
}

/// Holds the sums of what was used against the rows that say so, beside a server that runs or without one.
///
/// # Errors
/// When the database can not be read, or there is no such tenant.
pub(crate) async fn reconcile(settings: &Settings, command: Reconcile) -> anyhow::Result<ExitCode> {
    let changes = command.repair || command.finish;
    let store = if changes { host::store(settings).await? } else { host::store_to_read(settings).await? };
    if command.finish {
        // The minute that is not over is one of them.
        let until = Timestamp::now().plus_millis(60_000);
        while store.sum_usage(until, MINUTES).await?.more {}
    }
    let tenants = match store.tenants_with_usage(command.tenant).await {
        Err(StoreError::NotFound) => anyhow::bail!("there is no such tenant in this database"),
        other => other?,
    };
    let (now, count) = (Timestamp::now(), tenants.len());
    let mut found = 0;
    for scope in tenants {
        let differences = store.usage_differences(scope, now).await?;
        differences.iter().try_for_each(|difference| answer::line(&words(difference)))?;
        found += differences.len();
        if command.repair && !differences.is_empty() {
            repair(&store, scope, now).await?;
        }
    }
    answer::line(&format!("{found} differences, {count} tenants"))?;
    store.close().await;
    // Whoever asks for a repair is told what was wrong as well.
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn repair(store: &Store, scope: twobot_store::TenantScope, now: Timestamp) -> anyhow::Result<()> {
    let repaired = store.repair_usage(scope, now).await?;
    let left = store.usage_differences(scope, now).await?.len();
    anyhow::ensure!(left == 0, "{left} differences are left for tenant {}", scope.tenant());
    answer::line(&format!("tenant {}: {} sums were computed anew", scope.tenant(), repaired.sums))?;
    Ok(())
}

fn words(one: &Difference) -> String {
    format!(
        "tenant {} {} {} {}: expected {}, found {}",
        one.tenant,
        one.resolution.as_str(),
        one.at,
        one.field,
        one.expected,
        one.found
    )
}
