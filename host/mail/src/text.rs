//! A letter as text.

use crate::letter::Letter;

/// Characters in a line, where words allow it.
const WIDTH: usize = 72;

/// The letter, in lines of a width that every program shows.
pub(crate) fn of(letter: &Letter) -> String {
    let mut blocks = vec![wrapped(&format!("Hello {},", letter.name))];
    blocks.extend(letter.paragraphs.iter().map(|paragraph| wrapped(paragraph)));
    if !letter.facts.is_empty() {
        let facts: Vec<_> = letter.facts.iter().map(|(word, value)| format!("  {word}: {value}")).collect();
        blocks.push(facts.join("\n"));
    }
    if let Some(button) = &letter.button {
        // A link that is broken over two lines does not work.
        blocks.push(format!("{}:\n{}", button.label, button.link));
    }
    blocks.extend(letter.after.iter().map(|paragraph| wrapped(paragraph)));
    blocks.push(format!("-- \n2Bot\n{}", wrapped(letter.why)));
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

fn wrapped(paragraph: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        let text = wrapped(&"seven77 ".repeat(30));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.split_whitespace().count(), 30);
        let long = "x".repeat(100);
        assert_eq!(wrapped(&format!("a {long} b")), format!("a\n{long}\nb"));
    }
}
