//! Signing in by two steps: the password, and a code.

use crate::app::{Answer, PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use twobot_domain::{Mail, Timestamp};

const NEW: &str = "Difference-Engine-2";

/// What shows codes, as a phone does.
struct Authenticator(String);

impl Authenticator {
    /// The code of the present step, or of one of those after it.
    fn code(&self, later: u64) -> String {
        let totp = Builder::new().with_secret(Secret::try_from_base32(&self.0).unwrap()).build().unwrap();
        totp.generate(Timestamp::now().millis() / 1_000 + later * 30).to_string()
    }

    /// One that it does not show now.
    fn wrong(&self) -> String {
        let shown = [self.code(0), self.code(1), self.code(2)];
        (0..).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

/// Turns two-factor sign-in on, by a code that is used up by it.
async fn turn_on(app: &TestApp, who: &Person) -> (Authenticator, Vec<String>) {
    let (phone, codes, _) = turn_on_by(app, who).await;
    (phone, codes)
}

/// The same, with that code.
async fn turn_on_by(app: &TestApp, who: &Person) -> (Authenticator, Vec<String>, String) {
    let setup = app.post(who, "/user/two-factor/setup", json!({"password": PASSWORD})).await;
    setup.expect(200);
    let authenticator = Authenticator(setup.json()["secret"].as_str().unwrap().to_owned());
    let used = authenticator.code(0);
    let on = app.post(who, "/user/two-factor/confirm", json!({"code": used})).await;
    on.expect(200);
    let codes = on.json()["recovery_codes"].as_array().unwrap().clone();
    (authenticator, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect(), used)
}

async fn first_step(app: &TestApp, password: &str) -> Answer {
    let body = json!({"email": "ada@example.org", "password": password});
    app.request("POST", "/auth/login").json(body).send().await
}

/// A sign-in whose password was right.
async fn challenge(app: &TestApp) -> String {
    let answer = first_step(app, PASSWORD).await;
    answer.expect(200);
    answer.json()["challenge"].as_str().unwrap().to_owned()
}

async fn second_step(app: &TestApp, challenge: &str, name: &str, code: &str) -> Answer {
    let body = json!({"challenge": challenge, name: code});
    app.request("POST", "/auth/login/two-factor").json(body).send().await
}

async fn mails(app: &TestApp) -> Vec<&'static str> {
    let mut all = app.store().outbox(100).await.unwrap();
    all.reverse();
    all.iter().filter_map(|entry| entry.mail.as_ref()).map(Mail::kind).collect()
}

async fn told(app: &TestApp, who: &Person, action: &str) -> Vec<(String, Value)> {
    let entries = app.get(who, &format!("/audit-log?action={action}")).await.json();
    let items = entries["items"].as_array().unwrap().iter();
    items.map(|item| (item["outcome"].as_str().unwrap().to_owned(), item["detail"].clone())).collect()
}

#[tokio::test]
async fn it_is_set_up_and_from_then_on_signing_in_takes_a_code() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let off = json!({"enabled": false, "enabled_at": null, "recovery_codes_left": 0});
    assert_eq!(app.get(&ada, "/user/two-factor").await.json(), off);
    let confirm = |code: String| app.post(&ada, "/user/two-factor/confirm", json!({"code": code}));
    confirm("000000".to_owned()).await.expect_problem(409, "two_factor_not_begun");
    let wrong = app.post(&ada, "/user/two-factor/setup", json!({"password": NEW})).await;
    wrong.expect_problem(403, "wrong_password");
    let setup = app.post(&ada, "/user/two-factor/setup", json!({"password": PASSWORD})).await;
    setup.expect(200);
    let secret = setup.json()["secret"].as_str().unwrap().to_owned();
    let uri = format!("otpauth://totp/2Bot:ada%40example.org?secret={secret}&issuer=2Bot");
    assert_eq!(setup.json()["otpauth_uri"], uri);
    assert_eq!(app.get(&ada, "/user/two-factor").await.json(), off, "nothing has changed yet");
    first_step(&app, PASSWORD).await.expect(200);

    let phone = Authenticator(secret);
    confirm(phone.wrong()).await.expect_problem(403, "wrong_code");
    let used = phone.code(0);
    let on = confirm(used.clone()).await;
    on.expect(200);
    let codes = on.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    confirm(phone.code(1)).await.expect_problem(409, "two_factor_not_begun");
    let again = app.post(&ada, "/user/two-factor/setup", json!({"password": PASSWORD})).await;
    again.expect_problem(409, "two_factor_on");
    let state = app.get(&ada, "/user/two-factor").await.json();
    assert_eq!((&state["enabled"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));

    // A right password signs nobody in any more, and a wrong one is answered as ever.
    let begun = first_step(&app, PASSWORD).await;
    begun.expect(200);
    let names: Vec<_> = begun.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["two_factor_required", "challenge", "expires_at"]);
    assert!(begun.json()["two_factor_required"] == true && begun.headers.get("set-cookie").is_none());
    first_step(&app, NEW).await.expect_problem(401, "invalid_credentials");
    let token = begun.json()["challenge"].as_str().unwrap().to_owned();
    app.request("GET", "/auth/me").bearer(&token).send().await.expect_problem(401, "unauthenticated");

    second_step(&app, &token, "code", &phone.wrong()).await.expect_problem(403, "wrong_code");
    // What turned two-factor sign-in on is used.
    second_step(&app, &token, "code", &used).await.expect_problem(403, "wrong_code");
    let code = phone.code(1);
    let signed_in =
        second_step(&app, &format!(" {token} "), "code", &format!("{} {}", &code[..3], &code[3..])).await;
    signed_in.expect(200);
    assert_eq!(signed_in.cookie("twobot_session").as_deref(), signed_in.json()["token"].as_str());
    // The plan allows two sessions: the first one has ended.
    let ada = app.person(&signed_in).await;
    second_step(&app, &token, "code", &code).await.expect_problem(401, "invalid_challenge");
    second_step(&app, &challenge(&app).await, "code", &code).await.expect_problem(403, "wrong_code");

    assert_eq!(mails(&app).await, ["verify", "two_factor_on"]);
    let outcomes = told(&app, &ada, "auth.two_factor_enable").await;
    assert_eq!(
        outcomes.iter().map(|(outcome, _)| outcome.as_str()).collect::<Vec<_>>(),
        ["success", "failure"]
    );
    let logins = told(&app, &ada, "auth.login").await;
    assert!(logins.contains(&("success".to_owned(), json!({"second_step": "code"}))), "{logins:?}");
    assert!(logins.contains(&("failure".to_owned(), json!({"step": "code"}))), "{logins:?}");
    let text = app.get(&ada, "/audit-log?limit=200").await.text();
    for secret in [phone.0.as_str(), token.as_str(), codes[0].as_str().unwrap()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_recovery_code_gets_in_once_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (_, codes) = turn_on(&app, &ada).await;
    let token = challenge(&app).await;
    for wrong in ["", "abcd", "abcd-efgh-jkmn-pqrs", &codes[0][1..]] {
        second_step(&app, &token, "recovery_code", wrong).await.expect_problem(403, "wrong_code");
    }
    let typed = codes[0].to_uppercase().replace('-', " ");
    let signed_in = second_step(&app, &token, "recovery_code", &typed).await;
    signed_in.expect(200);
    let ada = app.person(&signed_in).await;
    assert_eq!(app.get(&ada, "/user/two-factor").await.json()["recovery_codes_left"], 9);
    second_step(&app, &challenge(&app).await, "recovery_code", &codes[0])
        .await
        .expect_problem(403, "wrong_code");
    assert_eq!(mails(&app).await, ["verify", "two_factor_on", "recovery_code_used"]);
    let logins = told(&app, &ada, "auth.login").await;
    assert!(logins.contains(&("success".to_owned(), json!({"second_step": "recovery_code"}))), "{logins:?}");
}

#[tokio::test]
async fn a_new_password_by_mail_does_not_turn_it_off() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (phone, _) = turn_on(&app, &ada).await;
    let before = challenge(&app).await;
    let forgot = json!({"email": "ada@example.org"});
    app.request("POST", "/auth/forgot-password").json(forgot).send().await.expect(202);
    let token = loop {
        let newest = app.store().outbox(1).await.unwrap().remove(0);
        if let Some(Mail::Reset { token, .. }) = newest.mail {
            break token;
        }
        tokio::task::yield_now().await;
    };
    let reset = json!({"token": token, "password": NEW});
    app.request("POST", "/auth/reset-password").json(reset).send().await.expect(204);
    // Who got half-way in with the password before does not get further.
    second_step(&app, &before, "code", &phone.code(1)).await.expect_problem(401, "invalid_challenge");
    let begun = first_step(&app, NEW).await.json();
    assert_eq!(begun["two_factor_required"], true);
    second_step(&app, begun["challenge"].as_str().unwrap(), "code", &phone.code(1)).await.expect(200);
}

#[tokio::test]
async fn it_is_changed_by_who_has_password_and_code_only() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    for path in ["/user/two-factor/recovery-codes", "/user/two-factor/disable"] {
        let off = app.post(&ada, path, json!({"password": PASSWORD, "code": "000000"})).await;
        off.expect_problem(409, "two_factor_off");
    }
    let (phone, codes, used) = turn_on_by(&app, &ada).await;
    for path in ["/user/two-factor/recovery-codes", "/user/two-factor/disable"] {
        let post = |body: Value| app.post(&ada, path, body);
        post(json!({"password": PASSWORD})).await.expect_problem(422, "validation_failed");
        let both = json!({"password": PASSWORD, "code": "000000", "recovery_code": codes[9]});
        post(both).await.expect_problem(422, "validation_failed");
        post(json!({"password": NEW, "code": phone.code(1)})).await.expect_problem(403, "wrong_password");
        post(json!({"password": PASSWORD, "code": phone.wrong()})).await.expect_problem(403, "wrong_code");
        // The one that turned it on.
        post(json!({"password": PASSWORD, "code": used})).await.expect_problem(403, "wrong_code");
    }
    assert_eq!(app.get(&ada, "/user/two-factor").await.json()["recovery_codes_left"], 10);

    let body = json!({"password": PASSWORD, "code": phone.code(1)});
    let renewed = app.post(&ada, "/user/two-factor/recovery-codes", body).await;
    renewed.expect(200);
    let new = renewed.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let with = |code: &str| json!({"password": PASSWORD, "recovery_code": code});
    let old = app.post(&ada, "/user/two-factor/disable", with(&codes[0])).await;
    old.expect_problem(403, "wrong_code");
    app.post(&ada, "/user/two-factor/disable", with(&new)).await.expect(204);
    assert_eq!(app.get(&ada, "/user/two-factor").await.json()["enabled"], false);
    app.person(&first_step(&app, PASSWORD).await).await;
    assert_eq!(mails(&app).await, ["verify", "two_factor_on", "two_factor_off"]);
    let codes = told(&app, &ada, "auth.recovery_codes").await;
    assert_eq!(codes[0].0, "success", "{codes:?}");
    let off = told(&app, &ada, "auth.two_factor_disable").await;
    assert_eq!((off[0].0.as_str(), off[1].0.as_str()), ("success", "failure"), "{off:?}");
}

