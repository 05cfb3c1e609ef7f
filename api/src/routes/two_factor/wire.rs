//! Two-factor sign-in on the wire. What carries secrets shows none where it is logged.

use crate::second_factor::grouped;
use crate::wire::Time;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use twobot_store::two_factor;
use utoipa::ToSchema;

/// Whether signing in takes two steps.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct TwoFactor {
    /// Whether it is on.
    enabled: bool,
    /// Since when; null where it is off.
    enabled_at: Option<Time>,
    /// Recovery codes that nobody has used.
    #[schema(example = 10)]
    recovery_codes_left: u64,
}

impl From<two_factor::TwoFactor> for TwoFactor {
    fn from(state: two_factor::TwoFactor) -> Self {
        Self {
            enabled: state.enabled_at.is_some(),
            enabled_at: state.enabled_at.map(Into::into),
            recovery_codes_left: state.recovery_codes,
        }
    }
}

/// Says that it is really the account's owner who asks.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TwoFactorPassword)]
pub(super) struct Password {
    /// The present password.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    pub(super) password: SecretString,
}

/// What an authenticator is given. It is not shown again.
#[derive(Serialize, ToSchema)]
#[schema(as = TwoFactorSetup)]
pub(super) struct Setup {
    /// The key in base 32, to type it.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    pub(super) secret: String,
    /// The same, for a QR code.
    #[schema(
        example = "otpauth://totp/2Bot:ada%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=2Bot"
    )]
    pub(super) otpauth_uri: String,
}

/// A code of an authenticator.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TwoFactorCode)]
pub(super) struct Code {
    /// Six digits.
    #[schema(value_type = String, example = "287082")]
    pub(super) code: SecretString,
}

/// The password, and a code of the authenticator or a recovery code.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TwoFactorProof)]
pub(super) struct Proof {
    /// The present password.
    #[schema(value_type = String, format = Password, example = "Analytical-Engine-1")]
    pub(super) password: SecretString,
    /// Six digits of the authenticator.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "287082")]
    pub(super) code: Option<SecretString>,
    /// One of the recovery codes, instead.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) recovery_code: Option<SecretString>,
}

/// Recovery codes, each of which gets in once without the authenticator. They are not shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// All of them, in groups of four characters.
    #[schema(example = json!(["abcd-efgh-jkmn-pqrs"]))]
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    pub(super) fn new(codes: &[SecretString]) -> Self {
        Self { recovery_codes: codes.iter().map(grouped).collect() }
    }
}
