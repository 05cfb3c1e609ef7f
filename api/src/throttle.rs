//! Slows down the guessing of passwords.

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Tries for one account from one address, within [`WINDOW`].
const TRIES: u32 = 5;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Beyond this many entries, those whose window is over are thrown out before another is added.
const SWEEP_AT: usize = 10_000;
/// Beyond this many live entries nothing more is remembered: an attacker with so many addresses must be stopped elsewhere,
/// and must not fill the memory here.
const MOST: usize = 200_000;

/// Whom the tries are counted for. The e-mail address is kept as a digest only.
type Key = (IpAddr, [u8; 32]);

struct Tries {
    count: u32,
    since: Instant,
}

/// Counts the tries to sign in, per network address and account.
#[derive(Default)]
pub(crate) struct Throttle {
    tries: Mutex<HashMap<Key, Tries>>,
}

fn key(address: IpAddr, email: &str) -> Key {
    (address, Sha256::digest(email.to_lowercase().as_bytes()).into())
}

impl Throttle {
    /// Takes one try. It is taken before the password is looked at, so that many at the same time can not get around it.
    ///
    /// # Errors
    /// When there is none left: with the time until there is.
    pub(crate) fn take(&self, address: IpAddr, email: &str, now: Instant) -> Result<(), Duration> {
        let mut all = self.tries.lock();
        if all.len() >= SWEEP_AT {
            all.retain(|_, tries| now.duration_since(tries.since) < WINDOW);
        }
        if all.len() >= MOST {
            return Ok(());
        }
        let tries = all.entry(key(address, email)).or_insert(Tries { count: 0, since: now });
        let age = now.duration_since(tries.since);
        if age >= WINDOW {
            *tries = Tries { count: 0, since: now };
        } else if tries.count >= TRIES {
            return Err(WINDOW - age);
        }
        tries.count += 1;
        Ok(())
    }

    /// Forgets the tries of someone who got in.
    pub(crate) fn forgive(&self, address: IpAddr, email: &str) {
        self.tries.lock().remove(&key(address, email));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_then_a_wait() {
        let throttle = Throttle::default();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        for _ in 0..5 {
            throttle.take(here, "ada@example.org", start).unwrap();
        }
        let later = start + Duration::from_secs(60);
        assert_eq!(throttle.take(here, "ADA@example.org", later), Err(Duration::from_secs(14 * 60)));
        throttle.take(there, "ada@example.org", later).unwrap();
        throttle.take(here, "bob@example.org", later).unwrap();
        throttle.take(here, "ada@example.org", start + WINDOW).unwrap();
    }

    #[test]
    fn who_gets_in_starts_anew() {
        let throttle = Throttle::default();
        let (here, now) = (IpAddr::from([10, 0, 0, 1]), Instant::now());
        for _ in 0..20 {
            throttle.take(here, "ada@example.org", now).unwrap();
            throttle.forgive(here, "ada@example.org");
        }
    }
}
