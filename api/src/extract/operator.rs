//! Who asks, where only operators may.

use super::Session;
use crate::error::ApiError;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use twobot_store::operators::Oversight;

/// A signed-in request of an operator. A handler that takes one can not be reached by anyone else.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// Who it is.
    pub(crate) session: Session,
    /// The right to look after every tenant.
    pub(crate) right: Oversight,
}

impl FromRequestParts<AppState> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let session = Session::from_request_parts(parts, state).await?;
        let right = session.operator.ok_or_else(ApiError::operator_required)?;
        Ok(Self { session, right })
    }
}
