//! The key that seals stored credentials.

use crate::secret_file;
use secrecy::{ExposeSecret, SecretBox};
use std::path::Path;
use twobot_store::MasterKey;

/// The file in the data directory.
const FILE: &str = "master.key";

/// A key from 64 hexadecimal digits. The text itself never becomes part of an error.
pub(crate) fn parse(text: &str) -> Result<SecretBox<[u8; 32]>, String> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| "must be 64 hexadecimal digits".to_owned())?;
    Ok(SecretBox::new(Box::new(key)))
}

/// The key from the settings, or from the data directory, where the first start makes it.
///
/// # Errors
/// When the file can not be read or made, is no key, or can be read by others.
pub(crate) fn load(set: Option<&SecretBox<[u8; 32]>>, data_dir: &Path) -> anyhow::Result<MasterKey> {
    if let Some(key) = set {
        return Ok(MasterKey::new(*key.expose_secret()));
    }
    let path = data_dir.join(FILE);
    let shown = path.display();
    let (text, made) = secret_file::read_or_make(&path, || hex::encode(rand::random::<[u8; 32]>()))?;
    if made {
        tracing::warn!(path = %shown, "made a master key; keep a copy: without it, stored credentials can not be read");
    }
    let key = parse(&text).map_err(|reason| anyhow::anyhow!("{shown} {reason}"))?;
    Ok(MasterKey::new(*key.expose_secret()))
}

/// The same where a key has to be there: nothing is made.
///
/// # Errors
/// When there is none.
pub(crate) fn load_existing(set: Option<&SecretBox<[u8; 32]>>, data_dir: &Path) -> anyhow::Result<MasterKey> {
    let path = data_dir.join(FILE);
    anyhow::ensure!(set.is_some() || path.exists(), "there is no key {}", path.display());
    load(set, data_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = load(None, folder.path()).unwrap().derive("test");
        assert_eq!(load(None, folder.path()).unwrap().derive("test"), first);
        std::fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert!(load(None, folder.path()).unwrap_err().to_string().contains("64 hexadecimal digits"));
    }

    #[test]
    fn a_key_from_the_settings_wins() {
        let folder = tempfile::tempdir().unwrap();
        let key = parse(&"ab".repeat(32)).unwrap();
        assert_eq!(
            load(Some(&key), folder.path()).unwrap().derive("x"),
            MasterKey::new([0xab; 32]).derive("x")
        );
        assert!(!folder.path().join(FILE).exists());
    }
}
