//! Where settings come from.

use anyhow::Context as _;
use std::collections::BTreeMap;

/// The prefix of our own variables; one of this prefix that nobody reads is a typing error.
const PREFIX: &str = "TWOBOT_";

/// Names and values of settings: the environment over a file.
#[derive(Debug)]
pub(crate) struct Source(BTreeMap<String, String>);

impl Source {
    /// The environment of this process, over the file that `TWOBOT_CONFIG` names.
    ///
    /// # Errors
    /// When the file can not be read, or is no list of `NAME = "value"` in TOML.
    pub(crate) fn of_process() -> anyhow::Result<Self> {
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut values = match environment.get("TWOBOT_CONFIG") {
            Some(path) => file(path).with_context(|| format!("TWOBOT_CONFIG: {path}"))?,
            None => BTreeMap::new(),
        };
        values.extend(environment);
        Ok(Self(values))
    }

    #[cfg(test)]
    pub(crate) fn of_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a setting; empty counts as not set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Our own variables.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| name.starts_with(PREFIX))
    }
}

fn file(path: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).context("can not be read")?;
    let table: toml::Table = text.parse().context("is not valid TOML")?;
    table
        .into_iter()
        .map(|(name, value)| match value {
            toml::Value::String(text) => Ok((name, text)),
            toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
                Ok((name, value.to_string()))
            }
            _ => anyhow::bail!("`{name}` must be a text, a number, true or false"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_names_and_plain_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("twobot.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            file(path.to_str().unwrap())
        };
        let values = read("TWOBOT_LISTEN = \"127.0.0.1:1\"\nTWOBOT_GUEST_THREADS = 3\n").unwrap();
        assert_eq!(values["TWOBOT_LISTEN"], "127.0.0.1:1");
        assert_eq!(values["TWOBOT_GUEST_THREADS"], "3");
        assert!(read("[server]\nlisten = 1\n").unwrap_err().to_string().contains("`server`"));
        assert!(read("not toml").is_err());
    }
}
