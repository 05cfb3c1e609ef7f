//! Mails to people: the words of each, as text and as HTML, and the way to a mail server.
//!
//! What is to be told is a [`Mail`](twobot_domain::Mail); [`render`] puts it into words, and [`Smtp`] hands it over. What waits to be
//! sent, and when it is tried again, is the engine's.

mod html;
mod letter;
mod smtp;
mod text;
mod words;

pub use smtp::{Address, Sender, Smtp, SmtpError, SmtpOptions, WrongAddress};

use twobot_domain::Mail;
use url::Url;

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, in one line.
    pub subject: String,
    /// For those who read text.
    pub text: String,
    /// The same as HTML, which loads nothing from anywhere.
    pub html: String,
}

/// Puts a mail into words. Links lead to the dashboard at `site`.
#[must_use]
pub fn render(mail: &Mail, site: &Url) -> Rendered {
    let letter = words::letter(mail, site);
    Rendered { text: text::of(&letter), html: html::of(&letter), subject: letter.subject }
}

/// Where a mail leads, if it carries what opens something. Nobody but its reader should see it.
#[must_use]
pub fn secret_link(mail: &Mail, site: &Url) -> Option<Url> {
    match mail {
        Mail::Verify { .. } | Mail::Reset { .. } => {
            words::letter(mail, site).button.map(|button| button.link)
        }
        _ => None,
    }
}
