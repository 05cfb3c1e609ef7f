//! What people chose for themselves: how they are called, their language and time zone, and of what a mail tells them.

use crate::db::{Row, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{Timestamp, UserId};

/// Of what a mail tells a person besides the dashboard. What concerns their account's security is always mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailChoice {
    /// Much of what the plan allows is used.
    pub limits: bool,
    /// A gateway no longer works.
    pub gateways: bool,
}

/// A person, and what they chose for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub user: UserId,
    /// In lower case.
    pub email: String,
    /// How they want to be called.
    pub name: String,
    /// `owner`, `admin` or `member`.
    pub role: String,
    /// A language tag (BCP 47).
    pub language: String,
    /// A name of the IANA list; none where that of their browser holds.
    pub time_zone: Option<String>,
    /// Of what a mail tells them.
    pub mails: MailChoice,
    /// When they registered.
    pub created_at: Timestamp,
    /// When they showed that the address is theirs.
    pub email_verified_at: Option<Timestamp>,
}

/// What a person chooses anew; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// How they want to be called.
    pub name: Option<String>,
    /// A language tag (BCP 47).
    pub language: Option<String>,
    /// A name of the IANA list, or that their browser's holds.
    pub time_zone: Option<Option<String>>,
    /// See [`MailChoice::limits`].
    pub mail_limits: Option<bool>,
    /// See [`MailChoice::gateways`].
    pub mail_gateways: Option<bool>,
}

const FIND: &str = "SELECT id, email, name, role, language, time_zone, mail_limits, mail_gateways, created_at, email_verified_at \
     FROM users WHERE id = $1 AND tenant_id = $2";

fn profile(row: &Row) -> Result<Profile, StoreError> {
    Ok(Profile {
        user: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: row.get("role")?,
        language: row.get("language")?,
        time_zone: row.get("time_zone")?,
        mails: MailChoice { limits: row.get("mail_limits")?, gateways: row.get("mail_gateways")? },
        created_at: row.get("created_at")?,
        email_verified_at: row.get("email_verified_at")?,
    })
}

impl ProfileChange {
    /// What it makes of a profile.
    fn applied(&self, before: &Profile) -> Profile {
        Profile {
            name: self.name.clone().unwrap_or_else(|| before.name.clone()),
            language: self.language.clone().unwrap_or_else(|| before.language.clone()),
            time_zone: self.time_zone.clone().unwrap_or_else(|| before.time_zone.clone()),
            mails: MailChoice {
                limits: self.mail_limits.unwrap_or(before.mails.limits),
                gateways: self.mail_gateways.unwrap_or(before.mails.gateways),
            },
            ..before.clone()
        }
    }
}

impl Store {
    /// What a person chose for themself.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn profile(&self, scope: TenantScope, user: UserId) -> Result<Profile, StoreError> {
        profile(&self.db.one(sql(FIND).bind(user).bind(scope.tenant())).await?)
    }

    /// Keeps what a person chooses anew, and answers all of it. A tenant that is called like its owner goes on to be.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn change_profile(
        &self,
        scope: TenantScope,
        user: UserId,
        change: &ProfileChange,
    ) -> Result<Profile, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let row = tx.optional(sql(FIND).bind(user).bind(scope.tenant())).await?;
            let before = profile(&row.ok_or(StoreError::NotFound)?)?;
            let after = change.applied(&before);
            if after == before {
                return Ok(after);
            }
            tx.run(
                sql("UPDATE users SET name = $1, language = $2, time_zone = $3, mail_limits = $4, mail_gateways = $5 \
                     WHERE id = $6 AND tenant_id = $7")
                .bind(after.name.as_str())
                .bind(after.language.as_str())
                .bind(after.time_zone.as_deref())
                .bind(after.mails.limits)
                .bind(after.mails.gateways)
                .bind(user)
                .bind(scope.tenant()),
            )
            .await?;
            if after.role == "owner" {
                tx.run(
                    sql("UPDATE tenants SET name = $1 WHERE id = $2 AND name = $3")
                        .bind(after.name.as_str())
                        .bind(scope.tenant())
                        .bind(before.name.as_str()),
                )
                .await?;
            }
            self.write_note(&mut tx, scope).await?;
            tx.commit().await?;
            Ok(after)
        })
    }
}
