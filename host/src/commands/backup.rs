//! `twobot backup` and `twobot restore`

use crate::settings::Settings;
use std::path::Path;
use twobot_store::backup::{self, Report};

/// Makes a backup while the server runs.
///
/// # Errors
/// When it can not be made or is not sound.
pub(crate) async fn make(settings: &Settings, file: &Path) -> anyhow::Result<()> {
    let report = backup::backup(&settings.database.url, file).await?;
    told("made", file, &report);
    Ok(())
}

/// Puts a backup in the place of the database.
///
/// # Errors
/// When it is not sound, or a database is there that was not to be replaced.
pub(crate) async fn restore(settings: &Settings, file: &Path, replace: bool) -> anyhow::Result<()> {
    let report = backup::restore(&settings.database.url, file, replace).await?;
    told("restored", file, &report);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command line answers there")]
fn told(what: &str, file: &Path, report: &Report) {
    println!(
        "{what} and looked through: {}, {} bytes, schema {}, {} tenants, {} executions",
        file.display(),
        report.bytes,
        report.schema,
        report.tenants,
        report.executions
    );
    println!("keep master.key with it, in another place: without it the credentials in it can not be read");
}
