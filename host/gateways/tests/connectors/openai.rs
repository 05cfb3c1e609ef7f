//! The connector `openai` against servers that answer as providers do.

use crate::support::{HALF, account, closed_port, hangs_up, install_tls};
use serde_json::{Value, json};
use std::time::Duration;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Arrival, Connector, EgressPolicy, Headers, OpenAi, OpenAiOptions};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "sk-very-secret-key";

/// A connector that may reach these addresses.
fn openai(allow: &[&str]) -> OpenAi {
    install_tls();
    let allow: Vec<_> = allow.iter().map(|address| address.trim_start_matches("http://")).collect();
    let mut options = OpenAiOptions::new(EgressPolicy::parse(&allow.join(",")).unwrap());
    options.timeout = Duration::from_secs(5);
    OpenAi::new(options).unwrap()
}

fn custom(address: &str) -> Account {
    account(
        &json!({ "api_key": KEY }),
        json!({ "provider": "custom", "base_url": format!("{address}/v1"), "model": "default-model" }),
    )
}

fn question() -> Value {
    json!({ "model": "m", "messages": [{ "role": "user", "content": "2+2?" }] })
}

async fn answering(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(method("POST")).respond_with(answer).expect(1).mount(&server).await;
    server
}

async fn ask(server: &MockServer) -> Result<Value, GatewayError> {
    openai(&[&server.uri()]).call(&custom(&server.uri()), "chat.completions", question(), None).await
}

#[tokio::test]
async fn a_question_is_answered() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(header("user-agent", twobot_gateways::USER_AGENT))
        .and(body_json(json!({
            "model": "m", "temperature": 0.5, "max_tokens": 100,
            "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "2+2?" }],
        })))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "m-2026",
            "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "4" } }],
            "usage": { "prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10 },
        })))
        .expect(1)
        .mount(&server)
        .await;
    let arguments = json!({
        "model": "m", "temperature": 0.5, "max_tokens": 100, "stream": false,
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "2+2?" }],
    });
    let answer = openai(&[&server.uri()])
        .call(&custom(&server.uri()), "chat.completions", arguments, None)
        .await
        .unwrap();
    assert_eq!(answer["model"], "m-2026");
    assert_eq!(answer["choices"][0]["message"]["content"], "4");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["prompt_tokens"], 9);
    assert_eq!(answer["usage"]["completion_tokens"], 1);
}

#[tokio::test]
async fn a_sparse_answer_is_an_answer() {
    let server =
        answering(200, json!({ "choices": [{ "message": { "content": "4" }, "finish_reason": "eos" }] }))
            .await;
    let answer = ask(&server).await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "4");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn the_gateways_model_is_asked_where_none_is_named() {
    let server = answering(200, json!({ "choices": [] })).await;
    let arguments = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    openai(&[&server.uri()])
        .call(&custom(&server.uri()), "chat.completions", arguments.clone(), None)
        .await
        .unwrap();
    let asked: Value = serde_json::from_slice(&server.received_requests().await.unwrap()[0].body).unwrap();
    assert_eq!(asked["model"], "default-model");

    let nameless = account(&json!({}), json!({ "provider": "custom", "base_url": server.uri() }));
    let error =
        openai(&[&server.uri()]).call(&nameless, "chat.completions", arguments, None).await.unwrap_err();
    assert!(matches!(error, GatewayError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn models_are_listed() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({ "data": [{ "id": "m-1" }, { "id": "m-2" }] })),
        )
        .expect(1)
        .mount(&server)
        .await;
    let list =
        openai(&[&server.uri()]).call(&custom(&server.uri()), "models.list", json!({}), None).await.unwrap();
    assert_eq!(list["data"][1]["id"], "m-2");
}

