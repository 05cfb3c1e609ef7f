//! The token of an API key: `2bot_<prefix>_<secret>`.
//!
//! The prefix finds the key and may be seen by anyone. The secret ends with a checksum, so that programs which look for leaked secrets
//! know ours without asking, and what was mistyped is refused without asking the database. All are letters and digits, so that a
//! double click marks each part.

use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use secrecy::SecretString;

/// What every token begins with.
const MARK: &str = "2bot_";

/// Characters of the prefix: 51 bits, so that two are seldom the same among millions.
const PREFIX: usize = 10;

/// Characters of the secret: 256 bits.
const SECRET: usize = 43;

/// Characters of the checksum: a CRC-32 in base 62.
const CHECKSUM: usize = 6;

/// Without capitals, so that a prefix can be read aloud.
const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const ALL: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of an alphabet, each as likely as the others.
fn random(alphabet: &[u8], length: usize) -> Result<String, SysError> {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0_u8; 64];
        SysRng.try_fill_bytes(&mut bytes)?;
        // A byte above the last whole round would favour the first characters.
        let chosen = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(chosen.take(length - text.len()).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    Ok(text)
}

/// CRC-32 as in Ethernet and ZIP: polynomial 0x04C11DB7, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let rest = crc >> 1;
            if crc & 1 == 1 { rest ^ 0xEDB8_8320 } else { rest }
        })
    }) ^ u32::MAX
}

/// The checksum of all that stands before it.
fn checksum(text: &str) -> String {
    let mut number = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALL[(number % 62) as usize];
        number /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// The shown part of a new key.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn new_prefix() -> Result<String, SysError> {
    random(LOWER, PREFIX)
}

/// A new token of the key with this prefix.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn new_token(prefix: &str) -> Result<SecretString, SysError> {
    let text = format!("{MARK}{prefix}_{}", random(ALL, SECRET)?);
    let checksum = checksum(&text);
    Ok(SecretString::from(text + &checksum))
}

/// Whether a bearer token means to be a key's. That of a session does so once in a thousand million times, and is then refused; whoever has
/// it signs in again.
pub(crate) fn is_key(token: &str) -> bool {
    token.starts_with(MARK)
}

/// What of a token is shown: all but the secret.
pub(crate) fn shown(prefix: &str) -> String {
    format!("{MARK}{prefix}")
}

/// The prefix of a token that is one; none where it is cut off, mistyped or made up.
pub(crate) fn prefix_of(token: &str) -> Option<&str> {
    let rest = token.strip_prefix(MARK)?;
    let (prefix, secret) = rest.split_once('_')?;
    let of = |alphabet: &[u8], text: &str| text.bytes().all(|byte| alphabet.contains(&byte));
    let whole = prefix.len() == PREFIX && secret.len() == SECRET + CHECKSUM;
    if !whole || !of(LOWER, prefix) || !of(ALL, secret) {
        return None;
    }
    let (before, shown) = token.split_at_checked(token.len() - CHECKSUM)?;
    (checksum(before) == shown).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::BTreeSet;

    #[test]
    fn the_checksum_is_the_common_one() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn a_token_is_known_by_its_form_and_any_other_text_is_not() {
        let prefix = new_prefix().unwrap();
        let token = new_token(&prefix).unwrap();
        let token = token.expose_secret();
        assert_eq!(token.len(), 65);
        assert_eq!(prefix_of(token), Some(prefix.as_str()));
        assert_eq!(shown(&prefix), token[..15]);
        // Each character counts.
        for place in 0..token.len() {
            let other = if &token[place..=place] == "x" { "y" } else { "x" };
            let wrong = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert_eq!(prefix_of(&wrong), None, "{wrong}");
        }
        let longer = format!("{token}0");
        for wrong in ["", "2bot_", "2bot__", &token[1..], &token[..64], &longer, "2bot_äääää_x"] {
            assert_eq!(prefix_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_two_are_the_same_and_every_character_comes_up() {
        let tokens: BTreeSet<_> =
            (0..200).map(|_| new_token("0000000000").unwrap().expose_secret().to_owned()).collect();
        assert_eq!(tokens.len(), 200);
        let used: BTreeSet<u8> = tokens.iter().flat_map(|token| token[16..].bytes()).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ALL);
        let used: BTreeSet<u8> = (0..200).flat_map(|_| new_prefix().unwrap().into_bytes()).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), LOWER);
    }
}
