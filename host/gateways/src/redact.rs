//! Keeping secrets out of what people and logs get to see.

/// Longer texts of a provider are cut here: an error page is no error message.
const MESSAGE_CHARACTERS: usize = 500;

/// What stands where a secret stood.
const MASK: &str = "[secret]";

/// The text without the secret, also where an address carries it percent-encoded.
pub(crate) fn redact(text: &str, secret: &str) -> String {
    // A very short "secret" would tear harmless words apart, and guessing it takes no leak.
    if secret.len() < 4 {
        return text.to_owned();
    }
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    text.replace(secret, MASK).replace(&encoded, MASK)
}

/// A provider's own words, fit to be shown: without the secret, in one line, of bounded length.
pub(crate) fn message(text: &str, secret: &str) -> String {
    let one_line = redact(text, secret).split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(MESSAGE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_every_spelling() {
        let secret = "123456:AA-bb_cc";
        let text = format!("GET https://api/bot{secret}/getMe and bot123456%3AAA-bb_cc");
        let safe = message(&text, secret);
        assert!(!safe.contains("AA-bb_cc"), "{safe}");
        assert_eq!(safe, "GET https://api/bot[secret]/getMe and bot[secret]");
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        assert_eq!(message("model not found", ""), "model not found");
    }

    #[test]
    fn a_page_becomes_a_line() {
        let page = format!("<html>\n  {}", "é".repeat(2_000));
        let line = message(&page, "");
        assert!(!line.contains('\n'));
        assert_eq!(line.chars().count(), MESSAGE_CHARACTERS + 1);
    }
}
