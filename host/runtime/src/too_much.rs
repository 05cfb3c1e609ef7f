//! What a component may have only so much of.

use std::fmt;

/// What a component may have only so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named by its words for people, below")]
pub enum TooMuch {
    Imports,
    Modules,
    Definitions,
    FunctionBytes,
    Work,
    Instances,
    Memories,
    Tables,
    MemoryBytes,
    TableElements,
    StateBytes,
}

/// What the engine says of what does not fit into its pool: how it begins, what stands before the limit, and what it is about. It has
/// no type for these errors, only words.
const WORDS: [(&str, &str, TooMuch); 8] = [
    ("defined memories count of ", "limit of ", TooMuch::Memories),
    ("defined tables count of ", "limit of ", TooMuch::Tables),
    ("memory has a minimum byte size of ", "limit of ", TooMuch::MemoryBytes),
    ("minimum element size of ", "limit of ", TooMuch::TableElements),
    ("core module instances, which exceeds", "maximum of ", TooMuch::Instances),
    ("Wasm linear memories, which exceeds", "maximum of ", TooMuch::Memories),
    ("tables, which exceeds", "maximum of ", TooMuch::Tables),
    ("requires ", "maximum of ", TooMuch::StateBytes),
];

/// The first number in a text, decimal or hexadecimal.
fn number(text: &str) -> Option<u64> {
    let start = text.find(|sign: char| sign.is_ascii_digit())?;
    let digits = &text[start..];
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        let end = hexadecimal.find(|sign: char| !sign.is_ascii_hexdigit()).unwrap_or(hexadecimal.len());
        return u64::from_str_radix(&hexadecimal[..end], 16).ok();
    }
    let end = digits.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

impl TooMuch {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Imports => "too_many_imports",
            Self::Modules => "too_many_modules",
            Self::Definitions => "too_many_definitions",
            Self::FunctionBytes => "function_too_large",
            Self::Work => "too_much_to_compile",
            Self::Instances => "too_many_instances",
            Self::Memories => "too_many_memories",
            Self::Tables => "too_many_tables",
            Self::MemoryBytes => "memory_too_large",
            Self::TableElements => "table_too_large",
            Self::StateBytes => "too_much_state",
        }
    }

    /// What the engine's words are about, with what was found and what is allowed.
    pub(crate) fn in_words(words: &str) -> Option<(Self, u64, u64)> {
        let (begins, limit, what) = WORDS
            .into_iter()
            .find(|(begins, limit, _)| words.find(begins).is_some_and(|at| words[at..].contains(limit)))?;
        let at = words.find(begins)?;
        // The number follows, or stands before what is counted.
        let found = if begins.ends_with(' ') { number(&words[at + begins.len()..]) } else { number(words) };
        let allowed = number(&words[words.rfind(limit)? + limit.len()..]);
        Some((what, found?, allowed?))
    }
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imports => "imports",
            Self::Modules => "modules",
            Self::Definitions => "definitions",
            Self::FunctionBytes => "bytes in one function",
            Self::Work => "values to compile",
            Self::Instances => "core instances",
            Self::Memories => "memories",
            Self::Tables => "tables",
            Self::MemoryBytes => "bytes in one memory at its start",
            Self::TableElements => "elements in one table at its start",
            Self::StateBytes => "bytes of functions, globals and the like in its instances",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_words() {
        let words = "the component transitively contains 33 core module instances, which exceeds the configured maximum of 32 in the pooling allocator";
        assert_eq!(TooMuch::in_words(words), Some((TooMuch::Instances, 33, 32)));
        let words = "memory has a minimum byte size of 536870912 which exceeds the limit of 0x10000000 bytes";
        assert_eq!(TooMuch::in_words(words), Some((TooMuch::MemoryBytes, 536_870_912, 268_435_456)));
        for other in ["", "unknown import", "requires", "requires 7", "maximum of 3", "requires maximum of "]
        {
            assert_eq!(TooMuch::in_words(other), None, "{other}");
        }
    }
}
