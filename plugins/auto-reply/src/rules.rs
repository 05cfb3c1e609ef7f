//! Finding the rule that answers a message.

use crate::settings::{Kind, Rule};
use regex_lite::{Regex, RegexBuilder};

/// The most memory that a compiled pattern may take. Matching takes time in proportion to pattern and text, whatever the pattern is.
const PATTERN_BYTES: usize = 128 * 1024;

/// What came of looking through the rules.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// The rule that answers, and its position from 0.
    pub(crate) rule: Option<(usize, &'a Rule)>,
    /// Rules on the way that can not be used, and why.
    pub(crate) problems: Vec<String>,
}

/// The first rule that matches. A rule whose pattern is wrong is passed over.
pub(crate) fn first_match<'a>(rules: &'a [Rule], text: &str) -> Found<'a> {
    let mut problems = Vec::new();
    let lower = text.to_lowercase();
    for (position, rule) in rules.iter().enumerate() {
        let matches = match rule.kind {
            Kind::Any => true,
            Kind::Keyword => keywords(&rule.text).any(|keyword| contains(&lower, &keyword)),
            Kind::Pattern => match pattern(&rule.text) {
                Ok(pattern) => pattern.is_match(text),
                Err(why) => {
                    problems.push(format!("{} is passed over: {why}", title(position, rule)));
                    false
                }
            },
        };
        if matches {
            return Found { rule: Some((position, rule)), problems };
        }
    }
    Found { rule: None, problems }
}

/// How people call a rule.
pub(crate) fn title(position: usize, rule: &Rule) -> String {
    match rule.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("rule {} ({name})", position + 1),
        None => format!("rule {}", position + 1),
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("its pattern is empty".to_owned());
    }
    RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| format!("its pattern is wrong: {error}"))
}

fn keywords(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(|keyword| keyword.trim().to_lowercase()).filter(|keyword| !keyword.is_empty())
}

/// Whether a phrase stands in a text as words of its own: `hi` is not in `this`.
fn contains(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(start, _)| {
        let (before, rest) = text.split_at(start);
        let after = &rest[phrase.len()..];
        !joined(before.chars().next_back(), phrase.chars().next())
            && !joined(phrase.chars().next_back(), after.chars().next())
    })
}

/// Whether two neighbours belong to one word. Only scripts with upper and lower case, and numbers, are sure to put spaces between
/// words: elsewhere a phrase may stand anywhere.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let in_word =
        |letter: char| letter.is_lowercase() || letter.is_uppercase() || letter.is_numeric() || letter == '_';
    left.is_some_and(in_word) && right.is_some_and(in_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: Kind, text: &str) -> Rule {
        Rule { kind, text: text.to_owned(), reply: "r".to_owned(), name: None }
    }

    fn position(rules: &[Rule], text: &str) -> Option<usize> {
        first_match(rules, text).rule.map(|(position, _)| position)
    }

    #[test]
    fn keywords_are_whole_words_in_any_case() {
        let rules = [rule(Kind::Keyword, "hi, Good Morning ,/start,,привет,你好,c++")];
        for text in [
            "hi",
            "Hi!",
            "oh, HI there",
            "good morning everyone",
            "/start now",
            "/start@my_bot",
            "ПРИВЕТ!",
            "你好吗",
            "I like C++.",
        ] {
            assert_eq!(position(&rules, text), Some(0), "{text}");
        }
        for text in ["this", "high", "good, morning", "start", "приветик", "hi_there", ""] {
            assert_eq!(position(&rules, text), None, "{text}");
        }
        assert_eq!(position(&[rule(Kind::Keyword, " , ")], "anything"), None);
    }

    #[test]
    fn the_first_rule_wins() {
        let rules = [rule(Kind::Pattern, r"^order \d+$"), rule(Kind::Keyword, "order"), rule(Kind::Any, "")];
        assert_eq!(position(&rules, "Order 17"), Some(0));
        assert_eq!(position(&rules, "my order"), Some(1));
        assert_eq!(position(&rules, "?"), Some(2));
    }

    #[test]
    fn a_wrong_pattern_is_named_and_passed_over() {
        let mut wrong = rule(Kind::Pattern, "(unclosed");
        wrong.name = Some("Orders".to_owned());
        let rules =
            [wrong, rule(Kind::Pattern, ""), rule(Kind::Pattern, "(a{1000}){1000}"), rule(Kind::Any, "")];
        let found = first_match(&rules, "x");
        assert_eq!(found.rule.map(|(position, _)| position), Some(3));
        assert!(
            found.problems[0].starts_with("rule 1 (Orders) is passed over: its pattern is wrong"),
            "{found:?}"
        );
        assert_eq!(found.problems[1], "rule 2 is passed over: its pattern is empty");
        assert!(found.problems[2].starts_with("rule 3 is passed over"), "{found:?}");
    }

    #[test]
    fn a_nasty_pattern_takes_no_nasty_time() {
        let rules = [rule(Kind::Pattern, "(a+)+$")];
        assert_eq!(position(&rules, &format!("{}b", "a".repeat(4_000))), None);
    }
}
