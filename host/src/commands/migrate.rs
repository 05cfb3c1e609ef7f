//! `twobot migrate`

use crate::host;
use crate::settings::Settings;

/// Brings the database's schema up to date.
///
/// # Errors
/// When it can not be opened or brought up to date.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    host::store(settings).await?.close().await;
    println!("the database {} is up to date", settings.database.url);
    Ok(())
}
