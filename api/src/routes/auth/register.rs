//! Making an account.

use super::wire::{NewAccount, SignedIn};
use crate::error::ApiError;
use crate::extract::{DeviceOf, Json, Origin, Unsaid, require_same_origin};
use crate::password::{hash_password, validate_email, validate_password};
use crate::state::AppState;
use crate::validate::Validation;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::ExposeSecret;
use twobot_store::{StoreError, accounts};

/// Make an account
///
/// Makes an account with a workspace of its own, on the default plan, and signs in. A mail asks whether the address is theirs.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register",
    tag = "auth",
    security(()),
    request_body = NewAccount,
    responses(
        (status = 201, description = "The account exists and is signed in.", body = SignedIn),
        (status = 403, description = "`registration_closed`: the operator makes the accounts here; `csrf_failed`: another site sent this."),
        (status = 409, description = "`email_taken`: the address has an account."),
    )
)]
pub(super) async fn register(
    State(state): State<AppState>,
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

    let account = accounts::NewAccount {
        email: email.to_owned(),
        name,
        password_hash: hash_password(new.password.expose_secret()).await.map_err(ApiError::internal)?,
        role: "owner".to_owned(),
        plan: state.engine.plans().default_plan().id.clone(),
    };
    let (scope, user) =
        state.store().register_unverified(&account, &super::verification(&account.name)?).await.map_err(
            |error| match error {
                StoreError::Exists(_) => ApiError::email_taken(),
                error => error.into(),
            },
        )?;
    state.engine.mail_waits();
    super::sign_in(&state, scope, user, device, &origin, StatusCode::CREATED).await
}
