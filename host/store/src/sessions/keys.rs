//! What a session's owner holds: a token for requests, and a key that renews the session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twobot_domain::SessionId;
use uuid::Uuid;
use zeroize::Zeroizing;

const ID: usize = 16;
/// What stays the same as long as the session lasts.
const FAMILY: usize = 16;
/// What changes with each renewal.
const TURN: usize = 32;

/// What a session's owner holds. The database keeps digests of it.
#[derive(Clone, Debug)]
pub struct SessionKeys {
    /// The session.
    pub session: SessionId,
    /// Signs requests in for some minutes: 43 characters of the base64url alphabet.
    pub access: SecretString,
    /// Renews the session, once: 86 characters of the same.
    pub renewal: SecretString,
}

/// What a renewal key consists of.
pub(super) struct Renewal {
    pub(super) session: SessionId,
    family: Zeroizing<[u8; FAMILY]>,
    turn: Zeroizing<[u8; TURN]>,
}

impl SessionKeys {
    /// Those of a session that begins.
    #[must_use]
    pub fn new() -> Self {
        let renewal = Renewal {
            session: SessionId::new(),
            family: Zeroizing::new(rand::random()),
            turn: Zeroizing::new(rand::random()),
        };
        renewal.keys(&rand::random())
    }
}

impl Default for SessionKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl Renewal {
    /// Reads one that somebody shows. None where it can not be one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (id, rest) = bytes.split_at_checked(ID)?;
        let (family, turn) = rest.split_at_checked(FAMILY)?;
        Some(Self {
            session: SessionId::from_uuid(Uuid::from_slice(id).ok()?),
            family: Zeroizing::new(family.try_into().ok()?),
            turn: Zeroizing::new(turn.try_into().ok()?),
        })
    }

    /// The digest of what stays the same.
    pub(super) fn family_hash(&self) -> Vec<u8> {
        Sha256::digest(self.family.as_slice()).to_vec()
    }

    /// The digest of what changes.
    pub(super) fn turn_hash(&self) -> Vec<u8> {
        Sha256::digest(self.turn.as_slice()).to_vec()
    }

    /// What comes after it. Made of it and of a salt that the database keeps, so that it is the same for who asks twice, and that
    /// neither a look into the database nor a key alone is enough to find it.
    pub(super) fn next(&self, salt: &[u8]) -> SessionKeys {
        let turn = Zeroizing::new(self.derive(b"2bot next renewal ", salt));
        let next = Self { session: self.session, family: self.family.clone(), turn };
        next.keys(&self.derive(b"2bot next access ", salt))
    }

    fn derive(&self, purpose: &[u8], salt: &[u8]) -> [u8; TURN] {
        // Both parts have one length each, and what comes out is never shown with anything added to it.
        Sha256::new().chain_update(purpose).chain_update(*self.turn).chain_update(salt).finalize().into()
    }

    fn keys(&self, access: &[u8; TURN]) -> SessionKeys {
        let mut bytes = Zeroizing::new(Vec::with_capacity(ID + FAMILY + TURN));
        bytes.extend_from_slice(self.session.uuid().as_bytes());
        bytes.extend_from_slice(self.family.as_slice());
        bytes.extend_from_slice(self.turn.as_slice());
        SessionKeys {
            session: self.session,
            access: SecretString::from(URL_SAFE_NO_PAD.encode(access)),
            renewal: SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice())),
        }
    }
}

impl SessionKeys {
    pub(super) fn read_renewal(&self) -> Option<Renewal> {
        Renewal::read(self.renewal.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_depends_on_the_key_and_on_the_salt_and_stays_in_the_family() {
        let (keys, others) = (SessionKeys::new(), SessionKeys::new());
        assert_eq!((keys.access.expose_secret().len(), keys.renewal.expose_secret().len()), (43, 86));
        let (renewal, other) = (keys.read_renewal().unwrap(), others.read_renewal().unwrap());
        let next = |renewal: &Renewal, salt: u8| renewal.next(&[salt; 32]);
        let shown = |keys: SessionKeys| {
            (keys.access.expose_secret().to_owned(), keys.renewal.expose_secret().to_owned())
        };
        assert_eq!(shown(next(&renewal, 1)), shown(next(&renewal, 1)));
        let (one, two) = (shown(next(&renewal, 1)), shown(next(&renewal, 2)));
        assert!(one.0 != two.0 && one.1 != two.1);
        let foreign = shown(next(&other, 1));
        assert!(one.0 != foreign.0 && one.1 != foreign.1);
        let after = Renewal::read(&one.1).unwrap();
        assert_eq!((after.session, after.family_hash()), (keys.session, renewal.family_hash()));
        assert_ne!(after.turn_hash(), renewal.turn_hash());
        assert!(!one.1.contains(&one.0), "the one is not a part of the other");
    }

    #[test]
    fn what_can_not_be_a_key_is_none() {
        let key = SessionKeys::new().renewal;
        let key = key.expose_secret();
        let long = format!("{key}AAAA");
        for wrong in ["", "x", "ö", &key[1..], &key[..43], &long, &key.replace(|_| true, "=")] {
            assert!(Renewal::read(wrong).is_none(), "{wrong}");
        }
    }
}
