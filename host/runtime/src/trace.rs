//! Where a sandbox was when it ended, for its owner's log.
//!
//! Functions are told by the names that the component carries. Those are a stranger's text: they are cut before they are looked at, and
//! what a compiler wrote into them is made readable within bounds. Debug information is not read at all (see [`crate::machine`]).

use std::fmt::{self, Write};
use wasmtime::{FrameInfo, WasmBacktrace};

/// The most bytes of what the engine says.
const REASON: usize = 1_000;

/// The most frames, the innermost first.
const FRAMES: usize = 20;

/// The most bytes of a name that is made readable; what compilers write is shorter.
const MANGLED: usize = 1_000;

/// The most bytes of a name that are shown.
const NAME: usize = 120;

/// Text that takes so many bytes and no more.
struct Bounded {
    text: String,
    most: usize,
}

impl Bounded {
    /// As much as there is room for; whatever it is stops writing when there is none.
    fn of(what: impl fmt::Display, most: usize) -> String {
        let mut bounded = Self { text: String::new(), most };
        if write!(bounded, "{what}").is_err() {
            bounded.text.push('…');
        }
        bounded.text
    }
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most.saturating_sub(self.text.len());
        let end = text.floor_char_boundary(room);
        // No lines and no colours of the guest's own.
        self.text.extend(
            text[..end].chars().map(|sign| if sign.is_control() && sign != '\n' { '\u{fffd}' } else { sign }),
        );
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Why a sandbox ended, and in which of its functions.
pub(crate) fn of(error: &wasmtime::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = Bounded::of(cause, REASON);
        // The engine hangs the frames themselves among the causes.
        if cause.starts_with("error while executing at wasm backtrace") || text.len() > REASON {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return text };
    text.push_str("\nwasm backtrace:");
    for (number, frame) in backtrace.frames().iter().take(FRAMES).enumerate() {
        let _ = write!(text, "\n  {number:>2}: {}", name(frame));
    }
    text
}

/// A function's name, or its number where it has none.
fn name(frame: &FrameInfo) -> String {
    match frame.func_name() {
        Some(name) if !name.is_empty() => readable(name),
        _ => format!("function {}", frame.func_index()),
    }
}

/// A name as its author knows it.
fn readable(name: &str) -> String {
    let shown = match (name.len() <= MANGLED).then(|| rustc_demangle::try_demangle(name)) {
        // Without the digits that the compiler added at its end.
        Some(Ok(demangled)) => Bounded::of(format_args!("{demangled:#}"), NAME),
        _ => Bounded::of(name, NAME),
    };
    shown.replace('\n', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_and_bounded() {
        assert_eq!(
            readable("_ZN4core9panicking9panic_fmt17h0123456789abcdefE"),
            "core::panicking::panic_fmt"
        );
        assert_eq!(readable("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
        assert_eq!(readable("plain"), "plain");
        assert_eq!(readable("a\nb\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
        let long = "é".repeat(500_000);
        assert!(readable(&long).len() <= NAME + '…'.len_utf8() && readable(&long).ends_with('…'));
        // A name of the compiler's new form can repeat parts of itself: few bytes, a text of any length.
        let mut bomb = "_RMC0".to_owned();
        bomb.push_str(&"T".repeat(20));
        for _ in 0..20 {
            bomb.push_str("B5_B5_E");
        }
        assert!(readable(&bomb).len() <= NAME + '…'.len_utf8());
    }

    #[test]
    fn what_writes_without_end_is_stopped() {
        struct Endless;
        impl fmt::Display for Endless {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("x")?;
                }
            }
        }
        assert_eq!(Bounded::of(Endless, 10), "xxxxxxxxxx…");
    }
}
