//! `twobot user`

use super::answer;
use crate::host;
use crate::settings::Settings;
use clap::Args;
use twobot_store::StoreError;
use twobot_store::accounts::NewAccount;

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
