//! `twobot audit`

use super::answer;
use crate::host;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Args;
use std::process::ExitCode;
use twobot_domain::TenantId;
use twobot_store::StoreError;
use twobot_store::audit::{Chain, Fault};

/// Which audit logs to check.
#[derive(Args)]
pub(crate) struct Verify {
    /// Only that of this tenant, by its id.
    #[arg(long)]
    tenant: Option<TenantId>,
}

/// Checks audit logs, beside a server that runs or without one.
///
/// # Errors
/// When the database can not be read.
pub(crate) async fn verify(settings: &Settings, verify: Verify) -> anyhow::Result<ExitCode> {
    let store = host::store_to_read(settings).await?;
    let scopes = match store.tenants_with_usage(verify.tenant).await {
        Err(StoreError::NotFound) => anyhow::bail!("--tenant: there is no such tenant in this database"),
        other => other?,
    };
    let (mut rows, mut broken) = (0, 0);
    for scope in &scopes {
        let chain = store.verify_audit(*scope).await.context("an audit log can not be read")?;
        rows += chain.sound;
        if let Some(what) = wrong(chain) {
            broken += 1;
            answer::line(&format!("tenant {}: {what}", scope.tenant()))?;
        }
    }
    answer::line(&format!("{rows} rows of {} tenants are sound; {broken} logs are not", scopes.len()))?;
    store.close().await;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wrong(chain: Chain) -> Option<String> {
    let row = chain.broken_at()?;
    Some(match chain.fault? {
        Fault::Changed => format!("row {row} was changed"),
        Fault::Broken => format!("a row before row {row} is missing, or row {row} was put in"),
        Fault::End => format!("rows are missing at the end, after row {}", row - 1),
    })
}
