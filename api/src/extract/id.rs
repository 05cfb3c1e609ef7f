//! Ids and names in paths.

use crate::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The id in a path. One that is no UUID names nothing, so it is not found like any other that does not exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) =
            Path::from_request_parts(parts, state).await.map_err(|_| ApiError::not_found("thing"))?;
        Ok(Self(id))
    }
}

/// The names in a path, such as a plugin's slug: a text, or a tuple of what the path has.
#[derive(Clone, Debug)]
pub(crate) struct Names<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Names<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(names) =
            Path::from_request_parts(parts, state).await.map_err(|_| ApiError::not_found("thing"))?;
        Ok(Self(names))
    }
}
