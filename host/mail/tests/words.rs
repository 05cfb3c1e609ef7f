//! The words of every mail, as text and as HTML.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use insta::assert_snapshot;
use twobot_domain::{Mail, Timestamp};
use twobot_mail::{render, secret_link};
use url::Url;

fn site() -> Url {
    "https://bots.example.org/2bot/".parse().unwrap()
}

fn all() -> Vec<Mail> {
    let name = || "Ada Lovelace".to_owned();
    let at = Timestamp(1_763_762_400_000);
    vec![
        Mail::Welcome { name: name() },
        Mail::Verify { name: name(), token: "t0ken".to_owned(), hours: 24 },
        Mail::AlreadyRegistered { name: name() },
        Mail::Reset { name: name(), token: "t0ken".to_owned(), minutes: 60 },
        Mail::PasswordChanged { name: name(), at },
        Mail::NewDevice {
            name: name(),
            device: "Firefox on Linux".to_owned(),
            address: "203.0.113.7".to_owned(),
            at,
        },
        Mail::SessionStolen {
            name: name(),
            device: "curl".to_owned(),
            address: "203.0.113.0/24".to_owned(),
            at,
        },
        Mail::TwoFactorOn { name: name(), at },
        Mail::TwoFactorOff { name: name(), by_operator: false, at },
        Mail::TwoFactorOff { name: name(), by_operator: true, at },
        Mail::RecoveryCodeUsed { name: name(), left: 9, at },
        Mail::RecoveryCodeUsed { name: name(), left: 0, at },
        Mail::WrongCodes { name: name(), at },
        Mail::LimitWarning {
            name: name(),
            limit: "executions today".to_owned(),
            percent: 85,
            used: 425,
            allowed: 500,
        },
        Mail::LimitWarning {
            name: name(),
            limit: "executions today".to_owned(),
            percent: 100,
            used: 500,
            allowed: 500,
        },
        Mail::GatewayDown {
            name: name(),
            gateway: "Shop".to_owned(),
            trouble: "The token was revoked.".to_owned(),
        },
    ]
}

#[test]
fn every_mail_says_what_it_is_for() {
    let text = |mail: &Mail| {
        let rendered = render(mail, &site());
        format!("Subject: {}\n\n{}", rendered.subject, rendered.text)
    };
    let all: Vec<_> = all().iter().map(text).collect();
    assert_snapshot!(all.join("\n==========\n"));
}

#[test]
fn the_html_says_the_same_and_loads_nothing() {
    for mail in all() {
        let rendered = render(&mail, &site());
        let html = &rendered.html;
        let words: String =
            html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
        for line in rendered.text.lines().filter(|line| line.len() > 30 && line.contains(". ")) {
            let first = line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            assert!(words.contains(&first), "{first:?} is missing in {words}");
        }
        assert!(html.contains(&rendered.subject.replace('\'', "&#39;")), "{html}");
        for foreign in ["<img", "<script", "<link", "url(", "http://", "@import"] {
            assert!(!html.contains(foreign), "{foreign} in {html}");
        }
        let links: Vec<_> = html.match_indices("https://").map(|(at, _)| &html[at..]).collect();
        assert!(links.iter().all(|link| link.starts_with("https://bots.example.org/2bot/")), "{html}");
    }
}

#[test]
fn what_people_wrote_becomes_neither_html_nor_another_line() {
    let evil = "<img src=x>\"'&\r\nBcc: eve@example.org".to_owned();
    let at = Timestamp(0);
    for mail in [
        Mail::Welcome { name: evil.clone() },
        Mail::NewDevice { name: evil.clone(), device: evil.clone(), address: evil.clone(), at },
        Mail::LimitWarning { name: evil.clone(), limit: evil.clone(), percent: 70, used: 7, allowed: 10 },
        Mail::GatewayDown { name: evil.clone(), gateway: evil.clone(), trouble: evil },
    ] {
        let rendered = render(&mail, &site());
        assert!(!rendered.html.contains("<img"), "{}", rendered.html);
        assert!(!rendered.subject.contains(['\r', '\n']), "{:?}", rendered.subject);
        assert!(!rendered.text.contains('\r'), "{}", rendered.text);
    }
}

#[test]
fn a_token_stands_behind_the_hash_and_only_where_it_belongs() {
    for mail in all() {
        let rendered = render(&mail, &site());
        let link = secret_link(&mail, &site());
        let secret = matches!(mail.kind(), "verify" | "reset");
        assert_eq!(link.is_some(), secret, "{mail:?}");
        assert_eq!(rendered.text.contains("t0ken"), secret, "{mail:?}");
        if let Some(link) = link {
            assert_eq!(link.fragment(), Some("token=t0ken"));
            assert!(rendered.text.contains(link.as_str()) && rendered.html.contains(link.as_str()));
        }
    }
}
