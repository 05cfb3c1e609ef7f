//! Sessions: their renewal, and what their owner sees and ends.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn sign_in(app: &TestApp, program: &str) -> Answer {
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    app.request("POST", "/auth/login").header("user-agent", program).json(body).send().await
}

async fn renew(app: &TestApp, refresh_token: &str) -> Answer {
    app.request("POST", "/auth/refresh").json(json!({"refresh_token": refresh_token})).send().await
}

/// A browser that renews, by one of our own pages.
async fn renew_by_cookie(app: &TestApp, cookie: &str) -> Answer {
    let request = app.request("POST", "/auth/refresh").header("cookie", &format!("twobot_renewal={cookie}"));
    request.header("sec-fetch-site", "same-origin").send().await
}

async fn is_signed_in(app: &TestApp, token: &str) -> bool {
    app.request("GET", "/auth/me").bearer(token).send().await.status == 200
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap().to_owned()
}

async fn sessions(app: &TestApp, who: &Person) -> Vec<Value> {
    let answer = app.get(who, "/auth/sessions").await;
    answer.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn programs_renew_by_the_body_and_browsers_by_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let answer = renew(&app, &ada.refresh_token).await;
    answer.expect(200);
    assert!(answer.cookie("twobot_session").is_none(), "a program gets no cookies");
    let wait = answer.json()["expires_in"].as_i64().unwrap();
    assert!((890..=900).contains(&wait), "{wait}");
    assert!(is_signed_in(&app, &text(&answer, "token")).await);

    let browser = sign_in(&app, FIREFOX).await;
    let cookie = browser.cookie("twobot_renewal").unwrap();
    assert_eq!(cookie, text(&browser, "refresh_token"));
    let answer = renew_by_cookie(&app, &cookie).await;
    answer.expect(204);
    let (session, renewal) =
        (answer.cookie("twobot_session").unwrap(), answer.cookie("twobot_renewal").unwrap());
    assert!(answer.body.is_empty(), "no script has anything to read");
    assert_ne!(renewal, cookie);
    app.request("GET", "/auth/me").cookie(&session).send().await.expect(200);
    renew_by_cookie(&app, &renewal).await.expect(204);
}

#[tokio::test]
async fn other_sites_can_not_renew() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let cookie = format!("twobot_renewal={}", ada.refresh_token);
    let foreign: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
    ];
    for headers in foreign {
        let request = app.request("POST", "/auth/refresh").header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.expect_problem(403, "csrf_failed");
    }
    let body = json!({"refresh_token": ada.refresh_token});
    let request = app.request("POST", "/auth/refresh").header("origin", "https://evil.example").json(body);
    request.send().await.expect_problem(403, "csrf_failed");
    renew(&app, &ada.refresh_token).await.expect(200);
}

#[tokio::test]
async fn what_is_no_refresh_token_renews_nothing() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for wrong in ["", "x", &ada.token, &ada.refresh_token[1..], &ada.refresh_token.to_uppercase()] {
        renew(&app, wrong).await.expect_problem(401, "unauthenticated");
    }
    app.request("POST", "/auth/refresh").send().await.expect_problem(401, "unauthenticated");
    app.request("POST", "/auth/refresh")
        .bearer(&ada.token)
        .send()
        .await
        .expect_problem(401, "unauthenticated");
    // And what renews does not sign in.
    assert!(!is_signed_in(&app, &ada.refresh_token).await);
    assert!(is_signed_in(&app, &ada.token).await);
}

