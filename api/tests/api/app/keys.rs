//! API keys.

use super::{Person, TestApp};
use flate2::Crc;
use secrecy::SecretString;
use serde_json::json;
use twobot_domain::{ApiKeyId, ApiScope, Timestamp};
use twobot_store::api_keys::NewApiKey;

/// The names of all scopes.
pub(crate) const ALL_SCOPES: [&str; 9] = [
    "read:gateways",
    "read:plugins",
    "read:services",
    "read:analytics",
    "write:gateways",
    "write:plugins",
    "write:services",
    "execute:services",
    "execute:plugins",
];

/// A token as `docs/security.md` describes it to who looks for leaked ones, of a secret of one letter.
pub(crate) fn well_formed(prefix: &str, letter: char) -> String {
    let before = format!("2bot_{prefix}_{}", letter.to_string().repeat(43));
    let mut crc = Crc::new();
    crc.update(before.as_bytes());
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut number = usize::try_from(crc.sum()).unwrap();
    let mut checksum = Vec::new();
    for _ in 0..6 {
        checksum.insert(0, char::from(digits[number % 62]));
        number /= 62;
    }
    before + &checksum.into_iter().collect::<String>()
}

impl TestApp {
    /// Makes a key, and answers its id and token.
    pub(crate) async fn key(&self, who: &Person, scopes: &[&str]) -> (String, String) {
        let answer = self.post(who, "/api-keys", json!({"name": "Script", "scopes": scopes})).await;
        answer.expect(201);
        let text = |pointer: &str| answer.json().pointer(pointer).unwrap().as_str().unwrap().to_owned();
        (text("/key/id"), text("/token"))
    }

    /// Makes a key that has expired, with all scopes, and answers its id and token.
    pub(crate) async fn expired_key(&self, who: &Person, prefix: &str) -> (ApiKeyId, String) {
        let token = well_formed(prefix, 'x');
        let user = self.store().authenticate(&who.token).await.unwrap().unwrap().user.id;
        let new = NewApiKey {
            user,
            name: "Old".to_owned(),
            prefix: prefix.to_owned(),
            token: SecretString::from(token.as_str()),
            scopes: ApiScope::ALL.to_vec(),
            expires_at: Some(Timestamp::now().plus_millis(-1)),
        };
        let made = self.store().create_api_key(who.scope, &new, None).await.unwrap();
        (made.id, token)
    }
}
