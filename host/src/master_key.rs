//! The key that seals stored credentials.

use crate::key_file::KeyFile;
use crate::settings::Settings;
use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use twobot_store::MasterKey;

/// The key from the settings, or from the data directory, where the first start makes it.
///
/// # Errors
/// When the file can not be read or made, is no key, or can be read by others.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<MasterKey> {
    if let Some(keys) = &settings.database.master_key {
        return MasterKey::several(keys.expose_secret()).context("TWOBOT_MASTER_KEY is empty");
    }
    let file = KeyFile::of(&settings.server.data_dir);
    // Before it is read: a change in between is noticed.
    let reread = file.reread();
    let (keys, made) = file.read_or_make()?;
    if made {
        let path = file.path().display();
        tracing::warn!(%path, "made a master key; keep a copy: without it, stored credentials can not be read");
    }
    Ok(MasterKey::several(keys.expose_secret()).context("no key")?.rereading(reread))
}

/// The same where a key has to be there: nothing is made.
///
/// # Errors
/// When there is none.
pub(crate) fn load_existing(settings: &Settings) -> anyhow::Result<MasterKey> {
    let path = KeyFile::of(&settings.server.data_dir).path().to_owned();
    let is_there = settings.database.master_key.is_some() || path.exists();
    anyhow::ensure!(is_there, "there is no key {}", path.display());
    load(settings)
}
