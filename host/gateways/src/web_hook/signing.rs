//! The secrets and signatures of Standard Webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest as _, Sha256};

/// What secrets begin with, so that people and scanners know them.
const PREFIX: &str = "whsec_";

/// The most secrets that are good at the same time. Two are enough to replace one; each costs a pass over the body.
const MOST: usize = 4;

/// Bytes of a secret. The specification wants 24 to 64; some senders make shorter or longer ones.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// An HMAC-SHA-256.
pub(super) type Code = [u8; 32];

/// Secrets that are good at the same time: while one is replaced, there are two.
pub(super) struct Keys(Vec<SecretSlice<u8>>);

impl Keys {
    /// Reads secrets as their owner wrote them: `whsec_` and base64, with spaces between several.
    ///
    /// # Errors
    /// Says what is wrong, and never what stands there.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut keys = Vec::new();
        for word in text.split_ascii_whitespace() {
            let bytes = STANDARD
                .decode(word.strip_prefix(PREFIX).unwrap_or(word))
                .map_err(|_| "must be whsec_ and base64, such as the button Generate makes it")?;
            if !LENGTHS.contains(&bytes.len()) {
                return Err("must have 16 to 256 bytes in base64 behind whsec_");
            }
            keys.push(SecretSlice::from(bytes));
        }
        match keys.len() {
            0 => Err("no secret is set; it is needed to sign and to check signatures"),
            1..=MOST => Ok(Self(keys)),
            _ => Err("has more than four secrets"),
        }
    }

    /// The code of a message under each secret.
    pub(super) fn codes(&self, id: &str, timestamp: u64, body: &[u8]) -> impl Iterator<Item = Code> {
        let head = format!("{id}.{timestamp}.");
        self.0.iter().map(move |key| code(key.expose_secret(), &[head.as_bytes(), body]))
    }

    /// The header `webhook-signature`: a signature with each secret, so that a receiver that has the old or the new one is content.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let signatures: Vec<_> =
            self.codes(id, timestamp, body).map(|code| format!("v1,{}", STANDARD.encode(code))).collect();
        signatures.join(" ")
    }
}

/// The HMAC-SHA-256 of these parts, one behind the other.
pub(super) fn code(key: &[u8], parts: &[&[u8]]) -> Code {
    // HMAC fills keys up to the block size of its hash with zeros, and hashes longer ones first (RFC 2104).
    let mut block = [0; 64];
    let hashed = Sha256::digest(key);
    let key = if key.len() > block.len() { &hashed[..] } else { key };
    block[..key.len()].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_published_example_is_signed_as_published() {
        let sign = |secret: &str| {
            let keys = Keys::parse(secret).unwrap();
            keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(SECRET), expected);
        assert_eq!(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), expected, "the prefix may be left out");
        let both = sign(&format!("{SECRET}  whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, expected);
        assert!(second.starts_with("v1,") && second != expected);
    }

    #[test]
    fn keys_may_have_any_length() {
        // RFC 4231, test cases 2 and 6.
        let of = |key: &[u8], text: &str| hex::encode(code(key, &[text.as_bytes()]));
        assert_eq!(
            of(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            of(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let many = [SECRET; 5].join(" ");
        for secret in ["", "  ", "whsec_", "whsec_not base64!", "hunter2", "whsec_AAAA", many.as_str()] {
            let Err(why) = Keys::parse(secret) else { panic!("{secret} was taken") };
            assert!(!why.contains("hunter2"));
        }
        assert!(Keys::parse(&[SECRET; 4].join(" ")).is_ok());
    }
}
