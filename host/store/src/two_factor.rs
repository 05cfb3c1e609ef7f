//! Two-factor sign-in: what a person's authenticator and we both know, and what gets in where it is lost.
//!
//! Which code belongs to which time step is the caller's to compute; here it is decided, in the tenant's transaction, whether a step or a
//! recovery code is still worth something. See the decision record 0030.

mod challenges;
mod proof;
mod tries;

pub(crate) use challenges::end_challenges;
pub use challenges::{ChallengeTry, Finished, MAX_TRIES, NewChallenge};
pub use proof::Proof;
pub use tries::{CodeTry, ROUND};

use crate::db::{Row, Tx, sql, transaction};
use crate::mails::queue;
use crate::{MasterKey, Store, StoreError, TenantScope};
use proof::write_codes;
use secrecy::SecretString;
use tries::Lane;
use twobot_domain::{Mail, Timestamp, TwoFactorId, UserId};

/// How long a set-up waits for its first code, in milliseconds.
pub const SETUP_MILLIS: i64 = 60 * 60 * 1_000;

/// Whether two-factor sign-in is on for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoFactor {
    /// Since when; none where it is off.
    pub enabled_at: Option<Timestamp>,
    /// Recovery codes that nobody has used.
    pub recovery_codes: u64,
}

/// What codes are computed from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its id, another one for each set-up.
    pub id: TwoFactorId,
    /// The secret, in the form in which it was given.
    pub secret: SecretString,
}

/// What an envelope belongs to.
pub(crate) fn context(id: TwoFactorId) -> String {
    format!("two-factor {id}")
}

fn setup(key: &MasterKey, row: &Row) -> Result<Setup, StoreError> {
    let id = row.get("id")?;
    Ok(Setup { id, secret: key.open(&context(id), &row.get::<Vec<u8>>("secret")?)? })
}

/// How a user is called, for a mail.
async fn name(tx: &mut Tx, scope: TenantScope, user: UserId) -> Result<String, StoreError> {
    tx.optional(
        sql("SELECT name FROM users WHERE id = $1 AND tenant_id = $2").bind(user).bind(scope.tenant()),
    )
    .await?
    .ok_or(StoreError::NotFound)?
    .get("name")
}

/// Removes all that has to do with two-factor sign-in of a user, and says whether it was on.
async fn remove(tx: &mut Tx, scope: TenantScope, user: UserId) -> Result<bool, StoreError> {
    let was_on = tx
        .optional(
            sql("DELETE FROM two_factor WHERE user_id = $1 AND tenant_id = $2 RETURNING enabled_at")
                .bind(user)
                .bind(scope.tenant()),
        )
        .await?
        .map_or(Ok(None), |row| row.get::<Option<Timestamp>>("enabled_at"))?
        .is_some();
    tx.run(
        sql("DELETE FROM recovery_codes WHERE user_id = $1 AND tenant_id = $2")
            .bind(user)
            .bind(scope.tenant()),
    )
    .await?;
    end_challenges(tx, scope, user).await?;
    Ok(was_on)
}

