//! Profiles on the wire.

use crate::error::ApiError;
use crate::validate::Validation;
use crate::wire::{Role, Time};
use serde::{Deserialize, Deserializer, Serialize};
use twobot_domain::UserId;
use twobot_store::profiles::{self, ProfileChange};
use utoipa::ToSchema;

/// The longest language tag that is kept; RFC 5646 has it that none in use is longer.
const MAX_LANGUAGE: usize = 35;

/// A person, and what they chose for themself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11",
    "email": "ada@example.org",
    "email_verified": true,
    "name": "Ada Lovelace",
    "role": "owner",
    "language": "en",
    "time_zone": "Europe/London",
    "mails": {"limits": true, "gateways": false, "security": true},
    "created_at": "2026-01-31T12:00:00.000Z"
}))]
pub(super) struct Profile {
    /// Their id.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(format = "email")]
    email: String,
    /// Whether they have shown that the address is theirs.
    email_verified: bool,
    /// How they want to be called.
    name: String,
    /// What they may do.
    role: Role,
    /// A language tag (BCP 47): the dashboard writes dates and numbers as in it. Its words, and those of mails, are English.
    language: String,
    /// A name of the IANA list of time zones; null where their browser's holds.
    time_zone: Option<String>,
    /// Of what a mail tells them.
    mails: Mails,
    /// When they registered.
    created_at: Time,
}

/// Of what a mail tells a person besides the dashboard.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Mails {
    /// Much of what the plan allows is used.
    limits: bool,
    /// A gateway no longer works.
    gateways: bool,
    /// Sign-ins from new devices, changed passwords and the like: always.
    security: bool,
}

impl Profile {
    pub(super) fn new(profile: profiles::Profile) -> Result<Self, ApiError> {
        let mails = Mails { limits: profile.mails.limits, gateways: profile.mails.gateways, security: true };
        Ok(Self {
            id: profile.user,
            email: profile.email,
            email_verified: profile.email_verified_at.is_some(),
            name: profile.name,
            role: Role::stored(&profile.role)?,
            language: profile.language,
            time_zone: profile.time_zone,
            mails,
            created_at: profile.created_at.into(),
        })
    }
}

/// What to change of a profile. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"name": "Ada Lovelace", "time_zone": "Europe/London", "mails": {"gateways": false}}))]
pub(super) struct ProfileChanges {
    /// How they want to be called.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// A language tag (BCP 47), such as `en` or `pt-BR`.
    #[schema(min_length = 2, max_length = 35)]
    language: Option<String>,
    /// A name of the IANA list of time zones, such as `Europe/London`; null for that of the browser.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// Of what a mail tells them.
    mails: Option<MailChanges>,
}

/// Of what a mail is to tell a person.
#[derive(Debug, Deserialize, ToSchema)]
struct MailChanges {
    /// Much of what the plan allows is used.
    limits: Option<bool>,
    /// A gateway no longer works.
    gateways: Option<bool>,
    /// Can only be true: mails about the account's security are always sent.
    security: Option<bool>,
}

/// Tells null, which means something, from what is left out.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Whether a text has the form of a language tag: a language of two or three letters, then subtags.
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && text.len() <= MAX_LANGUAGE
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

impl ProfileChanges {
    /// The change, and the names of the settings that it is about.
    pub(super) fn checked(self) -> Result<(ProfileChange, Vec<&'static str>), ApiError> {
        let mut check = Validation::default();
        let name = self.name.as_deref().map(|name| check.name("name", name));
        if self.language.as_deref().is_some_and(|text| !is_language(text)) {
            check.wrong("language", "must be a language tag such as en or pt-BR");
        }
        let zone = self.time_zone.as_ref().and_then(Option::as_deref);
        if zone.is_some_and(|text| text.parse::<chrono_tz::Tz>().is_err()) {
            check.wrong("time_zone", "must be a name of the IANA list of time zones, such as Europe/London");
        }
        let mails = self.mails.unwrap_or(MailChanges { limits: None, gateways: None, security: None });
        if mails.security == Some(false) {
            check.wrong(
                "mails.security",
                "must be true: what concerns the account's security is always mailed",
            );
        }
        check.finish()?;
        let named = [
            ("language", self.language.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("mail_limits", mails.limits.is_some()),
            ("mail_gateways", mails.gateways.is_some()),
        ];
        let change = ProfileChange {
            name,
            language: self.language,
            time_zone: self.time_zone,
            mail_limits: mails.limits,
            mail_gateways: mails.gateways,
        };
        Ok((change, named.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_a_form() {
        for text in ["en", "de", "pt-BR", "zh-Hant-TW", "gsw", "sr-Latn"] {
            assert!(is_language(text), "{text}");
        }
        let long = format!("en{}", "-abcdefgh".repeat(4));
        for text in
            ["", "e", "EN", "english", "en_US", "en-", "en--US", "-en", "en-é", "en-123456789", long.as_str()]
        {
            assert!(!is_language(text), "{text}");
        }
    }
}
