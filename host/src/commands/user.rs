//! `twobot user`

use super::answer;
use crate::host;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use twobot_domain::{AuditAction, Role, UserId};
use twobot_store::accounts::{NewAccount, NewUser};
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
    /// Makes them an operator, who looks after the whole server.
    #[arg(long, visible_alias = "operator")]
    admin: bool,
    /// Adds them to the tenant of whoever has this address, instead of one of their own.
    #[arg(long, value_name = "EMAIL", conflicts_with = "plan")]
    joins: Option<String>,
    /// What they may do there: member, admin or owner.
    #[arg(long, value_parser = role, default_value = "member", requires = "joins")]
    role: Role,
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

/// A user.
#[derive(Args)]
pub(crate) struct Of {
    /// The address that they sign in with.
    email: String,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "must be member, admin or owner".to_owned())
}

/// What is done to a user on the command line, as the audit log tells it.
fn note(action: AuditAction, id: UserId, name: &str) -> Note {
    Note::new(&By::system(), action, Target { kind: "user", id: id.to_string(), name: name.to_owned() })
}

/// Makes a user, with a tenant of their own or in one that is there.
///
/// # Errors
/// When the address, the password or the plan is wrong, the address has an account, or nobody has that of `--joins`.
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
    let password_hash = twobot_api::hash_password(&create.password).await?;
    let store = host::store(settings).await?;
    let made = match &create.joins {
        Some(owner) => {
            let of = store.login(owner).await?;
            let of = of.ok_or_else(|| anyhow::anyhow!("--joins: nobody has the address {owner}"))?;
            let new =
                NewUser { email: create.email.clone(), name: name.clone(), password_hash, role: create.role };
            let note = note(AuditAction::AccountJoin, UserId::new(), &name)
                .with(json!({"role": create.role.as_str()}));
            let id = store.noting(note).add_user(of.scope, &new).await;
            id.map(|id| (of.scope, id, format!("({}) in the account of {owner}", create.role)))
        }
        None => {
            let account = NewAccount {
                email: create.email.clone(),
                name: name.clone(),
                password_hash,
                role: Role::Owner.as_str().to_owned(),
                plan: plan.id.clone(),
            };
            let made = store.register(&account).await;
            made.map(|(scope, user)| (scope, user.id, format!("(owner) on the plan {}", plan.name)))
        }
    };
    let made = match made {
        Err(StoreError::Exists(_)) => anyhow::bail!("--email: {} already has an account", create.email),
        other => other?,
    };
    let (scope, id, how) = made;
    let mut words = format!("made the user {} {how}", create.email.to_lowercase());
    if create.admin {
        store.noting(note(AuditAction::OperatorGrant, id, &name)).set_operator(scope, id, true).await?;
        words.push_str(", who is an operator");
    }
    store.close().await;
    answer::line(&words)?;
    Ok(())
}

/// Makes a user an operator, or takes that from them.
///
/// # Errors
/// When nobody has the address.
pub(crate) async fn set_operator(settings: &Settings, of: &Of, on: bool) -> anyhow::Result<()> {
    let store = host::store(settings).await?;
    let login = store.login(&of.email).await?;
    let login = login.ok_or_else(|| anyhow::anyhow!("nobody has the address {}", of.email))?;
    let action = if on { AuditAction::OperatorGrant } else { AuditAction::OperatorRevoke };
    let noting = store.noting(note(action, login.user.id, &login.user.name));
    let changed = noting.set_operator(login.scope, login.user.id, on).await?;
    store.close().await;
    let email = &login.user.email;
    answer::line(&match (on, changed) {
        (true, true) => format!("{email} is an operator now"),
        (true, false) => format!("{email} was an operator already"),
        (false, true) => format!("{email} is no operator any more"),
        (false, false) => format!("{email} was no operator"),
    })?;
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
