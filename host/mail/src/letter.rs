//! What every mail is made of, before it becomes text or HTML: so that both say the same.

use url::Url;

/// A mail, in parts.
pub(crate) struct Letter {
    /// The subject.
    pub(crate) subject: String,
    /// Whom it speaks to.
    pub(crate) name: String,
    /// What it says, one sentence or more each.
    pub(crate) paragraphs: Vec<String>,
    /// Facts, each a word and its value.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// What there is to do.
    pub(crate) button: Option<Button>,
    /// What is said below that.
    pub(crate) after: Vec<String>,
    /// Why they get this mail.
    pub(crate) why: &'static str,
}

/// Something to do, by a link.
pub(crate) struct Button {
    pub(crate) label: &'static str,
    pub(crate) link: Url,
}

/// A text of others in one line, and not endless: it may hold what looks like another part of the mail.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut line = String::new();
    for (at, letter) in text.trim().chars().enumerate() {
        if at == most {
            line.push('…');
            break;
        }
        line.push(if letter.is_control() || is_direction(letter) { ' ' } else { letter });
    }
    line
}

/// Marks that turn the direction of what follows, by which a text can look like another one.
const fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_in_its_line() {
        assert_eq!(plain(" Ada\r\nBcc: eve@example.org ", 100), "Ada  Bcc: eve@example.org");
        assert_eq!(plain("Ada\u{202e}gpj.exe", 100), "Ada gpj.exe");
        assert_eq!(plain("Ängström", 3), "Äng…");
        assert_eq!(plain("Äng", 3), "Äng");
    }
}
