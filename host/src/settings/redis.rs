//! What nodes share besides the database.

use super::reader::{Reader, Spec};
use twobot_redis::Address;

/// The longest prefix.
const LONGEST: usize = 64;

/// What nodes share besides the database.
#[derive(Debug)]
pub(crate) struct Redis {
    /// `REDIS_URL`
    pub(crate) address: Option<Address>,
    /// `TWOBOT_REDIS_PREFIX`
    pub(crate) prefix: Option<String>,
}

fn prefix(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':');
    if text.len() <= LONGEST && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be at most {LONGEST} letters, digits and any of - _ . :"))
    }
}

impl Redis {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        Self {
            address: reader.optional(
                Spec {
                    name: "REDIS_URL",
                    doc: "A Redis server that carries what nodes tell each other and counts for all of them: redis://:<password>@<host>:6379/0, or rediss:// for TLS.",
                    default: "(none: the database carries it, and each node counts by itself)".to_owned(),
                    secret: false,
                },
                |text| text.parse().map_err(|error: twobot_redis::WrongAddress| error.to_string()),
            ),
            prefix: reader.optional(
                Spec {
                    name: "TWOBOT_REDIS_PREFIX",
                    doc: "What stands before this deployment's names on the Redis server. The same for all nodes; another one for each deployment that shares the server.",
                    default: "(2bot: and some digits that come from the master key)".to_owned(),
                    secret: false,
                },
                prefix,
            ),
        }
    }
}
