//! HMAC-SHA-256 under the deployment's key, cut to 16 bytes: whoever can write into Redis can neither forge a message nor find out for
//! whom something is counted.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a code.
pub(crate) const LENGTH: usize = 16;

/// A code over parts, of which none can pass for two.
pub(crate) fn code(key: &[u8; 32], purpose: &[u8], parts: &[&[u8]]) -> [u8; LENGTH] {
    // HMAC fills keys up to the block size of its hash with zeros (RFC 2104); doing it here makes the length a type.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    for part in std::iter::once(&purpose).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    let mut code = [0; LENGTH];
    code.copy_from_slice(&full[..LENGTH]);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_keys_purposes_and_parts_give_other_codes() {
        let code = |key: u8, purpose: &[u8], parts: &[&[u8]]| code(&[key; 32], purpose, parts);
        let first = code(1, b"a", &[b"bc", b"d"]);
        assert_eq!(first, code(1, b"a", &[b"bc", b"d"]));
        for other in [
            code(2, b"a", &[b"bc", b"d"]),
            code(1, b"b", &[b"bc", b"d"]),
            code(1, b"a", &[b"b", b"cd"]),
            code(1, b"a", &[b"bcd"]),
            code(1, b"a", &[b"bc", b"d", b""]),
        ] {
            assert_ne!(first, other);
        }
    }
}
