//! `twobot user`

use super::answer;
use crate::host;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Args;
use twobot_domain::AuditAction;
use twobot_store::accounts::NewAccount;
use twobot_store::audit::{By, Note, Target};
use twobot_store::{Store, StoreError};

/// A user to be made.
#[derive(Args)]
pub(crate) struct Create {
    /// The address that they sign in with.
    #[arg(long)]
    email: String,
    /// At least 8 characters with an upper case letter, a digit and a special sign.
    #[arg(long)]
    password: String,
    /// The name to show; the part of the address before the @ where it is not given.
    #[arg(long)]
    name: Option<String>,
    /// Makes them an operator of the platform.
    #[arg(long)]
    admin: bool,
    /// The plan; the catalogue's default where it is not given.
    #[arg(long)]
    plan: Option<String>,
}

/// Whose two-factor sign-in is to be turned off.
#[derive(Args)]
pub(crate) struct TwoFactorOff {
    /// The address that they sign in with. Make sure by another way that it is them who ask.
    email: String,
}

/// Makes a user with a tenant of their own.
///
/// # Errors
/// When the address, the password or the plan is wrong, or the address has an account.
pub(crate) async fn create(settings: &Settings, create: Create) -> anyhow::Result<()> {
    twobot_api::validate_email(&create.email).map_err(|reason| anyhow::anyhow!("--email: {reason}"))?;
    twobot_api::validate_password(&create.password)
        .map_err(|reason| anyhow::anyhow!("--password: {reason}"))?;
    let plans = &settings.plans.catalogue;
    let plan = match &create.plan {
        None => plans.default_plan(),
        Some(id) => plans.get(id).ok_or_else(|| {
            let known: Vec<_> = plans.all().iter().map(|plan| plan.id.as_str()).collect();
            anyhow::anyhow!("--plan: there is no plan `{id}`; there are {}", known.join(", "))
        })?,
    };
    let name = create.name.unwrap_or_else(|| create.email.split('@').next().unwrap_or_default().to_owned());
    let account = NewAccount {
        email: create.email,
        name,
        password_hash: twobot_api::hash_password(&create.password).await?,
        role: if create.admin { "admin" } else { "owner" }.to_owned(),
        plan: plan.id.clone(),
    };
    let store = host::store(settings).await?;
    let made = store.register(&account).await;
    store.close().await;
    match made {
        Ok((_, user)) => {
            answer::line(&format!("made the user {} ({}) on the plan {}", user.email, user.role, plan.name))?;
        }
        Err(StoreError::Exists(_)) => anyhow::bail!("--email: {} already has an account", account.email),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Turns two-factor sign-in off for a user, beside a server that runs or without one.
///
/// # Errors
/// When the database can not be changed, there is no such user, or it is off.
pub(crate) async fn two_factor_off(settings: &Settings, off: &TwoFactorOff) -> anyhow::Result<()> {
    let store = host::store(settings).await?;
    let done = lift(&store, &off.email).await;
    store.close().await;
    if !done? {
        anyhow::bail!("two-factor sign-in is off for {}", off.email);
    }
    answer::line(&format!("two-factor sign-in is off now for {}, who is told by mail", off.email))?;
    Ok(())
}

async fn lift(store: &Store, email: &str) -> anyhow::Result<bool> {
    let login = store.login(email.trim()).await?.with_context(|| format!("nobody signs in with {email}"))?;
    let target = Target { kind: "user", id: login.user.id.to_string(), name: login.user.name };
    let note = Note::new(&By::system(), AuditAction::AuthTwoFactorDisable, target);
    Ok(store.noting(note).lift_two_factor(login.scope, login.user.id).await?)
}
