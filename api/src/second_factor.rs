//! The codes of two-factor sign-in: those of authenticators (RFC 6238: SHA-1, six digits, 30 seconds), and recovery codes.

use crate::error::ApiError;
use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use twobot_domain::Timestamp;
use twobot_store::two_factor::{Proof, Setup};

/// Seconds for which a code is shown.
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one whose codes are taken, too: clocks differ, and people type slowly.
const WINDOW: u16 = 1;
/// Whose codes they are, as authenticators show it.
const ISSUER: &str = "2Bot";

/// Recovery codes of a set.
const RECOVERY_CODES: usize = 10;
/// Characters of one: 79 bits.
const RECOVERY_CHARS: usize = 16;
/// Characters between two hyphens.
const GROUP: usize = 4;
/// Without those that look like another: 0 and o, 1, i and l.
const ALPHABET: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// What somebody types to show that it is them.
pub(crate) enum Shown {
    /// A code of their authenticator.
    Code(SecretString),
    /// A recovery code.
    Recovery(SecretString),
}

impl Shown {
    /// Reads what came along; one of both it must be.
    ///
    /// # Errors
    /// `validation_failed` where it is none or both.
    pub(crate) fn read(
        code: Option<SecretString>,
        recovery_code: Option<SecretString>,
    ) -> Result<Self, ApiError> {
        match (code, recovery_code) {
            (Some(code), None) => Ok(Self::Code(code)),
            (None, Some(code)) => Ok(Self::Recovery(code)),
            (None, None) => {
                Err(ApiError::invalid_field("code", "is missing; `recovery_code` will do instead"))
            }
            (Some(_), Some(_)) => {
                Err(ApiError::invalid_field("recovery_code", "must be left out where there is a `code`"))
            }
        }
    }

    /// What the audit log says of it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Recovery(_) => "recovery_code",
        }
    }

    /// What it proves, if it can prove anything. Whether it was used before, the store knows.
    ///
    /// # Errors
    /// When the secret is damaged.
    pub(crate) fn proof(&self, setup: &Setup) -> Result<Option<Proof>, ApiError> {
        match self {
            Self::Code(code) => {
                Ok(step_of(&setup.secret, code)?.map(|step| Proof::Code { setup: setup.id, step }))
            }
            Self::Recovery(code) => Ok(plain_recovery_code(code).map(Proof::Recovery)),
        }
    }
}

fn totp(secret: &SecretString, account: &str) -> Result<Totp, ApiError> {
    let secret = Secret::try_from_base32(secret.expose_secret()).map_err(ApiError::internal)?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP_SECONDS)
        .with_skew(WINDOW)
        .with_issuer(Some(ISSUER))
        .with_account_name(account)
        .with_secret(secret)
        .build()
        .map_err(ApiError::internal)
}

/// A new secret in base 32: 160 bits, as RFC 4226 recommends.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn new_secret() -> Result<SecretString, SysError> {
    let mut bytes = [0_u8; 20];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(SecretString::from(Secret::from(bytes).to_base32()))
}

/// What an authenticator reads from a QR code.
///
/// # Errors
/// When the account can not be named in one.
pub(crate) fn otpauth_uri(secret: &SecretString, account: &str) -> Result<String, ApiError> {
    totp(secret, account)?.to_url().map_err(ApiError::internal)
}

/// The time step that a code belongs to, among those whose codes are taken now.
///
/// # Errors
/// When the secret is damaged.
pub(crate) fn step_of(secret: &SecretString, code: &SecretString) -> Result<Option<u64>, ApiError> {
    step_at(secret, code, Timestamp::now().millis() / 1_000)
}

fn step_at(secret: &SecretString, code: &SecretString, seconds: u64) -> Result<Option<u64>, ApiError> {
    let digits: SecretString =
        code.expose_secret().chars().filter(|c| !c.is_whitespace()).take(7).collect::<String>().into();
    Ok(totp(secret, "")?.check(digits.expose_secret(), seconds))
}

/// A new set of recovery codes, each in the one form in which they are kept.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn new_recovery_codes() -> Result<Vec<SecretString>, SysError> {
    (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect()
}

fn new_recovery_code() -> Result<SecretString, SysError> {
    let fair = 256 - 256 % ALPHABET.len();
    let mut text = String::with_capacity(RECOVERY_CHARS);
    while text.len() < RECOVERY_CHARS {
        let mut bytes = [0_u8; 32];
        SysRng.try_fill_bytes(&mut bytes)?;
        // A byte above the last whole round would favour the first characters.
        let chosen = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let wanted = RECOVERY_CHARS - text.len();
        text.extend(chosen.take(wanted).map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])));
    }
    Ok(SecretString::from(text))
}

