//! That at most one server works on an embedded database.
//!
//! SQLite lets several processes write one file, and commands do so beside a server. But two servers would each do what waits there: what
//! keeps nodes apart (leases, and tokens that are looked at in each transaction) is there with PostgreSQL only. So a server holds a file
//! beside the database locked for as long as it runs. The lock goes with the process, however that ends; the file stays and means nothing.

use crate::StoreError;
use crate::db::file_of;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What the name of the file that is locked has after that of the database.
const ENDING: &str = ".serve";

/// The right to be the server of a database, until it is dropped.
#[derive(Debug)]
pub struct Serving {
    /// None where several servers may share the database.
    _file: Option<File>,
}

impl Serving {
    /// Takes the right to serve the database that a URL names, before that is opened. Makes the database's folder.
    ///
    /// # Errors
    /// `Unusable` while another server has it; `UnsupportedDatabase` and `Folder` as for opening the database.
    pub fn begin(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Ok(Self { _file: None });
        }
        let database = file_of(url)?;
        match lock(&database) {
            Ok(Some(file)) => Ok(Self { _file: Some(file) }),
            Ok(None) => Err(StoreError::Unusable(format!(
                "another server works on {}; an embedded database has one server, and several share PostgreSQL \
                 (DATABASE_URL=postgres://…)",
                database.display()
            ))),
            Err(error) => Err(StoreError::Unusable(format!(
                "a file beside {} can not be locked: {error}",
                database.display()
            ))),
        }
    }
}

/// Locks the file beside a database; none while another process has it.
pub(crate) fn lock(database: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(beside(database)?)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Beside the file itself, by whatever name it is known.
fn beside(database: &Path) -> io::Result<PathBuf> {
    let real = match database.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
            let name = database.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
            folder.unwrap_or(Path::new(".")).canonicalize()?.join(name)
        }
        real => real?,
    };
    let mut name = real.into_os_string();
    name.push(ENDING);
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(folder: &tempfile::TempDir, name: &str) -> String {
        format!("sqlite:{}", folder.path().join(name).display())
    }

    #[test]
    fn a_database_has_one_server_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let first = Serving::begin(&url(&folder, "made/one.db")).unwrap();
        let refused = |name: &str| {
            let refused = Serving::begin(&url(&folder, name)).unwrap_err().to_string();
            assert!(refused.contains("another server works on"), "{refused}");
        };
        refused("made/one.db");
        refused("made/../made/one.db");
        // Now that it is there, it may have other names.
        std::fs::write(folder.path().join("made/one.db"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("made/one.db"), folder.path().join("other.db"))
            .unwrap();
        refused("other.db");
        let second = Serving::begin(&url(&folder, "two.db")).unwrap();
        drop(first);
        Serving::begin(&url(&folder, "other.db")).unwrap();
        drop(second);
    }

    #[test]
    fn what_can_be_shared_is_not_locked() {
        for url in ["postgres://somewhere/db", "postgresql://somewhere/db"] {
            Serving::begin(url).unwrap();
            Serving::begin(url).unwrap();
        }
    }
}
