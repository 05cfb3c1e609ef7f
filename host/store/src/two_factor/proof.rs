//! What shows that somebody has the authenticator or a recovery code, and is worth nothing afterwards.

use super::name;
use super::tries::Lane;
use crate::db::{Tx, sql};
use crate::mails::queue;
use crate::{Store, StoreError, TenantScope};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use twobot_domain::{Mail, Timestamp, TwoFactorId, UserId};
use uuid::Uuid;

/// What somebody has shown.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The code of a time step.
    Code {
        /// The set-up that it was computed from.
        setup: TwoFactorId,
        /// The step.
        step: u64,
    },
    /// A recovery code, in the one form in which they are kept.
    Recovery(SecretString),
}

/// The digest under which a recovery code is kept. It has some 80 bits, which nobody tries out, so that a fast one is enough; the user is
/// part of it, so that one table of digests does not serve for everyone.
fn digest(user: UserId, code: &SecretString) -> Vec<u8> {
    Sha256::new()
        .chain_update(b"recovery code ")
        .chain_update(user.uuid().as_bytes())
        .chain_update(code.expose_secret().as_bytes())
        .finalize()
        .to_vec()
}

/// Keeps recovery codes in the place of those before.
pub(super) async fn write_codes(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    codes: &[SecretString],
) -> Result<(), StoreError> {
    tx.run(
        sql("DELETE FROM recovery_codes WHERE user_id = $1 AND tenant_id = $2")
            .bind(user)
            .bind(scope.tenant()),
    )
    .await?;
    let now = Timestamp::now();
    for code in codes {
        tx.run(
            sql("INSERT INTO recovery_codes (id, tenant_id, user_id, digest, created_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(Uuid::now_v7())
                .bind(scope.tenant())
                .bind(user)
                .bind(digest(user, code))
                .bind(now),
        )
        .await?;
    }
    Ok(())
}

/// Uses a proof up, and says whether it was worth anything: a time step is once, and so is a recovery code. Then the tries of its lane are
/// forgotten.
pub(super) async fn spend(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    lane: Lane,
    proof: &Proof,
) -> Result<bool, StoreError> {
    let spent = match proof {
        Proof::Code { setup, step } => {
            sql("UPDATE two_factor SET last_step = $1 \
                 WHERE id = $2 AND user_id = $3 AND tenant_id = $4 AND enabled_at IS NOT NULL AND last_step < $1")
            .bind(*step)
            .bind(*setup)
            .bind(user)
            .bind(scope.tenant())
        }
        Proof::Recovery(code) => {
            sql("DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2 AND tenant_id = $3")
                .bind(user)
                .bind(digest(user, code))
                .bind(scope.tenant())
        }
    };
    if tx.run(spent).await? == 0 {
        return Ok(false);
    }
    lane.forgive(tx, scope, user).await?;
    Ok(true)
}

/// Tells a user by mail that one of their recovery codes was used, and how many are left.
pub(super) async fn tell_of_recovery(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    user: UserId,
) -> Result<(), StoreError> {
    let left = tx
        .optional(
            sql("SELECT count(*) AS left_over FROM recovery_codes WHERE user_id = $1 AND tenant_id = $2")
                .bind(user)
                .bind(scope.tenant()),
        )
        .await?
        .map_or(Ok(0), |row| row.get("left_over"))?;
    let mail = Mail::RecoveryCodeUsed { name: name(tx, scope, user).await?, left, at: Timestamp::now() };
    queue(tx, &store.key, scope, user, &mail).await.map(drop)
}
