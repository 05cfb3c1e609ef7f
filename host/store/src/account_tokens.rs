//! What a mail carries to confirm an address or to choose a new password: tokens that work once and not for long.

use crate::accounts::{User, token_digest, user};
use crate::db::{Tx, sql, transaction};
use crate::mails::queue;
use crate::two_factor::end_challenges;
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
    /// What its use brings into effect.
    pub pending: Option<Pending>,
}

/// What someone chose who registered and has yet to show that the address is theirs.
#[derive(Clone, Debug)]
pub struct Pending {
    /// How they are called.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
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
        sql("INSERT INTO account_tokens (id, tenant_id, user_id, purpose, token_hash, created_at, expires_at, name, password_hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(Uuid::now_v7())
        .bind(scope.tenant())
        .bind(user)
        .bind(new.purpose.as_str())
        .bind(token_digest(new.token.expose_secret()))
        .bind(Timestamp::now())
        .bind(new.expires_at)
        .bind(new.pending.as_ref().map(|pending| pending.name.as_str()))
        .bind(new.pending.as_ref().map(|pending| pending.password_hash.as_str())),
    )
    .await?;
    Ok(mail)
}

/// Uses a token up, and with it all others of the same user for the same purpose. Answers what its use brings into effect.
async fn use_up(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    purpose: TokenPurpose,
    token: &str,
) -> Result<Option<Pending>, StoreError> {
    let used = tx
        .optional(
            sql("DELETE FROM account_tokens WHERE token_hash = $1 AND purpose = $2 AND user_id = $3 AND tenant_id = $4 \
                 AND expires_at > $5 RETURNING name, password_hash")
            .bind(token_digest(token))
            .bind(purpose.as_str())
            .bind(user)
            .bind(scope.tenant())
            .bind(Timestamp::now()),
        )
        .await?
        .ok_or(StoreError::NotFound)?;
    forget(tx, scope, user, purpose).await?;
    let (name, password_hash): (Option<String>, Option<String>) =
        (used.get("name")?, used.get("password_hash")?);
    Ok(name.zip(password_hash).map(|(name, password_hash)| Pending { name, password_hash }))
}

/// Brings into effect what someone chose who has shown now that the address is theirs. Whoever else signed in to the account before did
/// not show that, and is signed out.
async fn settle(
    tx: &mut Tx,
    scope: TenantScope,
    user: UserId,
    pending: &Pending,
) -> Result<Vec<SessionId>, StoreError> {
    tx.run(
        sql("UPDATE users SET name = $1, password_hash = $2 WHERE id = $3 AND tenant_id = $4")
            .bind(pending.name.as_str())
            .bind(pending.password_hash.as_str())
            .bind(user)
            .bind(scope.tenant()),
    )
    .await?;
    tx.run(
        sql("UPDATE tenants SET name = $1 WHERE id = $2").bind(pending.name.as_str()).bind(scope.tenant()),
    )
    .await?;
    forget(tx, scope, user, TokenPurpose::Reset).await?;
    end_challenges(tx, scope, user).await?;
    let ended = tx
        .all(
            sql("DELETE FROM sessions WHERE user_id = $1 AND tenant_id = $2 RETURNING id")
                .bind(user)
                .bind(scope.tenant()),
        )
        .await?;
    ended.iter().map(|row| row.get("id")).collect()
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
    // Who got half-way in with the old password does not get further.
    end_challenges(tx, scope, user).await?;
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

    /// The digest of the password that was chosen with a token for confirming an address, if there was one: who uses the token has to
    /// know it.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn pending_password(&self, token: &str) -> Result<Option<String>, StoreError> {
        let row = self
            .db
            .optional(
                sql("SELECT password_hash FROM account_tokens WHERE token_hash = $1 AND expires_at > $2")
                    .bind(token_digest(token))
                    .bind(Timestamp::now()),
            )
            .await?;
        row.map_or(Ok(None), |row| row.get("password_hash"))
    }

    /// Does for an address what registering with it once more asks for. Where its account is confirmed, its owner is told; where it is
    /// not, the token goes there, and what was chosen takes effect by its use.
    ///
    /// # Errors
    /// Only those of the database; an address without an account is none.
    pub async fn register_again(&self, email: &str, verification: &NewToken) -> Result<(), StoreError> {
        let Some(login) = self.login(email).await? else { return Ok(()) };
        let (scope, user) = (login.scope, login.user);
        transaction!(self.db.begin(scope), |tx| {
            if user.email_verified_at.is_some() {
                let mail = Mail::AlreadyRegistered { name: user.name.clone() };
                queue(&mut tx, &self.key, scope, user.id, &mail).await?;
            } else {
                hand_out(&mut tx, self, scope, user.id, verification).await?;
            }
            tx.commit().await
        })
    }

    /// Confirms a user's address by a token, and welcomes them. What was chosen with the token takes effect, and then all sessions of the
    /// user end, which it answers.
    ///
    /// # Errors
    /// `NotFound` when the token is not theirs, used, or expired.
    pub async fn verify_email(
        &self,
        scope: TenantScope,
        user: UserId,
        token: &str,
        welcome: &Mail,
    ) -> Result<Vec<SessionId>, StoreError> {
        transaction!(self.db.begin(scope), |tx| {
            let pending = use_up(&mut tx, scope, user, TokenPurpose::Verify, token).await?;
            let mut ended = Vec::new();
            if confirm(&mut tx, scope, user).await? > 0 {
                if let Some(pending) = &pending {
                    ended = settle(&mut tx, scope, user, pending).await?;
                }
                queue(&mut tx, &self.key, scope, user, welcome).await?;
                self.write_note(&mut tx, scope).await?;
            }
            tx.commit().await?;
            Ok(ended)
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
