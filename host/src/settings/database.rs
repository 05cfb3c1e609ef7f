//! The database and the key of its secrets.

use super::reader::{Reader, Spec};
use secrecy::SecretBox;
use std::path::Path;

/// The database and the key of its secrets.
#[derive(Debug)]
pub(crate) struct Database {
    /// `DATABASE_URL`
    pub(crate) url: String,
    /// `TWOBOT_MASTER_KEY`
    pub(crate) master_key: Option<SecretBox<Vec<[u8; 32]>>>,
}

fn parse(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(text.to_owned()),
        Some(("postgres" | "postgresql", _)) => match url::Url::parse(text) {
            Ok(url) if url.has_authority() && url.path().len() > 1 => Ok(text.to_owned()),
            _ => Err("must name a host and a database: postgres://<user>@<host>/<database>".to_owned()),
        },
        _ => Err("must begin with sqlite: and name a file, or with postgres://".to_owned()),
    }
}

impl Database {
    pub(super) fn from_reader(reader: &mut Reader<'_>, data_dir: &Path) -> Self {
        let default = format!("sqlite:{}", data_dir.join("twobot.db").display());
        let url = reader.optional(
            Spec {
                name: "DATABASE_URL",
                doc: "The database: sqlite:<file>, which needs no set-up, or postgres://<user>:<password>@<host>/<database>.",
                default: default.clone(),
                secret: false,
            },
            parse,
        );
        let master_key = reader.optional(
            Spec {
                name: "TWOBOT_MASTER_KEY",
                doc: "Key that seals stored credentials: 64 hexadecimal digits. Several, with commas between them, while it is rotated: the first one seals.",
                default: "(made in the data directory at the first start)".to_owned(),
                secret: true,
            },
            crate::key_file::parse,
        );
        Self { url: url.unwrap_or(default), master_key }
    }
}
