//! How often codes are tried. A code has six digits and three of a million are good at a time, so that whoever has the password must not
//! try many; and must not lock the owner out by trying.
//!
//! Tries are counted until one is right, in two lanes: on browsers that have signed in before, and everywhere else. A try is taken before
//! the code is looked at, in the tenant's transaction, so that many at once get no more.

use super::{Setup, setup};
use crate::db::{Tx, sql, transaction};
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{Timestamp, UserId};

/// Tries in a row after which there is a wait: longer each time.
pub const ROUND: u64 = 10;
/// The first wait, in milliseconds.
const FIRST_WAIT: i64 = 15 * 60 * 1_000;
/// The longest wait, in milliseconds.
const LONGEST_WAIT: i64 = 24 * 60 * 60 * 1_000;

/// What came of asking to try a code.
#[derive(Clone, Debug)]
pub enum CodeTry {
    /// Two-factor sign-in is off.
    Off,
    /// There were too many tries.
    Locked {
        /// When the next may be.
        until: Timestamp,
    },
    /// The code may be looked at.
    Taken {
        /// What it has to be computed from.
        setup: Setup,
        /// Whether it was the last one before a wait.
        last: bool,
    },
}

/// Where a code is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// On a browser that has signed in before, or with a session.
    Known,
    /// Anywhere else.
    Unknown,
}

/// How long there is a wait after so many tries in a row, in milliseconds; none where there is none.
fn wait_after(tries: u64) -> Option<i64> {
    if tries == 0 || !tries.is_multiple_of(ROUND) {
        return None;
    }
    let doublings = u32::try_from(tries / ROUND - 1).unwrap_or(u32::MAX).min(16);
    Some(FIRST_WAIT.saturating_mul(1_i64 << doublings).min(LONGEST_WAIT))
}

impl Lane {
    pub(super) const fn of(known: bool) -> Self {
        if known { Self::Known } else { Self::Unknown }
    }

    /// Takes one try.
    pub(super) async fn take(
        self,
        tx: &mut Tx,
        store: &Store,
        scope: TenantScope,
        user: UserId,
    ) -> Result<CodeTry, StoreError> {
        let found = tx
            .optional(
                sql(
                    "SELECT id, secret, tries, locked_until, known_tries, known_locked_until FROM two_factor \
                     WHERE user_id = $1 AND tenant_id = $2 AND enabled_at IS NOT NULL",
                )
                .bind(user)
                .bind(scope.tenant()),
            )
            .await?;
        let Some(row) = found else { return Ok(CodeTry::Off) };
        let (tries, locked) = match self {
            Self::Known => ("known_tries", "known_locked_until"),
            Self::Unknown => ("tries", "locked_until"),
        };
        let now = Timestamp::now();
        if let Some(until) = row.get::<Option<Timestamp>>(locked)?.filter(|until| *until > now) {
            return Ok(CodeTry::Locked { until });
        }
        let tries = row.get::<u64>(tries)?.saturating_add(1);
        let wait = wait_after(tries);
        self.write(tx, scope, user, tries, wait.map(|wait| now.plus_millis(wait))).await?;
        Ok(CodeTry::Taken { setup: setup(&store.key, &row)?, last: wait.is_some() })
    }

    /// Forgets the tries.
    pub(super) async fn forgive(
        self,
        tx: &mut Tx,
        scope: TenantScope,
        user: UserId,
    ) -> Result<(), StoreError> {
        self.write(tx, scope, user, 0, None).await
    }

    async fn write(
        self,
        tx: &mut Tx,
        scope: TenantScope,
        user: UserId,
        tries: u64,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let statement = match self {
            Self::Known => sql(
                "UPDATE two_factor SET known_tries = $1, known_locked_until = $2 WHERE user_id = $3 AND tenant_id = $4",
            ),
            Self::Unknown => sql(
                "UPDATE two_factor SET tries = $1, locked_until = $2 WHERE user_id = $3 AND tenant_id = $4",
            ),
        };
        tx.run(statement.bind(tries).bind(until).bind(user).bind(scope.tenant())).await.map(drop)
    }
}

impl Store {
    /// Takes one try of a code for somebody who is signed in.
    ///
    /// # Errors
    /// `Unsealable`, and those of the database.
    pub async fn take_code_try(&self, scope: TenantScope, user: UserId) -> Result<CodeTry, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let taken = Lane::Known.take(&mut tx, self, scope, user).await?;
            tx.commit().await?;
            Ok(taken)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_and_none_is_longer_than_a_day() {
        let minutes = |tries| wait_after(tries).map(|wait| wait / 60_000);
        assert_eq!([0, 1, 9, 11, 19].map(minutes), [None; 5]);
        assert_eq!([10, 20, 30, 70].map(minutes), [Some(15), Some(30), Some(60), Some(960)]);
        assert_eq!([80, 1_000, u64::MAX / 10 * 10].map(minutes), [Some(1_440); 3]);
    }
}
