//! Handing a mail to a mail server.

use crate::Rendered;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// How long a mail server may take for one mail.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections to the mail server at a time. Mails go one after the other; the second is for one that is just being closed.
const CONNECTIONS: u32 = 2;

/// Why an address of a mail server can not be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WrongAddress {
    /// It is none.
    #[error("must be smtps://<user>:<password>@<host>, or smtp://<host>:25 for one without TLS")]
    Unreadable,
    /// A password would travel where everyone on the way can read it.
    #[error("would send the password unencrypted: use smtps://, or add ?tls=required to smtp://")]
    Unencrypted,
}

/// The address of a mail server, with a user and a password. Shows neither.
#[derive(Clone)]
pub struct Address {
    url: SecretString,
    host: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.host)
    }
}

impl FromStr for Address {
    type Err = WrongAddress;

    fn from_str(text: &str) -> Result<Self, WrongAddress> {
        let url = Url::parse(text).map_err(|_| WrongAddress::Unreadable)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(WrongAddress::Unreadable)?;
        // In addresses of this kind, numbers are not told apart from names.
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let here = host == "localhost" || number.is_ok_and(|address| address.is_loopback());
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let encrypted = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) | ("smtp", Some("required")) => true,
            ("smtp", None | Some("opportunistic")) => false,
            _ => return Err(WrongAddress::Unreadable),
        };
        if url.password().is_some() && !encrypted && !here {
            return Err(WrongAddress::Unencrypted);
        }
        AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| WrongAddress::Unreadable)?;
        Ok(Self { host: host.to_owned(), url: SecretString::from(text) })
    }
}

/// Whom mails come from: a name and an address, such as `2Bot <bot@example.org>`.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is no address such as 2Bot <bot@example.org>"))
    }
}

/// What a way to a mail server is made of.
#[derive(Clone, Debug)]
pub struct SmtpOptions {
    /// The mail server.
    pub address: Address,
    /// Whom mails come from.
    pub from: Sender,
}

/// Why a mail was not handed over.
#[derive(Debug, Error)]
pub enum SmtpError {
    /// It never will be: the address is none, or the server refuses the mail for good.
    #[error("{0}")]
    Refused(String),
    /// Perhaps later.
    #[error("{0}")]
    Later(String),
}

/// A way to a mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What SMTP answers where the server does not let us in, rather than refusing a mail (RFC 4954). It looks final and is not: an operator
/// who mends the password should find all mails sent.
const NOT_LET_IN: [&str; 5] = ["530", "534", "535", "538", "454"];

impl Smtp {
    /// A way to a mail server, on the runtime that calls this. Does not connect yet.
    ///
    /// # Errors
    /// When the address is none, or this machine has no certificates to know the mail server by.
    pub fn new(options: &SmtpOptions) -> Result<Self, WrongAddress> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(options.address.url.expose_secret())
            .map_err(|_| WrongAddress::Unreadable)?
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS))
            .build();
        Ok(Self { transport, from: options.from.0.clone() })
    }

    /// Hands a mail over. The id stays the same when it is tried again, so that a server or a reader that gets it twice can tell.
    ///
    /// # Errors
    /// `Refused` when trying again is of no use.
    pub async fn send(&self, id: &str, to: &str, mail: &Rendered) -> Result<(), SmtpError> {
        let message = self.message(id, to, mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                let words = error.to_string();
                if error.is_permanent() && !NOT_LET_IN.contains(&code.as_str()) {
                    Err(SmtpError::Refused(words))
                } else {
                    Err(SmtpError::Later(words))
                }
            }
        }
    }

    fn message(&self, id: &str, to: &str, mail: &Rendered) -> Result<Message, SmtpError> {
        let to: lettre::Address = to
            .parse()
            .map_err(|_| SmtpError::Refused("the address is none that mail can go to".to_owned()))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.as_str())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| SmtpError::Refused(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_encrypted_or_stays_here() {
        let check = |text: &str, expected: Result<&str, WrongAddress>| {
            let got = text.parse::<Address>().map(|address| address.host);
            assert_eq!(got, expected.map(str::to_owned), "{text}");
        };
        check("smtps://ada:s3cret@mail.example.org", Ok("mail.example.org"));
        check("smtp://ada:s3cret@mail.example.org:587?tls=required", Ok("mail.example.org"));
        check("smtp://mail.example.org:25", Ok("mail.example.org"));
        check("smtp://ada:s3cret@127.0.0.1:2525", Ok("127.0.0.1"));
        check("smtp://ada:s3cret@[::1]:2525", Ok("[::1]"));
        check("smtp://ada:s3cret@localhost:2525", Ok("localhost"));
        check("smtp://ada:s3cret@192.0.2.7", Err(WrongAddress::Unencrypted));
        check("smtp://ada:s3cret@mail.example.org", Err(WrongAddress::Unencrypted));
        check("smtp://ada:s3cret@mail.example.org?tls=opportunistic", Err(WrongAddress::Unencrypted));
        check("smtp://ada:s3cret@localhost.example.org", Err(WrongAddress::Unencrypted));
        for wrong in ["", "mail.example.org", "http://mail.example.org", "smtp://", "smtps://x?tls=none"] {
            check(wrong, Err(WrongAddress::Unreadable));
        }
        let address: Address = "smtps://ada:s3cret@mail.example.org".parse().unwrap();
        assert_eq!(format!("{address:?}"), "Address(mail.example.org)");
    }
}
