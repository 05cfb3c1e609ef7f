//! Secrets at rest: AES-256-GCM envelopes that carry the id of the key that sealed them, so that keys can rotate.
//!
//! An envelope is `version (1 byte) ‖ key id (4 bytes) ‖ nonce (12 bytes) ‖ ciphertext and tag`. What a secret belongs to is
//! authenticated with it, so that an envelope moved to another row does not open.

use crate::error::StoreError;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const HEADER: usize = 1 + 4;

/// The key that seals a deployment's secrets.
pub struct MasterKey {
    id: [u8; 4],
    key: SecretBox<[u8; 32]>,
}

impl MasterKey {
    /// A key from its 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(b"2bot key id").chain_update(bytes).finalize();
        Self { id: [digest[0], digest[1], digest[2], digest[3]], key: SecretBox::new(Box::new(bytes)) }
    }

    /// Another key, made from this one for one purpose; knowing it does not help to find this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"2bot derive ")
            .chain_update(self.key.expose_secret())
            .chain_update(purpose.as_bytes())
            .finalize()
            .into()
    }

    /// Seals a secret that belongs to `context`.
    ///
    /// # Errors
    /// When the cipher refuses, which it does only beyond 64 GB.
    pub fn seal(&self, context: &str, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: context.as_bytes() };
        let sealed =
            self.cipher()?.encrypt(&Nonce::from(nonce), payload).map_err(|_| StoreError::Unsealable)?;
        let mut envelope = Vec::with_capacity(HEADER + NONCE + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&self.id);
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    /// Opens an envelope that belongs to `context`.
    ///
    /// # Errors
    /// When another key sealed it, it belongs elsewhere, or it was changed.
    pub fn open(&self, context: &str, envelope: &[u8]) -> Result<SecretString, StoreError> {
        let (header, rest) = envelope.split_at_checked(HEADER).ok_or(StoreError::Unsealable)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or(StoreError::Unsealable)?;
        if header[0] != VERSION || header[1..] != self.id {
            return Err(StoreError::Unsealable);
        }
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| StoreError::Unsealable)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let plain =
            self.cipher()?.decrypt(&Nonce::from(nonce), payload).map_err(|_| StoreError::Unsealable)?;
        let plain = Zeroizing::new(plain);
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::Unsealable)?;
        Ok(SecretString::from(text.to_owned()))
    }

    fn cipher(&self) -> Result<Aes256Gcm, StoreError> {
        Aes256Gcm::new_from_slice(self.key.expose_secret()).map_err(|_| StoreError::Unsealable)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_opens_with_its_key_in_its_place_and_unchanged_only() {
        let key = MasterKey::new([7; 32]);
        let secret = SecretString::from("123:abc".to_owned());
        let envelope = key.seal("gateway 1", &secret).unwrap();
        assert_eq!(key.open("gateway 1", &envelope).unwrap().expose_secret(), "123:abc");
        assert!(!envelope.windows(7).any(|part| part == b"123:abc"));

        assert!(key.open("gateway 2", &envelope).is_err(), "moved to another row");
        assert!(MasterKey::new([8; 32]).open("gateway 1", &envelope).is_err(), "another key");
        for position in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[position] ^= 1;
            assert!(key.open("gateway 1", &changed).is_err(), "byte {position} changed");
            assert!(key.open("gateway 1", &envelope[..position]).is_err(), "cut at {position}");
        }
    }

    #[test]
    fn sealing_twice_gives_two_envelopes() {
        let key = MasterKey::new([7; 32]);
        let secret = SecretString::from("same".to_owned());
        assert_ne!(key.seal("a", &secret).unwrap(), key.seal("a", &secret).unwrap());
    }
}
