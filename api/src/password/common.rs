//! Passwords that are tried first.
//!
//! Rules such as ours are mostly met in the same way: a common word with a capital, then a year or a few digits, then a sign; or the same
//! with `@` for `a` and `0` for `o`. Lists of stolen passwords are full of these. So the list that ships is of the words, and what people
//! hang on them is taken off before a look at it: three thousand words stand for the millions of passwords that are made of them.

use std::collections::HashSet;
use std::sync::LazyLock;

static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").split_whitespace().collect());

/// Characters of what may be hung on a word without making it a password of its own.
const MOST_AROUND: usize = 8;

/// Whether a password is one of those that are tried first.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    is_row(&lower) || words_in(&lower).any(|word| is_common_word(&word))
}

/// What may be the word in a password: what is left between digits and signs at both ends, as it is and with letters for what stands
/// for them.
fn words_in(lower: &str) -> impl Iterator<Item = String> {
    let all = lower.chars().count();
    let core = |text: &str| {
        let trimmed = text.trim_matches(|letter: char| !letter.is_alphabetic());
        let around = all - trimmed.chars().count();
        (around <= MOST_AROUND).then(|| trimmed.chars().filter(|letter| letter.is_alphanumeric()).collect())
    };
    // `P@ssw0rd1!`: what stands for a letter is one only if letters follow; at the end it is what was hung on.
    let end = lower.trim_end_matches(|letter: char| !letter.is_alphabetic());
    // A word that ends in what stands for a letter, such as `pa$$`, keeps it.
    let with_end =
        lower.trim_end_matches(|letter: char| !letter.is_alphabetic() && !stands_for_letter(letter));
    [core(lower), core(&unmasked(end)), core(&unmasked(with_end))].into_iter().flatten()
}

const fn stands_for_letter(letter: char) -> bool {
    matches!(letter, '@' | '4' | '0' | '1' | '3' | '$' | '5' | '7')
}

fn unmasked(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '$' | '5' => 's',
            '7' => 't',
            other => other,
        })
        .collect()
}

/// A word of the list, or that word twice.
fn is_common_word(word: &str) -> bool {
    let half = word.get(..word.len() / 2).filter(|half| word == half.repeat(2));
    WORDS.contains(word) || half.is_some_and(|half| WORDS.contains(half))
}

/// Few different characters, such as `Aaaaaa1!`.
fn is_row(lower: &str) -> bool {
    lower.chars().collect::<HashSet<_>>().len() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_known() {
        for password in [
            "Password1!",
            "Password123!",
            "P@ssw0rd1",
            "P@$$w0rd123",
            "Pa$$word1",
            "Welcome1!",
            "Welcome@2024",
            "Summer2025!",
            "Winter#1",
            "Qwerty123!",
            "1Qwerty!",
            "Admin@123",
            "Admin123!",
            "Letmein1!",
            "L3tm31n!",
            "Iloveyou1!",
            "Iloveyou#1",
            "Abc@1234",
            "Abcd1234!",
            "Changeme1!",
            "Football#7",
            "Monkey_12",
            "!Dragon1",
            "Passw0rd!",
            "Test@1234",
            "Test1234!",
            "PasswordPassword1!",
            "Hello-World1",
            "Aaaaaa1!",
            "Trustno1!",
            "MASTER2020$",
            "Zxcvbnm1!",
            "Contrasena1!",
            "B@rcelona99!",
            "Pikachu#25",
            "Manchester1!",
            "$ebastian1985",
            "Qwertzuiop1!",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn what_is_ones_own_is_not() {
        for password in [
            "Analytical-Engine-1",
            "Correct-Horse-Battery-9",
            "Geheimnis Ü1!",
            "xK7#pQ2mZ",
            "Demo-8fKq2Lm0Zz1!",
            "Mein-Haus-7!",
            "Tr4ctor&Barn",
            "Password-Of-My-Own-Making-1",
            "Test123456789012!",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn the_list_is_of_words_that_can_be_found() {
        for word in WORDS.iter() {
            assert!(
                word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()),
                "{word}"
            );
            assert!(word.starts_with(|letter: char| letter.is_alphabetic()), "{word}");
        }
        assert!(WORDS.len() > 3_000);
    }
}
