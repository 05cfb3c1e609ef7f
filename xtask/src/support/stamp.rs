//! Skipping work whose inputs have not changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Writes a file only when that changes it, so that what depends on its time is not built again. Says whether it did.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> Result<bool> {
    if std::fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    let folder = path.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    // Written aside and moved: a reader never sees half a file.
    let aside = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&aside, content)?;
    std::fs::rename(&aside, path).with_context(|| format!("{} can not be written", path.display()))?;
    Ok(true)
}

/// A number that changes with the name or content of any file below a folder, some names left out.
pub(crate) fn fingerprint(folder: &Path, leave_out: &[&str]) -> Result<String> {
    let mut files = BTreeMap::new();
    collect(folder, folder, leave_out, &mut files)?;
    let mut hasher = DefaultHasher::new();
    for (name, file) in files {
        name.hash(&mut hasher);
        std::fs::read(&file)
            .with_context(|| format!("{} can not be read", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(
    base: &Path,
    folder: &Path,
    leave_out: &[&str],
    files: &mut BTreeMap<PathBuf, PathBuf>,
) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("{} can not be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let name = path.strip_prefix(base).unwrap_or(&path).to_path_buf();
        if leave_out.iter().any(|left_out| name == Path::new(left_out)) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(base, &path, leave_out, files)?;
        } else if kind.is_file() {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// Remembers the fingerprint with which a step last succeeded.
pub(crate) struct Stamp {
    file: PathBuf,
}

impl Stamp {
    /// The stamp of a step.
    pub(crate) fn new(folder: &Path, step: &str) -> Self {
        Self { file: folder.join(step) }
    }

    /// Whether the step succeeded with these inputs.
    pub(crate) fn matches(&self, fingerprint: &str) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|present| present == fingerprint)
    }

    /// Notes a success.
    pub(crate) fn set(&self, fingerprint: &str) -> Result<()> {
        write_if_changed(&self.file, fingerprint.as_bytes()).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes away with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, content: &str) {
            let path = self.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn fingerprints_change_with_names_and_contents() {
        let folder = Folder::new("fingerprint");
        folder.write("src/a.ts", "one");
        folder.write("dist/out.js", "built");
        let print = || fingerprint(&folder.0, &["dist", "node_modules"]).unwrap();
        let first = print();
        assert_eq!(print(), first);
        folder.write("dist/out.js", "built again");
        assert_eq!(print(), first, "outputs are no inputs");
        folder.write("src/a.ts", "two");
        let second = print();
        assert_ne!(second, first);
        std::fs::rename(folder.0.join("src/a.ts"), folder.0.join("src/b.ts")).unwrap();
        assert_ne!(print(), second);
        let third = print();
        folder.write("src/dist/c.ts", "only the top folder is left out");
        assert_ne!(print(), third);
    }

    #[test]
    fn a_stamp_matches_what_was_noted_last() {
        let folder = Folder::new("stamp");
        let stamp = Stamp::new(&folder.0.join("stamps"), "web");
        assert!(!stamp.matches("a"));
        stamp.set("a").unwrap();
        assert!(stamp.matches("a") && !stamp.matches("b"));
        stamp.set("b").unwrap();
        assert!(stamp.matches("b") && !stamp.matches("a"));
    }

    #[test]
    fn unchanged_files_keep_their_time() {
        let folder = Folder::new("unchanged");
        let file = folder.0.join("deep/a.wasm");
        assert!(write_if_changed(&file, b"one").unwrap());
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        assert!(!write_if_changed(&file, b"one").unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), old);
        assert!(write_if_changed(&file, b"two").unwrap());
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
    }
}
