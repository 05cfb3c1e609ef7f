//! What people are called, write and keep secret is not in the log, however much of it is switched on.

use crate::app::{PASSWORD, TestApp};
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_knows_nothing_of_people() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let app = TestApp::start().await;
    let ada = app.register("ada-lovelace").await;
    let wrong = json!({"email": "charles@example.org", "password": "Difference-Engine-2"});
    app.request("POST", "/auth/login").json(wrong).send().await.expect(401);
    let telegram = app.telegram(&ada).await;
    app.post(&ada, &format!("/gateways/{telegram}/test"), json!({})).await.expect(200);
    let chat = app.web_chat(&ada).await;
    app.post(&ada, "/user/plugins/auto-reply/install", json!({"gateways": {"channels": [chat]}}))
        .await
        .expect(201);
    let conversation = app.conversation(&ada, &chat).await;
    let stream = format!("/conversations/{conversation}/stream");
    let mut events = app.request("GET", &stream).cookie(&ada.token).follow().await;
    let body = json!({"text": "the weaver's secret"});
    app.post(&ada, &format!("/conversations/{conversation}/messages"), body).await.expect(201);
    events.next_of("message").await;
    events.next_of("message").await;
    app.request("GET", "/nothing?token=in-the-query").send().await.expect(404);
    let setup = app.post(&ada, "/user/two-factor/setup", json!({"password": PASSWORD})).await.json();
    let secret = setup["secret"].as_str().unwrap().to_owned();
    let code = totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(&secret).unwrap());
    let code = code.build().unwrap().generate_current().to_string();
    let on = app.post(&ada, "/user/two-factor/confirm", json!({"code": code})).await.json();
    let recovery_code = on["recovery_codes"][0].as_str().unwrap().to_owned();
    let credentials = json!({"email": "ada-lovelace@example.org", "password": PASSWORD});
    let begun = app.request("POST", "/auth/login").json(credentials).send().await.json();
    let challenge = begun["challenge"].as_str().unwrap().to_owned();
    let second = json!({"challenge": challenge, "recovery_code": recovery_code});
    app.request("POST", "/auth/login/two-factor").json(second).send().await.expect(200);
    app.store().close().await;
    app.get(&ada, "/gateways").await.expect_problem(500, "internal");

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("request_id") && log.contains("request failed"), "nothing was logged at all");
    for secret in [
        "ada-lovelace",
        "charles",
        PASSWORD,
        "Difference-Engine-2",
        &ada.token,
        "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "weaver",
        "in-the-query",
        "$argon2id$",
        &secret,
        &recovery_code,
        &recovery_code.replace('-', ""),
        &challenge,
    ] {
        let found = log.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "`{secret}` is in the log: {found:?}");
    }
}
