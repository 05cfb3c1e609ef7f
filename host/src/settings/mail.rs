//! How mails leave.

use super::reader::{Reader, Spec};
use twobot_mail::{Address, Sender, SmtpOptions};

const FROM: &str = "2Bot <twobot@localhost>";

/// How mails leave.
#[derive(Debug)]
pub(crate) struct Mail {
    /// `TWOBOT_SMTP_URL`, and whom mails come from: `TWOBOT_MAIL_FROM`
    pub(crate) smtp: Option<SmtpOptions>,
}

impl Mail {
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        let address: Option<Address> = reader.optional(
            Spec {
                name: "TWOBOT_SMTP_URL",
                doc: "The mail server: smtps://<user>:<password>@<host>, or smtp://<host>:587?tls=required. A password goes encrypted, or to this machine.",
                default: "(none: mails are shown in the log and by `twobot mail`)".to_owned(),
                secret: false,
            },
            |text| text.parse().map_err(|error: twobot_mail::WrongAddress| error.to_string()),
        );
        let from = reader.with_default(
            "TWOBOT_MAIL_FROM",
            "Whom mails come from: a name and an address that the mail server lets us use.",
            FROM,
            str::parse::<Sender>,
        );
        Self { smtp: address.map(|address| SmtpOptions { address, from }) }
    }
}