#[tokio::test]
async fn refusals_are_told_apart_and_asked_once() {
    let rejected = |code: &str, message: &str| GatewayError::Rejected {
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let error =
        |message: &str, code: Value| json!({ "error": { "message": message, "type": "t", "code": code } });
    for (status, body, expected) in [
        (
            401,
            error("Incorrect API key", json!("invalid_api_key")),
            GatewayError::Unauthorized("Incorrect API key".to_owned()),
        ),
        (
            403,
            error("Country not supported", json!(null)),
            GatewayError::Unauthorized("Country not supported".to_owned()),
        ),
        (400, error("bad temperature", json!(null)), rejected("400", "bad temperature")),
        (
            404,
            error("The model `m` does not exist", json!("model_not_found")),
            rejected("model_not_found", "The model `m` does not exist"),
        ),
        (404, json!({ "error": "model \"m\" not found" }), rejected("404", "model \"m\" not found")),
        (422, json!({ "detail": "wrong" }), rejected("422", "wrong")),
        (413, error("too long", json!(413)), rejected("413", "too long")),
        (408, json!({}), GatewayError::TimedOut),
        (429, error("slow down", json!("rate_limit_exceeded")), GatewayError::RateLimited(None)),
        (
            200,
            json!({ "error": { "message": "no such model", "code": "nope" } }),
            rejected("nope", "no such model"),
        ),
    ] {
        let server = answering(status, body.clone()).await;
        assert_eq!(ask(&server).await, Err(expected), "{status} {body}");
    }
}

#[tokio::test]
async fn a_wait_is_passed_on() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "20").set_body_json(json!({}));
    Mock::given(method("POST")).respond_with(busy).expect(1).mount(&server).await;
    assert_eq!(ask(&server).await, Err(GatewayError::RateLimited(Some(20))));
}

#[tokio::test]
async fn an_empty_purse_is_no_reason_to_wait() {
    let said = json!({ "error": { "message": "You exceeded your quota.", "type": "insufficient_quota", "code": "insufficient_quota" } });
    let Err(GatewayError::Rejected { code, message }) = ask(&answering(429, said).await).await else {
        panic!("not rejected")
    };
    assert_eq!(code, "insufficient_quota");
    assert!(message.contains("You exceeded your quota.") && message.contains("add credit"), "{message}");
}

#[tokio::test]
async fn a_provider_that_fails_or_is_gone_is_named() {
    let server = answering(503, json!({ "error": { "message": "overloaded" } })).await;
    // It was asked and may have thought, which it does not do for nothing.
    let Err(GatewayError::OutcomeUnknown(text)) = ask(&server).await else { panic!("not unknown") };
    assert!(text.contains(&server.address().to_string()) && text.contains("overloaded"), "{text}");

    let gone = closed_port();
    let error = openai(&[&gone]).call(&custom(&gone), "models.list", json!({}), None).await.unwrap_err();
    let GatewayError::Unavailable(text) = error else { panic!("{error}") };
    assert!(text.contains(gone.trim_start_matches("http://")), "{text}");
}

#[tokio::test]
async fn a_server_that_is_something_else_is_named() {
    for (status, page, code) in
        [(200, "<html>", "not_compatible"), (404, "404 page not found", "404"), (200, "{}", "not_compatible")]
    {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_string(page))
            .mount(&server)
            .await;
        let Err(GatewayError::Rejected { code: given, message }) = ask(&server).await else {
            panic!("not rejected")
        };
        assert_eq!(given, code);
        assert!(message.contains("ends in /v1"), "{message}");
    }
}

#[tokio::test]
async fn a_silent_provider_times_out() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(method("POST")).respond_with(slow).mount(&server).await;
    install_tls();
    let egress = EgressPolicy::parse(&server.address().to_string()).unwrap();
    let openai = OpenAi::new(OpenAiOptions { egress, timeout: Duration::from_millis(100) }).unwrap();
    assert_eq!(
        openai.call(&custom(&server.uri()), "chat.completions", question(), None).await,
        Err(GatewayError::TimedOut)
    );
}