#[tokio::test]
async fn of_many_who_use_a_code_at_once_one_is_signed_in() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (phone, _) = turn_on(&app, &ada).await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(challenge(&app).await);
    }
    let code = phone.code(1);
    let tries = (0..8).map(|number| second_step(&app, &tokens[number % 4], "code", &code));
    let answers = futures::future::join_all(tries).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401, 403].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn of_many_guesses_at_once_five_are_looked_at_and_the_right_one_comes_too_late() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (phone, _) = turn_on(&app, &ada).await;
    let token = challenge(&app).await;
    let wrong = phone.wrong();
    let answers = futures::future::join_all((0..12).map(|_| second_step(&app, &token, "code", &wrong))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(403), count(401)), (5, 7));
    second_step(&app, &token, "code", &phone.code(1)).await.expect_problem(401, "invalid_challenge");
}

#[tokio::test]
async fn who_has_the_password_can_not_guess_on_and_does_not_lock_the_owner_out() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let (phone, _) = turn_on(&app, &ada).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    // The owner's browser, which was given something to be known by.
    let first = app.request("POST", "/auth/login").json(body.clone()).send().await.json();
    let signed_in = second_step(&app, first["challenge"].as_str().unwrap(), "code", &phone.code(1)).await;
    let device = format!("twobot_device={}", signed_in.cookie("twobot_device").unwrap());

    let (mut looked_at, mut put_off) = (0, 0);
    for host in 1..=4 {
        let from = [198, 51, 100, host];
        let begun = app.request("POST", "/auth/login").with_address(from).json(body.clone()).send().await;
        let challenge = begun.json()["challenge"].as_str().unwrap().to_owned();
        for _ in 0..5 {
            let guess = json!({"challenge": challenge, "code": phone.wrong()});
            let request = app.request("POST", "/auth/login/two-factor").with_address(from);
            let answer = request.json(guess).send().await;
            match answer.status {
                403 => looked_at += 1,
                429 => {
                    put_off += 1;
                    let wait: u64 = answer.header("retry-after").parse().unwrap();
                    assert!((800..=901).contains(&wait), "{wait}");
                }
                status => panic!("{status}: {}", answer.text()),
            }
        }
    }
    assert_eq!((looked_at, put_off), (10, 10));
    assert_eq!(mails(&app).await.iter().filter(|kind| **kind == "wrong_codes").count(), 1);

    let begun = app.request("POST", "/auth/login").header("cookie", &device).json(body).send().await;
    let challenge = begun.json()["challenge"].as_str().unwrap().to_owned();
    second_step(&app, &challenge, "code", &phone.wrong()).await.expect_problem(403, "wrong_code");
}

#[tokio::test]
async fn passwords_are_not_forgiven_before_the_code() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    turn_on(&app, &ada).await;
    for _ in 0..5 {
        first_step(&app, PASSWORD).await.expect(200);
    }
    first_step(&app, PASSWORD).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn other_sites_can_not_finish_a_sign_in_and_nonsense_is_told() {
    let app = TestApp::start().await;
    let request = || app.request("POST", "/auth/login/two-factor");
    let body = json!({"challenge": "x", "code": "000000"});
    let foreign = request().header("sec-fetch-site", "cross-site").json(body.clone()).send().await;
    foreign.expect_problem(403, "csrf_failed");
    request().json(body).send().await.expect_problem(401, "invalid_challenge");
    request().json(json!({"challenge": "x"})).send().await.expect_problem(422, "validation_failed");
    request().json(json!({"code": "000000"})).send().await.expect_problem(422, "validation_failed");
}
