//! One key: sealing and opening an envelope.

use crate::error::StoreError;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const HEADER: usize = 1 + 4;

/// Which key it is: four bytes of a digest of it, which tell nothing of it. Written as eight hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// The key that sealed an envelope, as it says. None where it is no envelope of ours.
    #[must_use]
    pub fn of_envelope(envelope: &[u8]) -> Option<Self> {
        let (header, _) = envelope.split_first_chunk::<HEADER>()?;
        let [VERSION, id @ ..] = *header else { return None };
        Some(Self(id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl FromStr for KeyId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "must be the eight hexadecimal digits of a key's id, as `twobot keys list` prints them";
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u32::from_str_radix(text, 16).ok().filter(|_| digits).ok_or(WRONG)?;
        Ok(Self(id.to_be_bytes()))
    }
}

/// One key.
pub(super) struct Key {
    pub(super) id: KeyId,
    bytes: SecretBox<[u8; 32]>,
}

impl Key {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(b"2bot key id").chain_update(bytes).finalize();
        Self {
            id: KeyId([digest[0], digest[1], digest[2], digest[3]]),
            bytes: SecretBox::new(Box::new(bytes)),
        }
    }

    pub(super) fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"2bot derive ")
            .chain_update(self.bytes.expose_secret())
            .chain_update(purpose.as_bytes())
            .finalize()
            .into()
    }

    pub(super) fn seal(&self, context: &str, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: context.as_bytes() };
        let sealed =
            self.cipher()?.encrypt(&Nonce::from(nonce), payload).map_err(|_| StoreError::Unsealable)?;
        let mut envelope = Vec::with_capacity(HEADER + NONCE + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&self.id.0);
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    /// Opens an envelope of this key, whatever its header says of the key.
    pub(super) fn open(&self, context: &str, envelope: &[u8]) -> Result<SecretString, StoreError> {
        let (_, rest) = envelope.split_at_checked(HEADER).ok_or(StoreError::Unsealable)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(StoreError::Unsealable)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let plain =
            self.cipher()?.decrypt(&Nonce::from(*nonce), payload).map_err(|_| StoreError::Unsealable)?;
        let plain = Zeroizing::new(plain);
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::Unsealable)?;
        Ok(SecretString::from(text.to_owned()))
    }

    fn cipher(&self) -> Result<Aes256Gcm, StoreError> {
        Aes256Gcm::new_from_slice(self.bytes.expose_secret()).map_err(|_| StoreError::Unsealable)
    }
}
