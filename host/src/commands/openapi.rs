//! `twobot openapi`

use super::answer;

/// Prints the OpenAPI document. Needs no configuration.
///
/// # Errors
/// When it can not be written as JSON.
pub(crate) fn run() -> anyhow::Result<()> {
    Ok(answer::line(&serde_json::to_string_pretty(&twobot_api::openapi())?)?)
}
