//! `twobot compile-component`, which the platform calls itself.

use anyhow::Context as _;

/// The command's name.
pub(crate) const NAME: &str = "compile-component";

/// Compiles the component on standard input. Needs no configuration, and is given none.
///
/// # Errors
/// When it was not the platform that called.
pub(crate) fn run() -> anyhow::Result<()> {
    twobot_runtime::serve_compiler(std::io::stdin().lock(), std::io::stdout().lock())
        .context("can not compile")
}
