//! Sign-ins whose password was right and that wait for a code.

use super::Setup;
use super::proof::{Proof, spend, tell_of_recovery};
use super::tries::{CodeTry, Lane};
use crate::accounts::{User, token_digest, user};
use crate::db::{Tx, sql, transaction};
use crate::sessions::{self, NewSession};
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use twobot_domain::{SessionId, Timestamp, UserId};
use uuid::Uuid;

/// Codes that are looked at for one sign-in; then it begins anew, with the password.
pub const MAX_TRIES: u64 = 5;

/// Sign-ins of a user that may wait at a time; those that wait the longest go first.
const MOST: u64 = 10;

/// A sign-in that is to wait for a code.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    /// Long and random. It is the caller's; only its digest is kept.
    pub token: SecretString,
    /// Whether it is on a browser that has signed in before.
    pub known: bool,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What came of asking to try a code for a sign-in.
#[derive(Clone, Debug)]
pub enum ChallengeTry {
    /// No such sign-in waits: it never did, it took too long, or it was tried too often.
    Unknown,
    /// The account had too many tries.
    Locked {
        /// When the next may be.
        until: Timestamp,
    },
    /// The code may be looked at.
    Taken {
        /// Whose sign-in it is.
        scope: TenantScope,
        /// Who it is.
        user: Box<User>,
        /// What the code has to be computed from.
        setup: Setup,
        /// Whether it was the account's last try before a wait.
        last: bool,
    },
}

/// What came of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The session is open. These have ended for it.
    Yes(Vec<SessionId>),
    /// What was shown was used before, or is none.
    Worthless,
    /// The sign-in no longer waits.
    Gone,
}

/// Ends all sign-ins of a user that wait for a code.
pub(crate) async fn end_challenges(tx: &mut Tx, scope: TenantScope, user: UserId) -> Result<(), StoreError> {
    tx.run(
        sql("DELETE FROM sign_in_challenges WHERE user_id = $1 AND tenant_id = $2")
            .bind(user)
            .bind(scope.tenant()),
    )
    .await
    .map(drop)
}

impl Store {
    /// Lets a sign-in wait for a code.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn open_challenge(
        &self,
        scope: TenantScope,
        user: UserId,
        new: &NewChallenge,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            tx.run(
                sql("DELETE FROM sign_in_challenges WHERE id IN (SELECT id FROM sign_in_challenges WHERE user_id = $1 AND tenant_id = $2 \
                     ORDER BY id DESC LIMIT 1000 OFFSET $3)")
                .bind(user)
                .bind(scope.tenant())
                .bind(MOST - 1),
            )
            .await?;
            let written = tx
                .run(
                    sql("INSERT INTO sign_in_challenges (id, tenant_id, user_id, token_hash, known, created_at, expires_at) \
                         SELECT $1, tenant_id, id, $2, $3, $4, $5 FROM users WHERE id = $6 AND tenant_id = $7")
                    .bind(Uuid::now_v7())
                    .bind(token_digest(new.token.expose_secret()))
                    .bind(new.known)
                    .bind(Timestamp::now())
                    .bind(new.expires_at)
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

    /// Takes one try of a code for a sign-in that waits, of its own and of the account's.
    ///
    /// # Errors
    /// `Unsealable`, and those of the database.
    pub async fn take_challenge_try(&self, token: &str) -> Result<ChallengeTry, StoreError> {
        let digest = token_digest(token);
        let found = self
            .db
            .optional(
                sql("SELECT u.id, u.tenant_id, u.email, u.name, u.role, u.created_at, u.email_verified_at \
                     FROM sign_in_challenges c JOIN users u ON u.id = c.user_id AND u.tenant_id = c.tenant_id \
                     WHERE c.token_hash = $1 AND c.expires_at > $2")
                .bind(digest.as_slice())
                .bind(Timestamp::now()),
            )
            .await?;
        let Some(row) = found else { return Ok(ChallengeTry::Unknown) };
        let (scope, user) = (TenantScope::of(row.get("tenant_id")?), user(&row)?);
        let taken = transaction!(self.db.begin(scope), |tx| {
            let tried = tx
                .optional(
                    sql("UPDATE sign_in_challenges SET tries = tries + 1 \
                         WHERE token_hash = $1 AND tenant_id = $2 AND expires_at > $3 AND tries < $4 RETURNING known")
                    .bind(digest.as_slice())
                    .bind(scope.tenant())
                    .bind(Timestamp::now())
                    .bind(MAX_TRIES),
                )
                .await?;
            let Some(tried) = tried else { return Ok(None) };
            let lane = Lane::of(tried.get("known")?);
            let taken = lane.take(&mut tx, self, scope, user.id).await?;
            // Where the account has to wait, the sign-in has lost no try.
            if matches!(taken, CodeTry::Taken { .. }) {
                tx.commit().await?;
            }
            Ok(Some(taken))
        })?;
        Ok(match taken {
            None | Some(CodeTry::Off) => ChallengeTry::Unknown,
            Some(CodeTry::Locked { until }) => ChallengeTry::Locked { until },
            Some(CodeTry::Taken { setup, last }) => {
                ChallengeTry::Taken { scope, user: Box::new(user), setup, last }
            }
        })
    }

    /// Opens the session of a sign-in, if it still waits and the proof holds; both are used up by it. A recovery code is told by mail.
    ///
    /// # Errors
    /// `NotFound` when the user is gone.
    pub async fn finish_challenge(
        &self,
        scope: TenantScope,
        user: UserId,
        token: &str,
        proof: &Proof,
        new: &NewSession,
    ) -> Result<Finished, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let waited = tx
                .optional(
                    sql("DELETE FROM sign_in_challenges WHERE token_hash = $1 AND user_id = $2 AND tenant_id = $3 AND expires_at > $4 \
                         RETURNING known")
                    .bind(token_digest(token))
                    .bind(user)
                    .bind(scope.tenant())
                    .bind(Timestamp::now()),
                )
                .await?;
            let Some(waited) = waited else { return Ok(Finished::Gone) };
            if !spend(&mut tx, scope, user, Lane::of(waited.get("known")?), proof).await? {
                // Without a commit the sign-in waits as before.
                return Ok(Finished::Worthless);
            }
            if matches!(proof, Proof::Recovery(_)) {
                tell_of_recovery(&mut tx, self, scope, user).await?;
            }
            let ended = sessions::open(&mut tx, self, scope, user, new).await?;
            tx.commit().await?;
            Ok(Finished::Yes(ended))
        })
    }
}
