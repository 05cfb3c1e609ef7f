//! The connector `telegram` against a server that answers as documented.

use crate::support::{HALF, account, closed_port, hangs_up, install_tls};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Arrival, Connector, Telegram, TelegramOptions};
use url::Url;
use wiremock::matchers::{body_json, body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "123456:AAfake-token_for-tests";

fn telegram(address: &str) -> Telegram {
    install_tls();
    let mut options = TelegramOptions::new(Url::parse(address).unwrap());
    options.empty_poll_pause = Duration::ZERO;
    options.request_timeout = Duration::from_secs(5);
    Telegram::new(options).unwrap()
}

fn bot() -> Account {
    account(&json!({ "token": TOKEN }), json!({ "mode": "webhook" }))
}

fn operation(name: &str) -> String {
    format!("/bot{TOKEN}/{name}")
}

async fn answering(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    server
}

async fn refused(server: &MockServer) -> GatewayError {
    telegram(&server.uri())
        .call(&bot(), "sendMessage", json!({ "chat_id": 1, "text": "x" }), None)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_call_goes_out_as_it_is_and_brings_the_result() {
    let server = MockServer::start().await;
    let arguments =
        json!({ "chat_id": 42, "text": "héllo", "reply_markup": { "inline_keyboard": [[{ "text": "a" }]] } });
    Mock::given(method("POST"))
        .and(path(operation("sendMessage")))
        .and(header("user-agent", twobot_gateways::USER_AGENT))
        .and(header("content-type", "application/json"))
        .and(body_json(&arguments))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "ok": true, "result": { "message_id": 5, "a_field_of_tomorrow": [1.5] },
        })))
        .expect(1)
        .mount(&server)
        .await;
    let result = telegram(&server.uri()).call(&bot(), "sendMessage", arguments, None).await.unwrap();
    assert_eq!(result, json!({ "message_id": 5, "a_field_of_tomorrow": [1.5] }));
}

