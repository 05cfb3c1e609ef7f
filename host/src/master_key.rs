//! The key that seals stored credentials.

use crate::key_file::KeyFile;
use crate::settings::Settings;
use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretBox};
use twobot_store::MasterKey;
use twobot_store::secrets::Reread;

/// The key from the settings, or from the data directory, where the first start makes it.
///
/// # Errors
/// When the file can not be read or made, is no key, or can be read by others.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<MasterKey> {
    if let Some(keys) = &settings.database.master_key {
        return MasterKey::several(keys.expose_secret()).context("TWOBOT_MASTER_KEY is empty");
    }
    let file = KeyFile::of(&settings.server.data_dir);
    let (keys, made, reread) = read(&file)?;
    if made {
        let path = file.path().display();
        tracing::warn!(%path, "made a master key; keep a copy: without it, stored credentials can not be read");
    }
    Ok(MasterKey::several(keys.expose_secret()).context("no key")?.rereading(reread))
}

/// The keys of a file, whether it was made for that, and what tells of its changes from then on.
type Keys = (SecretBox<Vec<[u8; 32]>>, bool, Reread);

fn read(file: &KeyFile) -> anyhow::Result<Keys> {
    let (_, made) = file.read_or_make()?;
    // Once it is there and before it is read: that it was made is no change, and whoever changes it in between is noticed.
    let reread = file.reread();
    let (keys, _) = file.read_or_make()?;
    Ok((keys, made, reread))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_start_is_no_change_and_what_comes_after_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(&folder.path().join("data"));
        let (first, made, told) = read(&file).unwrap();
        assert!(made && told().is_none(), "nobody changed what was only just made");
        let (second, made, told_later) = read(&file).unwrap();
        assert!(!made && told_later().is_none());
        assert_eq!(first.expose_secret(), second.expose_secret());
        file.replace(&[[1; 32]]).unwrap();
        for told in [told, told_later] {
            assert_eq!(told().map(|keys| keys.to_vec()), Some(vec![[1; 32]]));
        }
    }
}
