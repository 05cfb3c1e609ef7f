//! Passwords: what a good one is, and argon2id.

mod common;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::LazyLock;
use thiserror::Error;
use tokio::sync::Semaphore;

/// The parameters that OWASP's password storage guide names first for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The fewest characters of a password.
const MIN_CHARS: usize = 8;
/// The most bytes of a password: enough for any phrase, and no lever for making the server hash megabytes.
const MAX_BYTES: usize = 512;
/// The most bytes of an e-mail address (RFC 5321, with the angle brackets taken off).
const MAX_EMAIL: usize = 254;

/// Hashes that run at a time. Each takes 19 MiB and a processor for tens of milliseconds, so that a crowd of sign-ins must
/// queue here instead of starving everything else.
static HASHERS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// A hash that no password has, with the parameters of the real ones: checking it takes as long as checking a real one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dHdvYm90LW5vYm9keS0x$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password was not hashed or checked.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// The hash function refused.
    #[error("password hash: {0}")]
    Hash(argon2::password_hash::Error),
    /// A stored hash is not one.
    #[error("a stored password hash can not be read: {0}")]
    Stored(argon2::password_hash::phc::Error),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| PasswordError::Hash(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs hashing where it holds up nobody.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let permit = HASHERS.acquire().await.map_err(|_| PasswordError::Stopping)?;
    let result = tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Stopping)?;
    drop(permit);
    result
}

/// Hashes a password, with a salt of its own, to a PHC string.
///
/// # Errors
/// When the hash function refuses, or the server is stopping.
pub async fn hash_password(password: &str) -> Result<String, PasswordError> {
    let password = secrecy::SecretString::from(password);
    apart(move || {
        use secrecy::ExposeSecret;
        let hash: PasswordHash =
            argon2()?.hash_password(password.expose_secret().as_bytes()).map_err(PasswordError::Hash)?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether a password is the one that was hashed. Without a hash (there is no such account) the answer is no, after the
/// same time.
pub(crate) async fn check_password(password: &str, hash: Option<String>) -> Result<bool, PasswordError> {
    let password = secrecy::SecretString::from(password);
    apart(move || {
        use secrecy::ExposeSecret;
        let known = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&text).map_err(PasswordError::Stored)?;
        let right = argon2()?.verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
        Ok(known && right)
    })
    .await
}

/// Says what a new password lacks.
///
/// # Errors
/// With a sentence that follows the word "password", such as "must have at least 8 characters".
pub fn validate_password(password: &str) -> Result<(), String> {
    if password.len() > MAX_BYTES {
        return Err(format!("must have at most {MAX_BYTES} bytes"));
    }
    let mut lacks = Vec::new();
    if password.chars().count() < MIN_CHARS {
        lacks.push("at least 8 characters");
    }
    if !password.chars().any(char::is_uppercase) {
        lacks.push("an upper case letter");
    }
    if !password.chars().any(|c| c.is_ascii_digit()) {
        lacks.push("a digit");
    }
    if !password.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()) {
        lacks.push("a special character such as ! or #");
    }
    match lacks.as_slice() {
        [] if common::is_common(password) => {
            Err("is one of those that are tried first; choose one of your own".to_owned())
        }
        [] => Ok(()),
        [one] => Err(format!("must have {one}")),
        [first @ .., last] => Err(format!("must have {} and {last}", first.join(", "))),
    }
}

/// Whether a text can be an e-mail address: one `@`, something on both sides, nothing that no address has. Whether mail
/// arrives there, only a mail can tell.
///
/// # Errors
/// With a sentence that follows the word "email".
pub fn validate_email(email: &str) -> Result<(), String> {
    let wrong = || Err("must be an e-mail address, such as ada@example.org".to_owned());
    if email.len() > MAX_EMAIL {
        return Err(format!("must have at most {MAX_EMAIL} bytes"));
    }
    let Some((local, domain)) = email.rsplit_once('@') else { return wrong() };
    let local_fits = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@<>()[],;:\\\"".contains(c));
    let label_fits = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if local_fits && domain.split('.').all(label_fits) { Ok(()) } else { wrong() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let hash = hash_password("Secret-1").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("Secret-1").await.unwrap(), "the salt must differ");
        assert!(check_password("Secret-1", Some(hash.clone())).await.unwrap());
        assert!(!check_password("Secret-2", Some(hash)).await.unwrap());
        assert!(check_password("Secret-1", Some("plain".to_owned())).await.is_err());
    }

    #[tokio::test]
    async fn the_thread_that_asks_does_not_hash() {
        let hash = hash_password("Secret-1").await.unwrap();
        let mut hashing = std::pin::pin!(hash_password("Secret-1"));
        assert!(futures::poll!(&mut hashing).is_pending(), "it was hashed on the spot");
        let mut checking = std::pin::pin!(check_password("Secret-1", Some(hash)));
        assert!(futures::poll!(&mut checking).is_pending(), "it was checked on the spot");
        assert!(hashing.await.is_ok() && checking.await.unwrap());
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody_and_never_gets_in() {
        assert!(!check_password("Secret-1", None).await.unwrap());
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&nobody).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
    }

    #[test]
    fn a_weak_password_is_told_what_it_lacks() {
        let check = |password: &str, expected: Result<(), &str>| {
            assert_eq!(validate_password(password), expected.map_err(str::to_owned), "{password}");
        };
        check("Analytical-1", Ok(()));
        check("Secret-1", Err("is one of those that are tried first; choose one of your own"));
        check("Geheimnis Ü1!", Ok(()));
        check("secret-1", Err("must have an upper case letter"));
        check("Secret-x", Err("must have a digit"));
        check("Secret11", Err("must have a special character such as ! or #"));
        check("S-1", Err("must have at least 8 characters"));
        check(
            "secret",
            Err(
                "must have at least 8 characters, an upper case letter, a digit and a special character such as ! or #",
            ),
        );
        check(&"Aa1!".repeat(200), Err("must have at most 512 bytes"));
    }

    #[test]
    fn addresses_have_two_sides() {
        for good in ["ada@example.org", "a.b+c@sub.example.org", "demo@localhost", "ü@exämple.org"] {
            assert_eq!(validate_email(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@example..org",
            "a@b@c",
            "<a>@b.c",
        ] {
            assert!(validate_email(bad).is_err(), "{bad}");
        }
    }
}
