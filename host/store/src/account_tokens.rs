//! What a mail carries to confirm an address or to choose a new password: tokens that work once and not for long.

use crate::accounts::{User, token_digest, user};
use crate::db::{Tx, sql, transaction};
use crate::mails::queue;
use crate::{Store, StoreError, TenantScope};
use twobot_domain::{Mail, MailId, SessionId, Timestamp, UserId};
use uuid::Uuid;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    /// Confirms that the address is theirs.
    Verify,
    /// Lets them choose a new password.
    Reset,
}

impl TokenPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
        }
    }
}

/// A token that goes out with a mail. It is the caller's; only its digest is kept.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is good for.
    pub purpose: TokenPurpose,
    /// Long and random.
    pub token: secrecy::SecretString,
    /// Until when.
    pub expires_at: Timestamp,
    /// The mail that carries it.
    pub mail: Mail,
}

/// Keeps a token and queues its mail. Those before stay good, so that nobody makes another's mail worthless by asking for one more.
pub(crate) async fn hand_out(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    user: UserId,
    new: &NewToken,
) -> Result<MailId, StoreError> {
    use secrecy::ExposeSecret;
    let mail = queue(tx, &store.key, scope, user, &new.mail).await?;
    tx.run(
        sql("INSERT INTO account_tokens (id, tenant_id, user_id, purpose, token_hash, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(Uuid::now_v7())
        .bind(scope.tenant())
        .bind(user)
        .bind(new.purpose.as_str())
        .bind(token_digest(new.token.expose_secret()))
        .bind(Timestamp::now())
        .bind(new.expires_at),
    )
    .await?;
    Ok(mail)
}

/// Uses a token up, and with it all others of the same user for the same purpose.
async fn use_up(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    purpose: TokenPurpose,
    token: &str,
) -> Result<(), StoreError> {
    let used = tx
        .run(
            sql("DELETE FROM account_tokens WHERE token_hash = $1 AND purpose = $2 AND user_id = $3 AND tenant_id = $4 \
                 AND expires_at > $5")
            .bind(token_digest(token))
            .bind(purpose.as_str())
            .bind(user)
            .bind(scope.tenant())
            .bind(Timestamp::now()),
        )
        .await?;
    if used == 0 {
        return Err(StoreError::NotFound);
    }
    forget(tx, scope, user, purpose).await
}

async fn forget(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    purpose: TokenPurpose,
) -> Result<(), StoreError> {
    tx.run(
        sql("DELETE FROM account_tokens WHERE user_id = $1 AND tenant_id = $2 AND purpose = $3")
            .bind(user)
            .bind(scope.tenant())
            .bind(purpose.as_str()),
    )
    .await
    .map(drop)
}

/// Confirms a user's address, if it was not.
async fn confirm(tx: &mut Tx, scope: TenantScope, user: UserId) -> Result<u64, StoreError> {
    tx.run(
        sql("UPDATE users SET email_verified_at = $1 WHERE id = $2 AND tenant_id = $3 AND email_verified_at IS NULL")
            .bind(Timestamp::now())
            .bind(user)
            .bind(scope.tenant()),
    )
    .await
}

/// Replaces a password, ends every session of the user but one, makes tokens for choosing a password worthless, and tells the user.
async fn replace_password(
    tx: &mut Tx,
    store: &Store,
    scope: TenantScope,
    user: UserId,
    hash: &str,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let row = tx
        .optional(
            sql("UPDATE users SET password_hash = $1 WHERE id = $2 AND tenant_id = $3 RETURNING name")
                .bind(hash)
                .bind(user)
                .bind(scope.tenant()),
        )
        .await?
        .ok_or(StoreError::NotFound)?;
    let ended = tx
        .all(
            sql("DELETE FROM sessions WHERE user_id = $1 AND tenant_id = $2 AND id <> $3 RETURNING id")
                .bind(user)
                .bind(scope.tenant())
                .bind(keep.map_or(Uuid::nil(), SessionId::uuid)),
        )
        .await?;
    forget(tx, scope, user, TokenPurpose::Reset).await?;
    let mail = Mail::PasswordChanged { name: row.get("name")?, at: Timestamp::now() };
    queue(tx, &store.key, scope, user, &mail).await?;
    store.write_note(tx, scope).await?;
    ended.iter().map(|row| row.get("id")).collect()
}

impl Store {
    /// Hands a token out to a user by mail.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn hand_out_token(
        &self,
        scope: TenantScope,
        user: UserId,
        new: &NewToken,
    ) -> Result<MailId, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let mail = hand_out(&mut tx, self, scope, user, new).await?;
            tx.commit().await?;
            Ok(mail)
        })
    }

    /// Whose token it is, if it is good for that purpose. It stays good.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn token_holder(
        &self,
        purpose: TokenPurpose,
        token: &str,
    ) -> Result<Option<(TenantScope, User)>, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT u.id, u.tenant_id, u.email, u.name, u.role, u.created_at, u.email_verified_at FROM account_tokens t \
                     JOIN users u ON u.id = t.user_id AND u.tenant_id = t.tenant_id \
                     WHERE t.token_hash = $1 AND t.purpose = $2 AND t.expires_at > $3")
                .bind(token_digest(token))
                .bind(purpose.as_str())
                .bind(Timestamp::now()),
            )
            .await?;
        row.map(|row| Ok((TenantScope::of(row.get("tenant_id")?), user(&row)?))).transpose()
    }

    /// Confirms a user's address by a token, and welcomes them.
    ///
    /// # Errors
    /// `NotFound` when the token is not theirs, used, or expired.
    pub async fn verify_email(
        &self,
        scope: TenantScope,
        user: UserId,
        token: &str,
        welcome: &Mail,
    ) -> Result<(), StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            use_up(&mut tx, scope, user, TokenPurpose::Verify, token).await?;
            if confirm(&mut tx, scope, user).await? > 0 {
                queue(&mut tx, &self.key, scope, user, welcome).await?;
                self.write_note(&mut tx, scope).await?;
            }
            tx.commit().await
        })
    }

    /// Replaces a password by a token, and ends all sessions of the user, which it answers. The address is confirmed by it, too: the
    /// token was read there.
    ///
    /// # Errors
    /// `NotFound` when the token is not theirs, used, or expired.
    pub async fn reset_password(
        &self,
        scope: TenantScope,
        user: UserId,
        token: &str,
        hash: &str,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            use_up(&mut tx, scope, user, TokenPurpose::Reset, token).await?;
            confirm(&mut tx, scope, user).await?;
            let ended = replace_password(&mut tx, self, scope, user, hash, None).await?;
            tx.commit().await?;
            Ok(ended)
        })
    }

    /// Replaces a password whose owner knew it, and ends all other sessions of the user, which it answers.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such user.
    pub async fn change_password(
        &self,
        scope: TenantScope,
        user: UserId,
        hash: &str,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let ended = replace_password(&mut tx, self, scope, user, hash, Some(keep)).await?;
            tx.commit().await?;
            Ok(ended)
        })
    }
}
