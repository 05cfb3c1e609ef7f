//! Secrets at rest: AES-256-GCM envelopes that carry the id of the key that sealed them, so that keys can rotate.
//!
//! An envelope is `version (1 byte) ‖ key id (4 bytes) ‖ nonce (12 bytes) ‖ ciphertext and tag`. What a secret belongs to is
//! authenticated with it, so that an envelope moved to another row does not open.

mod key;

pub use key::KeyId;

use crate::error::StoreError;
use key::Key;
use secrecy::SecretString;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How often it is looked whether the keys are others now.
const LOOK: Duration = Duration::from_secs(1);

/// The bytes of keys, the first of which seals; the others only open.
pub type KeyBytes = Zeroizing<Vec<[u8; 32]>>;

/// Says which keys there are now, where they are others than it said before. Must be quick: it is asked on the way to a secret.
pub type Reread = Box<dyn Fn() -> Option<KeyBytes> + Send + Sync>;

/// What seals a deployment's secrets: one key, and where it was rotated, the former ones, which only open.
pub struct MasterKey {
    ring: RwLock<Arc<Ring>>,
    source: Option<Source>,
}

struct Ring {
    seals: Key,
    former: Vec<Key>,
}

struct Source {
    reread: Reread,
    looked: Mutex<Instant>,
}

impl Ring {
    fn new(keys: &[[u8; 32]]) -> Option<Self> {
        let (first, former) = keys.split_first()?;
        Some(Self { seals: Key::new(*first), former: former.iter().map(|key| Key::new(*key)).collect() })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.seals).chain(&self.former)
    }
}

impl MasterKey {
    /// A single key from its 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self::of(Ring { seals: Key::new(bytes), former: Vec::new() })
    }

    /// Several keys, the first of which seals. None where there is none at all.
    #[must_use]
    pub fn several(keys: &[[u8; 32]]) -> Option<Self> {
        Ring::new(keys).map(Self::of)
    }

    fn of(ring: Ring) -> Self {
        Self { ring: RwLock::new(Arc::new(ring)), source: None }
    }

    /// The same, for a process that goes on while its keys are rotated: once a second, and where an envelope is of a key that is not known, it
    /// is asked which keys there are.
    #[must_use]
    pub fn rereading(self, reread: Reread) -> Self {
        Self { source: Some(Source { reread, looked: Mutex::new(Instant::now()) }), ..self }
    }

    /// Another key, made from the one that seals for one purpose; knowing it does not help to find that one. After a rotation it is
    /// another one: see [`Store::own_key`](crate::Store::own_key) for one that stays.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.ring().seals.derive(purpose)
    }

    /// The key that seals.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.now().seals.id
    }

    /// The former keys, which only open.
    #[must_use]
    pub fn former(&self) -> Vec<KeyId> {
        self.now().former.iter().map(|key| key.id).collect()
    }

    /// Seals a secret that belongs to `context`.
    ///
    /// # Errors
    /// When the cipher refuses, which it does only beyond 64 GB.
    pub fn seal(&self, context: &str, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        self.now().seals.seal(context, secret)
    }

    /// Opens an envelope that belongs to `context`.
    ///
    /// # Errors
    /// When none of the keys sealed it, it belongs elsewhere, or it was changed.
    pub fn open(&self, context: &str, envelope: &[u8]) -> Result<SecretString, StoreError> {
        let id = KeyId::of_envelope(envelope).ok_or(StoreError::Unsealable)?;
        let open = |ring: &Ring| ring.all().find(|key| key.id == id).map(|key| key.open(context, envelope));
        if let Some(opened) = open(&self.ring()) {
            return opened;
        }
        self.look();
        open(&self.ring()).unwrap_or(Err(StoreError::Unsealable))
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, not older than [`LOOK`].
    fn now(&self) -> Arc<Ring> {
        if let Some(source) = &self.source
            && source.is_due()
        {
            self.look();
        }
        self.ring()
    }

    fn look(&self) {
        let Some(source) = &self.source else { return };
        let mut looked = source.lock();
        *looked = Instant::now();
        if let Some(ring) = (source.reread)().as_ref().and_then(|keys| Ring::new(keys)) {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        }
    }
}

impl Source {
    fn is_due(&self) -> bool {
        self.lock().elapsed() >= LOOK
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
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
    use secrecy::ExposeSecret;

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

    #[test]
    fn the_first_key_seals_and_the_others_open() {
        let secret = SecretString::from("same".to_owned());
        let (old, new) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
        let both = MasterKey::several(&[[8; 32], [7; 32]]).unwrap();
        assert!(both.open("a", &old.seal("a", &secret).unwrap()).is_ok());
        let envelope = both.seal("a", &secret).unwrap();
        assert_eq!((KeyId::of_envelope(&envelope), both.former()), (Some(new.id()), vec![old.id()]));
        assert!(new.open("a", &envelope).is_ok());
        assert!(old.open("a", &envelope).is_err());
        assert!(MasterKey::several(&[]).is_none());
    }

    #[test]
    fn a_key_that_is_not_known_yet_is_looked_for() {
        let secret = SecretString::from("same".to_owned());
        let keys: Arc<Mutex<Option<KeyBytes>>> = Arc::default();
        let given = Arc::clone(&keys);
        let running = MasterKey::new([7; 32]).rereading(Box::new(move || given.lock().unwrap().take()));
        let rotated = MasterKey::new([8; 32]).seal("a", &secret).unwrap();
        assert!(running.open("a", &rotated).is_err());
        *keys.lock().unwrap() = Some(Zeroizing::new(vec![[8; 32], [7; 32]]));
        assert!(running.open("a", &rotated).is_ok());
        assert_eq!(running.id(), MasterKey::new([8; 32]).id(), "and from then on seals");
    }

    #[test]
    fn an_id_is_eight_digits() {
        let id = MasterKey::new([7; 32]).id();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "1234567", "123456789", "+1234567", "xxxxxxxx"] {
            assert!(wrong.parse::<KeyId>().is_err(), "{wrong}");
        }
    }
}