#[tokio::test]
async fn an_own_server_may_live_below_a_path() {
    let server = MockServer::start().await;
    Mock::given(path(format!("/telegram/bot{TOKEN}/getMe")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": { "id": 1 } })))
        .expect(2)
        .mount(&server)
        .await;
    for base in ["/telegram", "/telegram/"] {
        let telegram = telegram(&format!("{}{base}", server.uri()));
        assert_eq!(telegram.call(&bot(), "getMe", Value::Null, None).await.unwrap()["id"], 1);
    }
}

#[tokio::test]
async fn results_of_lenient_servers_are_taken() {
    for (body, result) in [
        (json!({ "ok": true, "result": null }), json!(null)),
        (json!({ "ok": true }), json!(null)),
        (json!({ "ok": true, "result": true, "description": "Webhook was deleted" }), json!(true)),
    ] {
        let server = answering(200, body).await;
        assert_eq!(telegram(&server.uri()).call(&bot(), "getMe", json!({}), None).await.unwrap(), result);
    }
}

#[tokio::test]
async fn operations_outside_the_list_do_not_reach_telegram() {
    let server = MockServer::start().await;
    let telegram = telegram(&server.uri());
    for name in ["setWebhook", "deleteWebhook", "getUpdates", "logOut", "close", "SENDMESSAGE", "../x", ""] {
        let error = telegram.call(&bot(), name, json!({}), None).await.unwrap_err();
        assert!(matches!(error, GatewayError::Unsupported(_)), "{name}: {error}");
    }
    let local = telegram
        .call(&bot(), "sendPhoto", json!({ "chat_id": 1, "photo": "file:///etc/passwd" }), None)
        .await;
    assert!(matches!(local, Err(GatewayError::Invalid(_))), "{local:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let rejected = |code: &str, message: &str| GatewayError::Rejected {
        code: code.to_owned(),
        message: message.to_owned(),
    };
    for (status, body, expected) in [
        (
            400,
            json!({ "ok": false, "error_code": 400, "description": "Bad Request: chat not found" }),
            rejected("400", "Bad Request: chat not found"),
        ),
        (
            403,
            json!({ "ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user" }),
            rejected("403", "Forbidden: bot was blocked by the user"),
        ),
        (
            404,
            json!({ "ok": false, "error_code": 404, "description": "Not Found: method not found" }),
            rejected("404", "Not Found: method not found"),
        ),
        (
            400,
            json!({
                "ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat",
                "parameters": { "migrate_to_chat_id": -100_123 },
            }),
            rejected("migrated", "the group was upgraded to a supergroup; its id is now -100123"),
        ),
        // Servers that say the code only in the status line, or as text.
        (400, json!({ "ok": false, "description": "no" }), rejected("400", "no")),
        (
            200,
            json!({ "ok": false, "error_code": "400", "description": "no", "parameters": 7 }),
            rejected("400", "no"),
        ),
        (
            429,
            json!({ "ok": false, "error_code": 429, "description": "x", "parameters": { "retry_after": 17 } }),
            GatewayError::RateLimited(Some(17)),
        ),
        (
            429,
            json!({ "ok": false, "error_code": 429, "description": "Too Many Requests" }),
            GatewayError::RateLimited(None),
        ),
    ] {
        let server = answering(status, body.clone()).await;
        assert_eq!(refused(&server).await, expected, "{body}");
    }
}

#[tokio::test]
async fn a_token_that_telegram_does_not_know_is_unauthorized() {
    for (status, body) in [
        (401, json!({ "ok": false, "error_code": 401, "description": "Unauthorized" })),
        (404, json!({ "ok": false, "error_code": 404, "description": "Not Found" })),
        (401, json!("a proxy's own words")),
    ] {
        let server = answering(status, body.clone()).await;
        let error = refused(&server).await;
        assert!(matches!(error, GatewayError::Unauthorized(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn of_a_failing_server_it_is_not_known_what_it_did() {
    let bodies = [
        json!({ "ok": false, "error_code": 502, "description": "Bad Gateway" }),
        json!({ "message": "crashed" }),
    ];
    for body in bodies {
        let server = answering(502, body).await;
        let started = std::time::Instant::now();
        let error = refused(&server).await;
        assert!(matches!(error, GatewayError::OutcomeUnknown(_)), "{error}");
        // teloxide's own requests would have slept for 10 s.
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_server_that_is_something_else_is_named() {
    for (status, page, may_have_done_it) in [
        (200, "<html>hello</html>", true),
        (404, "404 page not found", false),
        (200, r#"{"ok":"yes"}"#, true),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_string(page))
            .mount(&server)
            .await;
        let error = refused(&server).await;
        assert_eq!(error.may_have_happened(), may_have_done_it, "{error}");
        let (GatewayError::Unavailable(text) | GatewayError::OutcomeUnknown(text)) = error else {
            panic!("{error}")
        };
        assert!(
            text.contains(&server.address().to_string()) && text.contains("TWOBOT_TELEGRAM_API_URL"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let address = closed_port();
    let error = telegram(&address).call(&bot(), "getMe", json!({}), None).await.unwrap_err();
    let GatewayError::Unavailable(text) = error else { panic!("{error}") };
    assert!(text.contains(address.trim_start_matches("http://")), "{text}");
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(method("POST")).respond_with(slow).mount(&server).await;
    let mut options = TelegramOptions::new(Url::parse(&server.uri()).unwrap());
    options.request_timeout = Duration::from_millis(100);
    options.long_poll = Duration::ZERO;
    install_tls();
    let telegram = Telegram::new(options).unwrap();
    assert_eq!(telegram.call(&bot(), "getMe", json!({}), None).await, Err(GatewayError::TimedOut));
    assert_eq!(telegram.poll(&bot(), None).await, Err(GatewayError::TimedOut));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(307).insert_header("location", other.uri().as_str());
    Mock::given(method("POST")).respond_with(elsewhere).mount(&server).await;
    assert!(matches!(refused(&server).await, GatewayError::Unavailable(_)));
    assert_eq!(other.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let server = answering(200, json!({ "ok": true, "result": "x".repeat(2 * 1024 * 1024) })).await;
    let GatewayError::Rejected { code, .. } = refused(&server).await else { panic!("not rejected") };
    assert_eq!(code, "answer_too_large");
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let secret = TOKEN.split_once(':').unwrap().1;
    let echoes =
        answering(400, json!({ "ok": false, "description": format!("no /bot{TOKEN}/sendMessage here") }))
            .await;
    let pages = answering(500, json!(format!("crashed at /bot{TOKEN}/sendMessage"))).await;
    let loops = MockServer::start().await;
    let here = ResponseTemplate::new(302).insert_header("location", format!("/bot{TOKEN}/x").as_str());
    Mock::given(method("POST")).respond_with(here).mount(&loops).await;
    // A server that hangs up in the middle of the exchange.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let unresolvable = "http://no-such-host.invalid".to_owned();
    for address in [echoes.uri(), pages.uri(), loops.uri(), rude, closed_port(), unresolvable] {
        let telegram = telegram(&address);
        let account = bot();
        for error in [
            telegram.call(&account, "sendMessage", json!({ "chat_id": 1 }), None).await.unwrap_err(),
            telegram.poll(&account, None).await.unwrap_err(),
            telegram.connect(&account, &Arrival::Polling).await.unwrap_err(),
        ] {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(secret), "{address}: {text}");
        }
        assert!(!format!("{telegram:?} {account:?}").contains(secret));
    }
}

#[tokio::test]
async fn a_local_servers_file_path_does_not_show_the_token() {
    let server = answering(
        200,
        json!({ "ok": true, "result": { "file_path": format!("/var/lib/{TOKEN}/photos/1.jpg") } }),
    )
    .await;
    let file =
        telegram(&server.uri()).call(&bot(), "getFile", json!({ "file_id": "x" }), None).await.unwrap();
    assert_eq!(file, json!({ "file_path": "photos/1.jpg" }));
}

#[tokio::test]
async fn a_retry_after_keeps_the_bot_silent_and_no_other() {
    let server = MockServer::start().await;
    Mock::given(path(operation("sendMessage")))
        .respond_with(ResponseTemplate::new(429).set_body_json(json!({
            "ok": false, "error_code": 429, "description": "x", "parameters": { "retry_after": 3600 },
        })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/bot9:other/getMe"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": 1 })))
        .mount(&server)
        .await;
    let (telegram, account_a) = (telegram(&server.uri()), bot());
    let call = async |account: &Account, operation: &str, arguments: Value| {
        telegram.turn(account, operation, &arguments).await?;
        telegram.call(account, operation, arguments, None).await
    };
    let send = || call(&account_a, "sendMessage", json!({ "chat_id": 1, "text": "x" }));
    assert_eq!(send().await, Err(GatewayError::RateLimited(Some(3600))));
    // Neither of these reaches the server.
    assert!(matches!(send().await, Err(GatewayError::RateLimited(Some(3590..=3600)))));
    let other_method = call(&account_a, "getMe", json!({})).await;
    assert!(matches!(other_method, Err(GatewayError::RateLimited(Some(3590..=3600)))), "{other_method:?}");
    let account_b = account(&json!({ "token": "9:other" }), json!({}));
    assert_eq!(call(&account_b, "getMe", json!({})).await, Ok(json!(1)));
}

#[tokio::test]
async fn a_poll_keeps_updates_as_they_came() {
    let server = MockServer::start().await;
    let first = r#"{"update_id":700, "message" : {"text":"\u00e9","x":1.50,"big":12345678901234567890}}"#;
    let second = r#"{"update_id":702,"of_tomorrow":{}}"#;
    Mock::given(path(operation("getUpdates")))
        .and(body_partial_json(json!({ "offset": 699, "timeout": 25 })))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_string(format!(r#"{{"ok":true,"result":[{first},{second}]}}"#)),
        )
        .expect(1)
        .mount(&server)
        .await;
    let batch = telegram(&server.uri()).poll(&bot(), Some(699)).await.unwrap();
    assert_eq!(batch.next_cursor, Some(703));
    let bodies: Vec<_> =
        batch.deliveries.iter().map(|one| (one.provider_id.as_str(), one.body.as_str())).collect();
    assert_eq!(bodies, [("700", first), ("702", second)]);

    let request = &server.received_requests().await.unwrap()[0];
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let kinds: Vec<_> =
        asked["allowed_updates"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for kind in ["message", "chat_member", "message_reaction", "message_reaction_count", "business_message"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[tokio::test]
async fn a_first_poll_has_no_offset() {
    let server = answering(200, json!({ "ok": true, "result": [] })).await;
    let batch = telegram(&server.uri()).poll(&bot(), None).await.unwrap();
    assert_eq!((batch.deliveries.len(), batch.next_cursor), (0, None));
    let asked: Value = serde_json::from_slice(&server.received_requests().await.unwrap()[0].body).unwrap();
    assert_eq!(asked.get("offset"), None);
}

#[tokio::test]
async fn conflicts_say_what_to_do() {
    for (description, advice) in [
        (
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            "another program fetches",
        ),
        (
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            "a webhook is set",
        ),
    ] {
        let server =
            answering(409, json!({ "ok": false, "error_code": 409, "description": description })).await;
        let error = telegram(&server.uri()).poll(&bot(), None).await.unwrap_err();
        let GatewayError::Rejected { code, message } = error else { panic!("{error}") };
        assert_eq!(code, "409");
        assert!(message.contains(advice), "{message}");
    }
}

#[tokio::test]
async fn connecting_sets_the_webhook_with_its_secret() {
    let server = MockServer::start().await;
    Mock::given(path(operation("setWebhook")))
        .and(body_partial_json(json!({ "url": "https://bots.example/hook", "secret_token": "right-secret" })))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": true })))
        .expect(1)
        .mount(&server)
        .await;
    let hook = Arrival::Webhook(Url::parse("https://bots.example/hook").unwrap());
    telegram(&server.uri()).connect(&bot(), &hook).await.unwrap();
    let asked: Value = serde_json::from_slice(&server.received_requests().await.unwrap()[0].body).unwrap();
    assert_eq!(asked["allowed_updates"].as_array().unwrap().len(), 23);
    assert_eq!(asked.get("certificate"), None);
}

#[tokio::test]
async fn connecting_for_polling_and_disconnecting_delete_the_webhook() {
    let server = MockServer::start().await;
    Mock::given(path(operation("deleteWebhook")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": true })))
        .expect(2)
        .mount(&server)
        .await;
    let telegram = telegram(&server.uri());
    telegram.connect(&bot(), &Arrival::Polling).await.unwrap();
    telegram.disconnect(&bot()).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_does_not_stop_disconnecting() {
    let server =
        answering(401, json!({ "ok": false, "error_code": 401, "description": "Unauthorized" })).await;
    telegram(&server.uri()).disconnect(&bot()).await.unwrap();
    telegram(&server.uri()).disconnect(&account(&json!({}), json!({}))).await.unwrap();
    let failing = answering(500, json!({})).await;
    assert!(telegram(&failing.uri()).disconnect(&bot()).await.is_err());
}

#[test]
fn webhooks_are_used_where_telegram_can_reach_them() {
    let (telegrams, own) = ("https://api.telegram.org", "http://127.0.0.1:8081");
    let (https, http) = ("https://bots.example/hook", "http://127.0.0.1:8080/hook");
    for (api, mode, webhook, used) in [
        (telegrams, "webhook", Some(https), true),
        (telegrams, "webhook", Some(http), false),
        (telegrams, "webhook", None, false),
        (telegrams, "polling", Some(https), false),
        (telegrams, "", Some(https), false),
        (own, "webhook", Some(http), true),
        (own, "webhook", Some(https), true),
        (own, "polling", Some(http), false),
    ] {
        let account = account(&json!({ "token": TOKEN }), json!({ "mode": mode }));
        let webhook = webhook.map(|address| Url::parse(address).unwrap());
        let expected = if used { Arrival::Webhook(webhook.clone().unwrap()) } else { Arrival::Polling };
        assert_eq!(telegram(api).arrival(&account, webhook.clone()), expected, "{api} {mode} {webhook:?}");
    }
}

#[test]
fn only_the_right_secret_opens_a_webhook() {
    let telegram = telegram("https://api.telegram.org");
    let header =
        |value: &str| HashMap::from([("x-telegram-bot-api-secret-token".to_owned(), value.to_owned())]);
    assert!(telegram.webhook_is_authentic(&bot(), &header("right-secret"), "{}"));
    for wrong in ["", "right-secre", "right-secret ", "Right-secret", "wrong-secret"] {
        assert!(!telegram.webhook_is_authentic(&bot(), &header(wrong), "{}"), "{wrong}");
    }
    assert!(!telegram.webhook_is_authentic(&bot(), &HashMap::new(), "{}"));
    let mut open = bot();
    open.webhook_secret = String::new().into();
    assert!(!telegram.webhook_is_authentic(&open, &header(""), "{}"));
    assert!(!telegram.webhook_is_authentic(&open, &HashMap::new(), "{}"));
}

#[test]
fn addresses_that_are_no_server_are_refused() {
    install_tls();
    for address in
        ["file:///tmp", "data:,x", "https://api.telegram.org/?a=b", "https://me:pw@api.telegram.org"]
    {
        assert!(Telegram::new(TelegramOptions::new(Url::parse(address).unwrap())).is_err(), "{address}");
    }
}

#[tokio::test]
async fn what_was_sent_and_not_answered_may_have_been_done_and_all_else_was_not() {
    let send = async |address: &str| {
        let arguments = json!({ "chat_id": 1, "text": "x" });
        telegram(address).call(&bot(), "sendMessage", arguments, None).await.unwrap_err()
    };
    for begun in ["", HALF] {
        let error = send(&hangs_up(begun).await).await;
        assert!(matches!(error, GatewayError::OutcomeUnknown(_)), "{begun}: {error}");
    }
    for address in [closed_port(), "http://no-such-host.invalid".to_owned()] {
        let error = send(&address).await;
        assert!(!error.may_have_happened(), "{address}: {error}");
    }
    for status in [400, 403, 429] {
        let body = json!({ "ok": false, "error_code": status, "description": "no" });
        let error = refused(&answering(status, body).await).await;
        assert!(!error.may_have_happened(), "{status}: {error}");
    }
    // Where the host asks for itself, nothing is at stake.
    let error = telegram(&hangs_up("").await).poll(&bot(), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unavailable(_)), "{error}");
    let telegram = telegram(&closed_port());
    assert!(telegram.only_reads("getChat") && !telegram.only_reads("sendMessage"));
}
