//! Mails leave the outbox once, or come back to it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use common::TestHost;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use twobot_domain::Mail;
use twobot_engine::Post;
use twobot_mail::{Smtp, SmtpOptions};
use twobot_store::accounts::NewAccount;
use twobot_store::mails::OutboxEntry;

/// A mail server that answers each recipient with the next of some words, and keeps the ids of what it took.
async fn mail_server(answers: Vec<&'static str>) -> (Post, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap()).parse().unwrap();
    let smtp = Smtp::new(&SmtpOptions { address, from: "2Bot <bot@example.org>".parse().unwrap() }).unwrap();
    let took = Arc::new(Mutex::new(Vec::new()));
    let (kept, mut answers) = (took.clone(), answers.into_iter());
    let answers = Arc::new(Mutex::new(move || answers.next().unwrap_or("250 ok")));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answers, kept) = (answers.clone(), kept.clone());
            tokio::spawn(serve(stream, move || (answers.lock().unwrap())(), kept));
        }
    });
    (Post { smtp: Some(smtp), site: "https://bots.example.org/".parse().unwrap() }, took)
}

async fn serve(
    stream: TcpStream,
    next: impl Fn() -> &'static str,
    took: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await?;
    let mut id = None;
    while let Some(line) = lines.next_line().await? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "Message-ID" => {
                id = Some(line.clone());
                continue;
            }
            "." => {
                took.lock().unwrap().extend(id.take());
                "250 kept"
            }
            "EHLO" | "MAIL" | "RSET" | "NOOP" => "250 ok",
            "RCPT" => next(),
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            // A line of the mail.
            _ => continue,
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// Queues one mail to a new user.
async fn queue(host: &TestHost) {
    let account = NewAccount {
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        password_hash: "-".to_owned(),
        role: "owner".to_owned(),
        plan: "pro".to_owned(),
    };
    let store = host.engine.store();
    let (scope, user) = store.register(&account).await.unwrap();
    store.queue_mail(scope, user.id, &Mail::Welcome { name: "Ada".to_owned() }).await.unwrap();
}

async fn outbox(host: &TestHost) -> OutboxEntry {
    let mut all = host.engine.store().outbox(10).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn a_mail_leaves_once() {
    let host = TestHost::new().await;
    queue(&host).await;
    let (post, took) = mail_server(vec![]).await;
    assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 1);
    assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 0);
    let sent = outbox(&host).await;
    assert_eq!((sent.state.as_str(), sent.attempts, sent.mail), ("sent", 1, None));
    let took = took.lock().unwrap().clone();
    assert_eq!(took, [format!("Message-ID: <{}@example.org>", sent.id)]);
}

#[tokio::test]
async fn what_a_server_can_not_take_now_waits_and_what_it_never_will_is_given_up() {
    for (answer, state) in [("450 busy", "waiting"), ("550 no such mailbox", "failed")] {
        let host = TestHost::new().await;
        queue(&host).await;
        let (post, took) = mail_server(vec![answer]).await;
        assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 1);
        // Its time has not come again.
        assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 0);
        let entry = outbox(&host).await;
        // What was given up can be tried again by an operator.
        assert_eq!((entry.state.as_str(), entry.mail.is_some()), (state, true));
        let words = answer.split_once(' ').unwrap().1;
        assert!(entry.trouble.unwrap().contains(words));
        assert!(took.lock().unwrap().is_empty());
        assert_eq!(host.engine.mails_are_delayed(), state == "waiting");
    }
}

#[tokio::test]
async fn without_a_mail_server_it_is_kept_for_the_operator() {
    let host = TestHost::new().await;
    queue(&host).await;
    let post = Post { smtp: None, site: "https://bots.example.org/".parse().unwrap() };
    assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 1);
    assert_eq!(host.engine.deliver_due_mails(&post).await.unwrap(), 0);
    let shown = outbox(&host).await;
    assert_eq!(shown.state, "shown");
    assert_eq!(shown.mail, Some(Mail::Welcome { name: "Ada".to_owned() }));
}

#[tokio::test]
async fn a_mail_that_is_queued_now_need_not_wait() {
    let host = TestHost::new().await;
    let (post, took) = mail_server(vec![]).await;
    host.engine.deliver_mails(post);
    queue(&host).await;
    host.engine.mail_waits();
    while outbox(&host).await.state != "sent" {
        tokio::task::yield_now().await;
    }
    assert_eq!(took.lock().unwrap().len(), 1);
}