impl Store {
    /// Whether two-factor sign-in is on.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn two_factor(&self, scope: TenantScope, user: UserId) -> Result<TwoFactor, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT f.enabled_at, (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id AND c.tenant_id = u.tenant_id) AS codes \
                     FROM users u LEFT JOIN two_factor f ON f.user_id = u.id AND f.tenant_id = u.tenant_id \
                     WHERE u.id = $1 AND u.tenant_id = $2")
                .bind(user)
                .bind(scope.tenant()),
            )
            .await?;
        Ok(TwoFactor { enabled_at: row.get("enabled_at")?, recovery_codes: row.get("codes")? })
    }

    /// Keeps a secret that waits for the first code. One that waited before is forgotten.
    ///
    /// # Errors
    /// `Exists` when two-factor sign-in is on; `NotFound` when the scope has no such user.
    pub async fn begin_two_factor(
        &self,
        scope: TenantScope,
        user: UserId,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        let id = TwoFactorId::new();
        let sealed = self.key.seal(&context(id), secret)?;
        transaction!(self.db.begin(scope), |tx| {
            tx.run(
                sql("DELETE FROM two_factor WHERE user_id = $1 AND tenant_id = $2 AND enabled_at IS NULL")
                    .bind(user)
                    .bind(scope.tenant()),
            )
            .await?;
            let written = tx
                .run(
                    sql("INSERT INTO two_factor (id, tenant_id, user_id, secret, created_at) \
                         SELECT $1, tenant_id, id, $2, $3 FROM users WHERE id = $4 AND tenant_id = $5")
                    .bind(id)
                    .bind(sealed.as_slice())
                    .bind(Timestamp::now())
                    .bind(user)
                    .bind(scope.tenant()),
                )
                .await?;
            if written == 0 {
                return Err(StoreError::NotFound);
            }
            tx.commit().await
        })
    }

    /// The set-up that waits for its first code, if there is one.
    ///
    /// # Errors
    /// `Unsealable`, and those of the database.
    pub async fn pending_two_factor(
        &self,
        scope: TenantScope,
        user: UserId,
    ) -> Result<Option<Setup>, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT id, secret FROM two_factor WHERE user_id = $1 AND tenant_id = $2 AND enabled_at IS NULL AND created_at > $3")
                    .bind(user)
                    .bind(scope.tenant())
                    .bind(Timestamp::now().plus_millis(-SETUP_MILLIS)),
            )
            .await?;
        row.map(|row| setup(&self.key, &row)).transpose()
    }

    /// Turns two-factor sign-in on, by the code of a time step, with recovery codes; tells the user by mail.
    ///
    /// # Errors
    /// `NotFound` when this set-up no longer waits.
    pub async fn enable_two_factor(
        &self,
        scope: TenantScope,
        user: UserId,
        setup: TwoFactorId,
        step: u64,
        codes: &[SecretString],
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let now = Timestamp::now();
            let enabled = tx
                .run(
                    sql("UPDATE two_factor SET enabled_at = $1, last_step = $2 \
                         WHERE id = $3 AND user_id = $4 AND tenant_id = $5 AND enabled_at IS NULL")
                    .bind(now)
                    .bind(step)
                    .bind(setup)
                    .bind(user)
                    .bind(scope.tenant()),
                )
                .await?;
            if enabled == 0 {
                return Err(StoreError::NotFound);
            }
            write_codes(&mut tx, scope, user, codes).await?;
            let mail = Mail::TwoFactorOn { name: name(&mut tx, scope, user).await?, at: now };
            queue(&mut tx, &self.key, scope, user, &mail).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Replaces all recovery codes, if the proof holds.
    ///
    /// # Errors
    /// `NotFound` when it does not.
    pub async fn replace_recovery_codes(
        &self,
        scope: TenantScope,
        user: UserId,
        proof: &Proof,
        codes: &[SecretString],
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            if !proof::spend(&mut tx, scope, user, Lane::Known, proof).await? {
                return Err(StoreError::NotFound);
            }
            write_codes(&mut tx, scope, user, codes).await?;
            if matches!(proof, Proof::Recovery(_)) {
                proof::tell_of_recovery(&mut tx, self, scope, user).await?;
            }
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Turns two-factor sign-in off, if the proof holds; tells the user by mail.
    ///
    /// # Errors
    /// `NotFound` when it does not.
    pub async fn disable_two_factor(
        &self,
        scope: TenantScope,
        user: UserId,
        proof: &Proof,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            if !proof::spend(&mut tx, scope, user, Lane::Known, proof).await? {
                return Err(StoreError::NotFound);
            }
            remove(&mut tx, scope, user).await?;
            let name = name(&mut tx, scope, user).await?;
            let mail = Mail::TwoFactorOff { name, by_operator: false, at: Timestamp::now() };
            queue(&mut tx, &self.key, scope, user, &mail).await?;
            self.write_note(&mut tx, scope).await?;
            tx.commit().await
        })
    }

    /// Turns two-factor sign-in off on the operator's word; tells the user by mail. Says whether it was on.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn lift_two_factor(&self, scope: TenantScope, user: UserId) -> Result<bool, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let was_on = remove(&mut tx, scope, user).await?;
            if was_on {
                let name = name(&mut tx, scope, user).await?;
                let mail = Mail::TwoFactorOff { name, by_operator: true, at: Timestamp::now() };
                queue(&mut tx, &self.key, scope, user, &mail).await?;
                self.write_note(&mut tx, scope).await?;
            }
            tx.commit().await?;
            Ok(was_on)
        })
    }
}
