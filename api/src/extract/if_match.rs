//! Changes that are made only if nobody made another one meanwhile.

use crate::error::ApiError;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;
use twobot_engine::Engine;
use twobot_store::versions::{Expected, Versioned};
use twobot_store::{Store, TenantScope};
use utoipa::IntoParams;

/// The most versions that a request may name; nobody knows more than one or two.
const MOST: usize = 16;

/// What a request says of the version that it wants to change (`If-Match`, RFC 9110): nothing, any, or one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whatever it is now.
    Unsaid,
    /// Any, as long as there is one.
    Any,
    /// One of these. None of them where what the header says is no entity tag, or a weak one, which is the same as nothing here.
    OneOf(Vec<String>),
}

/// How the document tells of it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header, which is read elsewhere")]
pub(crate) struct IfMatchHeader {
    /// The `etag` of what is to be changed, or `*`. Where it was changed since, nothing is done (412). Left out, it is changed whatever
    /// it is now.
    #[param(rename = "If-Match", example = "\"9f2c4be1a07d4c55b2f0a7c19d3e8f60\"")]
    if_match: Option<String>,
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Self {
        let mut versions = Vec::new();
        let mut said = false;
        for value in headers.get_all(header::IF_MATCH) {
            said = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                if tag == "*" {
                    return Self::Any;
                }
                let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                versions.extend(version.map(str::to_owned).filter(|_| versions.len() < MOST));
            }
        }
        if said { Self::OneOf(versions) } else { Self::Unsaid }
    }

    fn expected(self, of: Versioned) -> Option<Expected> {
        match self {
            Self::Unsaid => None,
            Self::Any => Some(Expected { of, versions: None }),
            Self::OneOf(versions) => Some(Expected { of, versions: Some(versions) }),
        }
    }

    /// The engine for a change of this thing.
    ///
    /// # Errors
    /// `precondition_failed` where it is clear already that it is another version; `not_found`.
    pub(crate) async fn engine(
        self,
        state: &AppState,
        scope: TenantScope,
        of: Versioned,
    ) -> Result<Engine, ApiError> {
        let Some(expected) = self.expected(of) else { return Ok(state.engine.clone()) };
        let engine = state.engine.expecting(expected);
        engine.store().check_expected(scope).await?;
        Ok(engine)
    }

    /// The store for a change of this thing; it looks when it makes the change.
    pub(crate) fn store(self, state: &AppState, of: Versioned) -> Store {
        match self.expected(of) {
            Some(expected) => state.store().expecting(expected),
            None => state.store().clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_tags_name_a_version() {
        let check = |values: &[&str], expected: IfMatch| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, value.parse().unwrap());
            }
            assert_eq!(IfMatch::of(&headers), expected, "{values:?}");
        };
        let one_of =
            |versions: &[&str]| IfMatch::OneOf(versions.iter().map(|one| (*one).to_owned()).collect());
        check(&[], IfMatch::Unsaid);
        check(&["*"], IfMatch::Any);
        check(&["\"a\", \"b\"", "\"c\""], one_of(&["a", "b", "c"]));
        check(&["W/\"a\""], one_of(&[]));
        check(&["a"], one_of(&[]));
        check(&[""], one_of(&[]));
        check(&["\"a\"", "*"], IfMatch::Any);
        check(&[&["\"a\""; 100].join(",")], one_of(&["a"; MOST]));
    }
}
