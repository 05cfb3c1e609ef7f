//! HMAC-SHA-256 under one of the host's keys.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A MAC over whatever is fed to it.
pub(crate) type Hmac256 = Hmac<Sha256>;

/// Begins a MAC for one purpose.
pub(crate) fn keyed(key: &[u8; 32], purpose: &[u8]) -> Hmac256 {
    // HMAC fills keys up to the block size of its hash with zeros (RFC 2104); doing it here makes the length a type.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac256 as KeyInit>::new(&block.into());
    mac.update(purpose);
    mac.update(&[0]);
    mac
}