#[tokio::test]
async fn two_windows_that_renew_at_once_both_go_on() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let mut live = app.request("GET", "/live").bearer(&ada.token).follow().await;
    let answers = join_all((0..20).map(|_| renew_by_cookie(&app, &ada.refresh_token))).await;
    let renewals: BTreeSet<_> =
        answers.iter().map(|answer| answer.cookie("twobot_renewal").unwrap()).collect();
    assert_eq!(renewals.len(), 1, "all have the same");
    let cookie = answers[7].cookie("twobot_session").unwrap();
    app.request("GET", "/auth/me").cookie(&cookie).send().await.expect(200);
    assert!(is_signed_in(&app, &ada.token).await, "what was under way is served");
    assert_eq!(sessions(&app, &ada).await.len(), 1);
    // The live stream goes on.
    app.web_chat(&ada).await;
    live.next_of("gateway").await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_the_session_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let other = app.person(&sign_in(&app, FIREFOX).await).await;
    let second = renew(&app, &ada.refresh_token).await;
    let mut live = app.request("GET", "/live").bearer(&text(&second, "token")).follow().await;
    let third = renew(&app, &text(&second, "refresh_token")).await;
    let thief = app.request("POST", "/auth/refresh").header("user-agent", "curl/8.5.0");
    let thief = thief.json(json!({"refresh_token": ada.refresh_token})).send().await;
    thief.expect_problem(401, "unauthenticated");
    for token in [&ada.token, &text(&second, "token"), &text(&third, "token")] {
        assert!(!is_signed_in(&app, token).await);
    }
    renew(&app, &text(&third, "refresh_token")).await.expect_problem(401, "unauthenticated");
    while live.next().await.is_some() {}

    assert!(is_signed_in(&app, &other.token).await, "another session goes on");
    let told = app.get(&other, "/audit-log?action=auth.session_stolen").await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&told["items"][0]["outcome"], &told["items"][0]["address"]),
        (&json!("denied"), &json!("203.0.113.7"))
    );
    let mails = app.store().outbox(10).await.unwrap();
    assert_eq!((mails[0].kind.as_str(), mails[0].recipient.as_str()), ("session_stolen", "ada@example.org"));
    let Some(twobot_domain::Mail::SessionStolen { device, address, .. }) = &mails[0].mail else {
        panic!("{:?}", mails[0]);
    };
    assert_eq!((device.as_str(), address.as_str()), ("curl", "203.0.113.0/24"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_stolen_refresh_token_at_once_nobody_gets_in_and_its_owner_is_told_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let other = app.person(&sign_in(&app, FIREFOX).await).await;
    let second = renew(&app, &ada.refresh_token).await;
    let third = renew(&app, &text(&second, "refresh_token")).await;
    let mut all = JoinSet::new();
    for _ in 0..20 {
        let request = app.request("POST", "/auth/refresh").json(json!({"refresh_token": ada.refresh_token}));
        all.spawn(request.send());
    }
    for answer in all.join_all().await {
        answer.expect_problem(401, "unauthenticated");
    }
    assert!(!is_signed_in(&app, &text(&third, "token")).await);
    renew(&app, &text(&third, "refresh_token")).await.expect_problem(401, "unauthenticated");
    assert!(is_signed_in(&app, &other.token).await);
    let told = app.get(&other, "/audit-log?action=auth.session_stolen").await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told:#}");
    let mails = app.store().outbox(10).await.unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.kind == "session_stolen").count(), 1);
}

#[tokio::test]
async fn a_program_that_renews_all_the_time_is_slowed_down() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.register("ada").await, app.register("bob").await);
    let mut refresh_token = ada.refresh_token.clone();
    for _ in 0..120 {
        let answer = renew(&app, &refresh_token).await;
        answer.expect(200);
        refresh_token = text(&answer, "refresh_token");
    }
    renew(&app, &refresh_token).await.expect_problem(429, "rate_limited");
    renew(&app, &bob.refresh_token).await.expect(200);
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_it() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let browser = app.person(&sign_in(&app, FIREFOX).await).await;
    let all = sessions(&app, &browser).await;
    let shown: Vec<_> = all.iter().map(|one| (&one["device"], &one["network"], &one["current"])).collect();
    let network = json!("203.0.113.0/24");
    assert_eq!(
        shown,
        [
            (&json!("Firefox on Linux"), &network, &json!(true)),
            (&json!("Unknown program"), &network, &json!(false)),
        ]
    );
    let path = |id: &Value| format!("/auth/sessions/{}", id.as_str().unwrap());
    let end = |who: &Person, id: &Value| app.request("DELETE", &path(id)).bearer(&who.token).send();
    let eves = sessions(&app, &eve).await[0]["id"].clone();
    end(&browser, &eves).await.expect_problem(404, "not_found");
    end(&eve, &all[1]["id"]).await.expect_problem(404, "not_found");
    assert!(is_signed_in(&app, &ada.token).await && is_signed_in(&app, &eve.token).await);

    let mut live = app.request("GET", "/live").bearer(&ada.token).follow().await;
    end(&browser, &all[1]["id"]).await.expect(204);
    assert!(!is_signed_in(&app, &ada.token).await);
    while live.next().await.is_some() {}
    end(&browser, &all[1]["id"]).await.expect_problem(404, "not_found");
    let told = app.get(&browser, "/audit-log?action=auth.session_revoke").await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told:#}");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_the_account_and_no_other() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let browser = app.person(&sign_in(&app, FIREFOX).await).await;
    let answer = app.request("DELETE", "/auth/sessions").bearer(&browser.token).send().await;
    answer.expect(204);
    assert_eq!(answer.cookie("twobot_session").as_deref(), Some(""));
    assert_eq!(answer.cookie("twobot_renewal").as_deref(), Some(""));
    for who in [&ada, &browser] {
        assert!(!is_signed_in(&app, &who.token).await);
        renew(&app, &who.refresh_token).await.expect_problem(401, "unauthenticated");
    }
    assert!(is_signed_in(&app, &eve.token).await);
}

