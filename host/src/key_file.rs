//! The file with the keys that seal stored credentials: one a line, the first of which seals. The others, from before a rotation, only open.

use crate::secret_file;
use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretBox};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use twobot_store::KeyBytes;
use twobot_store::secrets::Reread;
use zeroize::Zeroizing;

/// The file in the data directory.
const FILE: &str = "master.key";

/// Keys of one file. Each but the first is there only until what it sealed is sealed anew.
const MOST: usize = 8;

/// Keys from text: 64 hexadecimal digits each, between white space or commas. The text itself never becomes part of an error.
pub(crate) fn parse(text: &str) -> Result<SecretBox<Vec<[u8; 32]>>, String> {
    let words =
        text.split(|letter: char| letter.is_whitespace() || letter == ',').filter(|word| !word.is_empty());
    let mut keys: KeyBytes = Zeroizing::new(Vec::with_capacity(MOST));
    for word in words {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(word, &mut *key).map_err(|_| "must be 64 hexadecimal digits".to_owned())?;
        if keys.contains(&key) {
            return Err("has the same key twice".to_owned());
        }
        if keys.len() == MOST {
            return Err(format!("has more than {MOST} keys"));
        }
        keys.push(*key);
    }
    if keys.is_empty() {
        return Err("must be 64 hexadecimal digits".to_owned());
    }
    Ok(SecretBox::new(Box::new(std::mem::take(&mut *keys))))
}

/// The file with the keys.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The one of a data directory.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The keys in it. Where there is no file, it is made, with one key; says whether it was.
    ///
    /// # Errors
    /// When the file can not be read or made, holds no keys, or can be read by others.
    pub(crate) fn read_or_make(&self) -> anyhow::Result<(SecretBox<Vec<[u8; 32]>>, bool)> {
        let (text, made) = secret_file::read_or_make(&self.path, || hex::encode(rand::random::<[u8; 32]>()))?;
        let text = Zeroizing::new(text);
        let keys = parse(&text).map_err(|reason| anyhow::anyhow!("{} {reason}", self.path.display()))?;
        Ok((keys, made))
    }

    /// Puts other keys in the place of those that are there. Who reads it meanwhile finds the one or the other.
    ///
    /// # Errors
    /// When there are too many, or the file can not be written; it is then as it was.
    pub(crate) fn replace(&self, keys: &[[u8; 32]]) -> anyhow::Result<()> {
        anyhow::ensure!(keys.len() <= MOST, "there are {MOST} keys; run `twobot keys retire` first");
        let text = Zeroizing::new(keys.iter().map(|key| hex::encode(key) + "\n").collect::<String>());
        secret_file::replace(&self.path, &text)
    }

    /// Keeps other commands that change the file waiting until this is dropped.
    ///
    /// # Errors
    /// When the folder does not let us.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let path = self.path.with_extension("key.lock");
        let file = File::create(&path).with_context(|| format!("can not make {}", path.display()))?;
        file.lock().with_context(|| format!("can not lock {}", path.display()))?;
        Ok(file)
    }

    /// How long ago the file was changed.
    ///
    /// # Errors
    /// When it can not be told.
    pub(crate) fn age(&self) -> anyhow::Result<Duration> {
        let changed = fs::metadata(&self.path).and_then(|data| data.modified());
        let changed = changed.with_context(|| format!("can not look at {}", self.path.display()))?;
        Ok(SystemTime::now().duration_since(changed).unwrap_or_default())
    }

    /// Tells a process that goes on which keys there are, when the file was changed.
    pub(crate) fn reread(&self) -> Reread {
        let file = self.clone();
        let stamp = move |file: &Self| {
            let data = fs::metadata(&file.path).ok()?;
            Some((data.modified().ok()?, std::os::unix::fs::MetadataExt::ino(&data)))
        };
        let seen = Mutex::new(stamp(&file));
        Box::new(move || {
            let mut seen = seen.lock().ok()?;
            let now = stamp(&file)?;
            if *seen == Some(now) {
                return None;
            }
            *seen = Some(now);
            match file.read_or_make() {
                Ok((keys, _)) => {
                    tracing::info!(path = %file.path.display(), "the master key was changed");
                    Some(Zeroizing::new(keys.expose_secret().clone()))
                }
                Err(error) => {
                    tracing::error!(%error, "the master key was changed and can not be read; the one from before goes on");
                    None
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_one_or_several_and_each_is_there_once() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(32));
        let keys = |text: &str| parse(text).map(|keys| keys.expose_secret().clone());
        assert_eq!(keys(&a), Ok(vec![[0xab; 32]]));
        for between in [",", "\n", " , \n"] {
            assert_eq!(keys(&format!("{a}{between}{b}\n")), Ok(vec![[0xab; 32], [0xcd; 32]]));
        }
        for wrong in ["", "\n", "nonsense", &a[1..], &format!("{a}{b}")] {
            assert_eq!(keys(wrong), Err("must be 64 hexadecimal digits".to_owned()), "{wrong}");
        }
        assert!(keys(&format!("{a},{a}")).unwrap_err().contains("twice"));
        let many: Vec<_> = (0..=MOST).map(|number| format!("{number:02x}").repeat(32)).collect();
        assert!(keys(&many[1..].join(",")).is_ok());
        assert!(keys(&many.join(",")).unwrap_err().contains("more than 8"));
    }

    #[test]
    fn a_change_is_told_once_and_a_wrong_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(folder.path());
        assert!(file.read_or_make().unwrap().1);
        let told = file.reread();
        assert!(told().is_none());
        file.replace(&[[1; 32], [2; 32]]).unwrap();
        assert_eq!(told().map(|keys| keys.to_vec()), Some(vec![[1; 32], [2; 32]]));
        assert!(told().is_none());
        secret_file::replace(file.path(), "nonsense").unwrap();
        assert!(told().is_none());
        std::fs::remove_file(file.path()).unwrap();
        assert!(told().is_none());
        assert!(!file.path().exists(), "a server that runs makes no new one");
    }
}
