//! Long answers, in several messages.

/// A message has at most 4,096 characters, which some providers count in UTF-16.
const UNITS: usize = 4_000;
/// An answer that is longer than so many messages is cut: it would flood the conversation.
const MOST: usize = 4;

/// The messages that an answer is sent as; none for an empty one. Breaks at the end of a line or a word where it can.
pub(crate) fn of(answer: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = answer.trim();
    while !rest.is_empty() && parts.len() < MOST {
        let (part, after) = rest.split_at(end_of_part(rest));
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    parts
}

fn end_of_part(text: &str) -> usize {
    let mut units = 0;
    let Some((limit, _)) = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > UNITS
    }) else {
        return text.len();
    };
    let head = &text[..limit];
    let good = |end: Option<usize>| end.filter(|&end| end > limit / 2);
    good(head.rfind('\n')).or_else(|| good(head.rfind(char::is_whitespace))).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_are_one_message() {
        assert_eq!(of(" hello \n"), ["hello"]);
        assert!(of(" \n").is_empty());
    }

    #[test]
    fn long_answers_break_between_words_and_lose_nothing() {
        let answer = "word ".repeat(2_000);
        let parts = of(&answer);
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.len() <= UNITS && part.ends_with("word")));
        assert_eq!(parts.join(" "), answer.trim());
        let lines = format!("{}\n{}", "a".repeat(3_000), "b ".repeat(3_000));
        assert_eq!(of(&lines)[0], "a".repeat(3_000));
    }

    #[test]
    fn endless_answers_are_cut_within_bounds() {
        let parts =
            of(&"😀".repeat(50_000)).iter().map(|part| part.encode_utf16().count()).collect::<Vec<_>>();
        assert_eq!(parts, [UNITS; MOST]);
    }
}