#[tokio::test]
async fn one_session_more_than_the_plan_allows_ends_the_one_that_was_not_used_for_the_longest_time() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let mut live = app.request("GET", "/live").bearer(&ada.token).follow().await;
    let second = app.person(&sign_in(&app, FIREFOX).await).await;
    assert!(is_signed_in(&app, &ada.token).await);
    let third = app.person(&sign_in(&app, FIREFOX).await).await;
    assert!(!is_signed_in(&app, &ada.token).await, "the free plan has two");
    while live.next().await.is_some() {}
    assert!(is_signed_in(&app, &second.token).await && is_signed_in(&app, &third.token).await);
}

#[tokio::test]
async fn a_sign_in_on_a_new_device_is_told_by_mail_and_the_next_one_there_is_not() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let told = async || {
        let mails = app.store().outbox(50).await.unwrap();
        mails.into_iter().filter(|mail| mail.kind == "new_device").collect::<Vec<_>>()
    };
    let browser = sign_in(&app, FIREFOX).await;
    let mails = told().await;
    assert_eq!((mails.len(), mails[0].recipient.as_str()), (1, "ada@example.org"));
    let Some(twobot_domain::Mail::NewDevice { name, device, address, .. }) = &mails[0].mail else {
        panic!("{:?}", mails[0]);
    };
    assert_eq!(
        (name.as_str(), device.as_str(), address.as_str()),
        ("ada", "Firefox on Linux", "203.0.113.0/24")
    );
    sign_in(&app, FIREFOX).await.expect(200);
    assert_eq!(told().await.len(), 1);

    // The same browser after an update that calls itself something else, known by its cookie.
    let cookie = browser.cookie("twobot_device").unwrap();
    let again = |cookie: &str| {
        let body = json!({"email": "ada@example.org", "password": PASSWORD});
        let request = app.request("POST", "/auth/login").header("user-agent", "Chrome/1 (Windows)");
        request.header("cookie", &format!("twobot_device={cookie}")).json(body).send()
    };
    let known = again(&cookie).await;
    assert_eq!(known.cookie("twobot_device").as_deref(), Some(cookie.as_str()), "it keeps what it has");
    assert_eq!(told().await.len(), 1);
    // A wrong password is nobody's sign-in.
    let body = json!({"email": "ada@example.org", "password": "Wrong-Engine-1"});
    app.request("POST", "/auth/login").header("user-agent", "curl/8").json(body).send().await.expect(401);
    assert_eq!(told().await.len(), 1);
    let short = again("x").await;
    assert_eq!(short.cookie("twobot_device").unwrap().len(), 43, "what can not be ours is replaced");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_their_renewal() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let browser = app.person(&sign_in(&app, FIREFOX).await).await;
    let body = json!({"current_password": PASSWORD, "new_password": "Difference-Engine-2"});
    app.request("PUT", "/user/password").bearer(&browser.token).json(body).send().await.expect(204);
    assert!(!is_signed_in(&app, &ada.token).await);
    renew(&app, &ada.refresh_token).await.expect_problem(401, "unauthenticated");
    renew(&app, &browser.refresh_token).await.expect(200);
}