/// A recovery code as people are shown it: in groups.
pub(crate) fn grouped(code: &SecretString) -> String {
    let letters: Vec<char> = code.expose_secret().chars().collect();
    letters.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// A recovery code as it is kept, from what somebody typed; none where it can not be one.
fn plain_recovery_code(typed: &SecretString) -> Option<SecretString> {
    let typed = typed.expose_secret();
    // Nobody needs more than this for sixteen characters with what stands between them.
    if typed.len() > 200 {
        return None;
    }
    let plain: String =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let fits = plain.len() == RECOVERY_CHARS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then(|| SecretString::from(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The secret of RFC 6238, appendix B.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn codes_are_those_of_the_standard_and_good_for_a_step_before_and_after() {
        // The last six of the eight digits that the RFC gives.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = |seconds| step_at(&secret(RFC), &secret(code), seconds).unwrap();
            let step = seconds / 30;
            assert_eq!(at(seconds), Some(step), "{code}");
            assert_eq!(at((step + 1) * 30), Some(step), "a step later");
            assert_eq!(at((step + 2) * 30 - 1), Some(step), "a step later, at its end");
            assert_eq!(at((step + 2) * 30), None, "two steps later");
            assert_eq!(at((step - 1) * 30), Some(step), "a step before");
            if let Some(earlier) = ((step - 1) * 30).checked_sub(1) {
                assert_eq!(at(earlier), None, "two steps before");
            }
        }
    }

    #[test]
    fn a_code_has_six_digits_whatever_stands_between_them() {
        let at = |code: &str| step_at(&secret(RFC), &secret(code), 59).unwrap();
        for right in ["287082", " 287 082 ", "287\u{a0}082"] {
            assert_eq!(at(right), Some(1), "{right}");
        }
        for wrong in ["", "28708", "2870822", "94287082", "+28708", "287082x", "２８７０８２", "287083"]
        {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        assert_eq!(at(&"2".repeat(1_000_000)), None);
    }

    #[test]
    fn an_authenticator_is_told_all_it_needs() {
        let uri = otpauth_uri(&secret(RFC), "ada+bots@example.org").unwrap();
        assert_eq!(uri, format!("otpauth://totp/2Bot:ada%2Bbots%40example.org?secret={RFC}&issuer=2Bot"));
        let new: BTreeSet<_> = (0..50).map(|_| new_secret().unwrap().expose_secret().to_owned()).collect();
        assert_eq!(new.len(), 50);
        assert!(new.iter().all(|secret| secret.len() == 32), "{new:?}");
    }

    #[test]
    fn recovery_codes_can_be_read_and_typed_and_no_two_are_the_same() {
        let codes = new_recovery_codes().unwrap();
        assert_eq!(codes.len(), 10);
        for code in &codes {
            let shown = grouped(code);
            assert_eq!((shown.len(), shown.matches('-').count()), (19, 3), "{shown}");
            let upper = shown.to_uppercase();
            for typed in [shown.as_str(), &upper, code.expose_secret(), &shown.replace('-', " - ")] {
                let read = plain_recovery_code(&secret(typed)).unwrap();
                assert_eq!(read.expose_secret(), code.expose_secret());
            }
        }
        for wrong in ["", "abcd-efgh-jkmn", "abcd-efgh-jkmn-pqro", "abcd-efgh-jkmn-pqr1", &"a-".repeat(1_000)]
        {
            assert!(plain_recovery_code(&secret(wrong)).is_none(), "{wrong}");
        }
        let many: BTreeSet<_> =
            (0..300).map(|_| new_recovery_code().unwrap().expose_secret().to_owned()).collect();
        assert_eq!(many.len(), 300);
        let used: BTreeSet<u8> = many.iter().flat_map(|code| code.bytes()).collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ALPHABET, "every character comes up");
    }

    #[test]
    fn one_of_both_is_shown() {
        let some = || Some(secret("x"));
        assert!(matches!(Shown::read(some(), None), Ok(Shown::Code(_))));
        assert!(matches!(Shown::read(None, some()), Ok(Shown::Recovery(_))));
        for (code, recovery) in [(None, None), (some(), some())] {
            let Err(error) = Shown::read(code, recovery) else { panic!("it was taken") };
            assert_eq!(error.problem.code, "validation_failed");
        }
    }
}
