//! Files of the data directory that only we may read.

use anyhow::Context as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What stands in a file; where there is none, it is made with what `make` gives. Says whether it was made.
///
/// # Errors
/// When the file can not be read or made, or others can read it.
pub(crate) fn read_or_make(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<(String, bool)> {
    let shown = path.display();
    let made = !path.exists() && write(path, &make()).with_context(|| format!("can not make {shown}"))?;
    let mode = fs::metadata(path).with_context(|| format!("can not read {shown}"))?.permissions().mode();
    anyhow::ensure!(mode & 0o077 == 0, "{shown} can be read by others; run: chmod 600 {shown}");
    let text = fs::read_to_string(path).with_context(|| format!("can not read {shown}"))?;
    Ok((text.trim().to_owned(), made))
}

/// Puts a text in the place of what stands in a file, all at once.
///
/// # Errors
/// When it can not be written; the file is then as it was.
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let shown = path.display();
    let written = || -> std::io::Result<()> {
        // One that a process left behind which died on the way.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write(&draft, text)?;
        fs::rename(&draft, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    written().with_context(|| format!("can not write {shown}"))
}

/// Writes a new file, unless someone else just did.
fn write(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // `create_new`: of two hosts that start at once, one must not overwrite what the other has read already.
    let mut file = match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        other => other?,
    };
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_refused_when_others_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("secret");
        assert_eq!(read_or_make(&path, || "one\n".to_owned()).unwrap(), ("one".to_owned(), true));
        assert_eq!(read_or_make(&path, || "two".to_owned()).unwrap(), ("one".to_owned(), false));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read_or_make(&path, String::new).unwrap_err().to_string().contains("chmod 600"));
    }
}
