//! Handing mails over, to a server that speaks as much SMTP as is needed.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use twobot_domain::Mail;
use twobot_mail::{Rendered, Smtp, SmtpError, SmtpOptions, render};

/// A mail server that keeps what it gets, and answers a recipient with what was agreed.
struct Server {
    address: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(recipient: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("smtp://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = got.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, recipient, kept.clone()));
            }
        });
        Self { address, got }
    }

    fn client(&self) -> Smtp {
        let address = self.address.parse().unwrap();
        Smtp::new(&SmtpOptions { address, from: "2Bot <bot@example.org>".parse().unwrap() }).unwrap()
    }
}

async fn serve(stream: TcpStream, recipient: &str, got: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await?;
    let mut data: Option<String> = None;
    while let Some(line) = lines.next_line().await? {
        if let Some(text) = &mut data {
            if line == "." {
                got.lock().unwrap().push(std::mem::take(text));
                data = None;
                write.write_all(b"250 kept\r\n").await?;
            } else {
                text.push_str(&line);
                text.push('\n');
            }
            continue;
        }
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match command.as_str() {
            "RCPT" => recipient,
            "DATA" => {
                data = Some(String::new());
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn mail() -> Rendered {
    let mail = Mail::Reset { name: "Änne".to_owned(), token: "t0ken".to_owned(), minutes: 60 };
    render(&mail, &"https://bots.example.org/".parse().unwrap())
}

#[tokio::test]
async fn a_mail_arrives_with_both_forms_and_its_id() {
    let server = Server::answering("250 ok").await;
    server.client().send("0192-id", "ada@example.org", &mail()).await.unwrap();
    let got = server.got.lock().unwrap().clone();
    let [message] = got.as_slice() else { panic!("{got:?}") };
    for part in [
        "From: 2Bot <bot@example.org>",
        "To: ada@example.org",
        "Subject: Choose a new password",
        "Message-ID: <0192-id@example.org>",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ] {
        assert!(message.contains(part), "{part} is missing in {message}");
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_apart_from_what_may_pass() {
    for (answer, again) in [
        ("550 no such mailbox", false),
        ("553 not so", false),
        ("450 busy", true),
        ("421 closing", true),
        ("530 sign in first", true),
    ] {
        let server = Server::answering(answer).await;
        let error = server.client().send("id", "ada@example.org", &mail()).await.unwrap_err();
        assert_eq!(matches!(error, SmtpError::Later(_)), again, "{answer}: {error}");
        assert!(server.got.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_away_may_come_back_and_no_address_never_does() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let smtp = Smtp::new(&SmtpOptions { address, from: "bot@example.org".parse().unwrap() }).unwrap();
    let error = smtp.send("id", "ada@example.org", &mail()).await.unwrap_err();
    assert!(matches!(error, SmtpError::Later(_)), "{error}");
    for wrong in ["", "ada", "ada@example.org\r\nDATA", "a b@example.org"] {
        let error = smtp.send("id", wrong, &mail()).await.unwrap_err();
        assert!(matches!(error, SmtpError::Refused(_)), "{wrong}: {error}");
    }
}
