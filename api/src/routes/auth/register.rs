//! Making an account.

use super::wire::{NewAccount, SignedIn};
use crate::error::ApiError;
use crate::extract::{ClientAddress, DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::password::{hash_password, validate_email, validate_password};
use crate::state::AppState;
use crate::validate::Validation;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use twobot_store::account_tokens::Pending;
use twobot_store::{StoreError, accounts};

/// Make an account
///
/// Makes an account with a workspace of its own, on the default plan. A mail asks whether the address is theirs. Where mails go out, the
/// account can be used once that is answered, and the answer here is the same whether or not the address has an account; its owner gets a
/// mail then. Where none go out, this signs in. Three times an hour for an address, and from a network address.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    tag = "auth",
    security(()),
    request_body = NewAccount,
    responses(
        (status = 201, description = "The account exists and is signed in.", body = SignedIn),
        (status = 202, description = "A mail is on its way."),
        (status = 403, description = "`registration_closed`: the operator makes the accounts here; `csrf_failed`: another site sent this."),
        (status = 409, description = "`email_taken`: the address has an account. Only where no mails go out."),
        (status = 429, description = "`rate_limited`: too many accounts; `Retry-After` says how long to wait."),
    )
)]
pub(super) async fn register(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    origin: Origin,
    device: DeviceOf,
    headers: HeaderMap,
    Json(new): Json<NewAccount>,
) -> Result<Response, ApiError> {
    require_same_origin(&headers, state.config.public_url.as_ref(), Unsaid::Accept)?;
    if !state.config.registration_open {
        return Err(ApiError::registration_closed());
    }
    let mut check = Validation::default();
    let email = new.email.trim();
    if let Err(message) = validate_email(email) {
        check.wrong("email", message);
    }
    if let Err(message) = validate_password(new.password.expose_secret()) {
        check.wrong("password", message);
    }
    let name = check.name("name", &new.name);
    check.finish()?;

    state.throttle().take_registration(address, email).await.map_err(super::too_many)?;
    let password = new.password;
    let (email, quiet) = (email.to_owned(), state.config.mails_go_out);
    if quiet {
        // Not waited for: an address that has an account must neither be answered otherwise nor later than one that has none.
        tokio::spawn(async move {
            if let Err(error) = wait_for_mail(&state, email, name, &password).await {
                tracing::error!(
                    cause = error.cause.unwrap_or_default(),
                    "an account could not be made, or its mail not be queued"
                );
            }
        });
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let account = account(&state, email, name, &password).await?;
    let token = super::verification(&account.name, None)?;
    let (scope, user) =
        state.store().register_unverified(&account, &token).await.map_err(|error| match error {
            StoreError::Exists(_) => ApiError::email_taken(),
            error => error.into(),
        })?;
    super::sign_in(&state, scope, user, device, &origin, StatusCode::CREATED).await
}

async fn account(
    state: &AppState,
    email: String,
    name: String,
    password: &SecretString,
) -> Result<accounts::NewAccount, ApiError> {
    Ok(accounts::NewAccount {
        email,
        name,
        password_hash: hash_password(password.expose_secret()).await.map_err(ApiError::internal)?,
        role: "owner".to_owned(),
        plan: state.engine.plans().default_plan().id.clone(),
    })
}

/// Makes an account that waits for its address to be confirmed; where the address has one, its owner is told.
async fn wait_for_mail(
    state: &AppState,
    email: String,
    name: String,
    password: &SecretString,
) -> Result<(), ApiError> {
    let account = account(state, email, name, password).await?;
    let pending = Pending { name: account.name.clone(), password_hash: account.password_hash.clone() };
    let token = super::verification(&account.name, Some(pending))?;
    match state.store().register_unverified(&account, &token).await {
        Err(StoreError::Exists(_)) => state.store().register_again(&account.email, &token).await?,
        other => drop(other?),
    }
    state.engine.mail_waits();
    Ok(())
}
