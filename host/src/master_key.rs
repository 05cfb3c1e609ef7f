//! The key that seals stored credentials.

use anyhow::Context as _;
use secrecy::{ExposeSecret, SecretBox};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
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
    if !path.exists() {
        make(&path).with_context(|| format!("can not make the master key {shown}"))?;
        tracing::warn!(path = %shown, "made a master key; keep a copy: without it, stored credentials can not be read");
    }
    let mode = fs::metadata(&path).with_context(|| format!("can not read {shown}"))?.permissions().mode();
    anyhow::ensure!(mode & 0o077 == 0, "{shown} can be read by others; run: chmod 600 {shown}");
    let text = fs::read_to_string(&path).with_context(|| format!("can not read {shown}"))?;
    let key = parse(&text).map_err(|reason| anyhow::anyhow!("{shown} {reason}"))?;
    Ok(MasterKey::new(*key.expose_secret()))
}

fn make(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // `create_new`: two hosts that start at once must not each write a key of their own.
    let mut file = match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    };
    file.write_all(hex::encode(rand::random::<[u8; 32]>()).as_bytes())?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_that_stays_and_that_only_we_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = load(None, &data).unwrap().derive("test");
        assert_eq!(load(None, &data).unwrap().derive("test"), first);
        let path = data.join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load(None, &data).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "nonsense").unwrap();
        assert!(load(None, &data).unwrap_err().to_string().contains("64 hexadecimal digits"));
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
