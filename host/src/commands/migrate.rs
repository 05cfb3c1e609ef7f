//! `twobot migrate`

use super::answer;
use crate::host;
use crate::settings::Settings;

/// Brings the database's schema up to date.
///
/// # Errors
/// When it can not be opened or brought up to date.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    host::store(settings).await?.close().await;
    answer::line(&format!(
        "the database {} is up to date",
        crate::settings::without_password(&settings.database.url)
    ))?;
    Ok(())
}
