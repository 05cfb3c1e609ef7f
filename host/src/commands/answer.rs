//! What a command answers on standard output.

use std::io::{ErrorKind, Write as _};

/// Writes a line. A reader that has read enough (`twobot config | head`) is no error.
///
/// # Errors
/// When standard output can not be written to.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