#[tokio::test]
async fn sizes_are_bounded_both_ways() {
    let server =
        answering(200, json!({ "choices": [{ "message": { "content": "x".repeat(2 * 1024 * 1024) } }] }))
            .await;
    let Err(GatewayError::Rejected { code, .. }) = ask(&server).await else { panic!("not rejected") };
    assert_eq!(code, "answer_too_large");

    let silent = MockServer::start().await;
    let mut long = question();
    long["messages"][0]["content"] = "x".repeat(2 * 1024 * 1024).into();
    let error = openai(&[&silent.uri()])
        .call(&custom(&silent.uri()), "chat.completions", long, None)
        .await
        .unwrap_err();
    assert!(matches!(error, GatewayError::Invalid(_)), "{error}");
    assert_eq!(silent.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn wrong_calls_are_not_made() {
    let server = MockServer::start().await;
    let (openai, account) = (openai(&[&server.uri()]), custom(&server.uri()));
    for (operation, arguments) in [
        ("chat.completions", json!({ "model": "m", "messages": "hi" })),
        ("chat.completions", json!([1])),
        ("chat.completions", json!({ "model": "m", "messages": [], "stream": true })),
    ] {
        let error = openai.call(&account, operation, arguments.clone(), None).await.unwrap_err();
        assert!(matches!(error, GatewayError::Invalid(_)), "{arguments}: {error}");
    }
    let error = openai.call(&account, "files.delete", json!({}), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unsupported(_)), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn private_addresses_are_closed_unless_the_operator_opens_them() {
    let server = MockServer::start().await;
    let port = server.address().port();
    // By address, and by a name that only resolving shows to be private.
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
        let account = custom(&format!("http://{host}:{port}"));
        let error = openai(&[]).call(&account, "chat.completions", question(), None).await.unwrap_err();
        let GatewayError::Denied(text) = &error else { panic!("{host}: {error}") };
        assert!(text.contains(&format!(":{port} is ")) && text.contains("TWOBOT_EGRESS_ALLOW"), "{text}");
        assert!(!error.is_transient());
    }
    // Another port of the same machine opens nothing.
    let error = openai(&["127.0.0.1:1"])
        .call(&custom(&server.uri()), "models.list", json!({}), None)
        .await
        .unwrap_err();
    assert!(matches!(error, GatewayError::Denied(_)), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);

    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "data": [] })))
        .expect(1)
        .mount(&server)
        .await;
    let named = custom(&format!("http://localhost:{port}"));
    openai(&[&format!("localhost:{port}")]).call(&named, "models.list", json!({}), None).await.unwrap();
}

#[tokio::test]
async fn a_redirect_does_not_lead_past_the_check() {
    let private = MockServer::start().await;
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(307).insert_header("location", private.uri().as_str());
    Mock::given(method("POST")).respond_with(elsewhere).mount(&server).await;
    // Not even to an address that is open.
    let openai = openai(&[&server.uri(), &private.uri()]);
    let error = openai.call(&custom(&server.uri()), "chat.completions", question(), None).await.unwrap_err();
    let GatewayError::Rejected { code, message } = error else { panic!("{error}") };
    assert_eq!(code, "307");
    assert!(message.contains(&private.uri()), "{message}");
    assert_eq!(private.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn no_error_shows_the_key() {
    let echo = json!({ "error": { "message": format!("wrong key {KEY}"), "code": KEY } });
    for status in [200, 400, 401, 429, 500] {
        let server = answering(status, echo.clone()).await;
        let error = ask(&server).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    }
    let page = MockServer::start().await;
    let text = ResponseTemplate::new(404).set_body_string(format!("no {KEY}"));
    Mock::given(method("POST")).respond_with(text).mount(&page).await;
    let error = ask(&page).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    assert!(!format!("{:?} {:?}", openai(&[]), custom("http://x")).contains(KEY));
}

#[tokio::test]
async fn nothing_arrives_by_itself() {
    let (openai, account) = (openai(&[]), custom("http://x"));
    assert_eq!(openai.arrival(&account, None), Arrival::Internal);
    openai.connect(&account, &Arrival::Internal).await.unwrap();
    openai.disconnect(&account).await.unwrap();
    assert!(openai.identify(&Headers::new(), "{}").is_err());
    assert!(matches!(openai.poll(&account, None).await, Err(GatewayError::Unsupported(_))));
}

#[tokio::test]
async fn what_was_sent_and_not_answered_may_have_been_done_and_all_else_was_not() {
    let ask = async |address: &str| {
        openai(&[address]).call(&custom(address), "chat.completions", question(), None).await.unwrap_err()
    };
    for begun in ["", HALF] {
        let error = ask(&hangs_up(begun).await).await;
        assert!(matches!(error, GatewayError::OutcomeUnknown(_)), "{begun}: {error}");
    }
    let error = ask(&closed_port()).await;
    assert!(!error.may_have_happened(), "{error}");
    let openai = openai(&[]);
    assert!(openai.only_reads("models.list") && !openai.only_reads("chat.completions"));
}

#[tokio::test]
async fn a_question_carries_the_key_by_which_it_is_known_again() {
    let server = answering(200, json!({ "choices": [{ "message": { "content": "4" } }] })).await;
    openai(&[&server.uri()])
        .call(&custom(&server.uri()), "chat.completions", question(), Some("key-7"))
        .await
        .unwrap();
    let nameless = answering(200, json!({ "choices": [{ "message": { "content": "4" } }] })).await;
    ask(&nameless).await.unwrap();
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(sent.headers["idempotency-key"], "key-7");
    let sent = &nameless.received_requests().await.unwrap()[0];
    assert!(!sent.headers.contains_key("idempotency-key"));
}
