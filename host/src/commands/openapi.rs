//! `twobot openapi`

/// Prints the OpenAPI document. Needs no configuration.
///
/// # Errors
/// When it can not be written as JSON.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub(crate) fn run() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&twobot_api::openapi())?);
    Ok(())
}
