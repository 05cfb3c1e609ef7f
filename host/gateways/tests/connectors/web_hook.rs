//! The connector `web-hook` against servers that answer as receivers do.

use crate::support::{account, closed_port, hangs_up, install_tls};
use serde_json::{Value, json};
use std::time::Duration;
use twobot_domain::GatewayError;
use twobot_gateways::{Account, Connector, EgressPolicy, Exchange, WebHook, WebHookOptions};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A connector that may reach this address.
fn web_hook(allow: &str) -> WebHook {
    install_tls();
    let mut options = WebHookOptions::new(EgressPolicy::parse(allow.trim_start_matches("http://")).unwrap());
    options.timeout = Duration::from_secs(5);
    WebHook::new(options).unwrap()
}

fn gateway(address: &str) -> Account {
    let url = format!("{address}/secret-path");
    account(&json!({"secret": SECRET, "signing_secret": SECRET}), json!({"url": url}))
}

async fn deliver(address: &str) -> (Result<Value, GatewayError>, Option<Exchange>) {
    web_hook(address).call_and_tell(&gateway(address), "deliver", json!({"a": 1}), Some("key-1")).await
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(template).expect(1).mount(&server).await;
    server
}

#[tokio::test]
async fn a_document_is_posted_and_signed() {
    let server = answering(ResponseTemplate::new(202).set_body_string("thanks")).await;
    let (answer, exchange) = deliver(&server.uri()).await;
    assert_eq!(answer.unwrap(), json!({"id": "key-1", "status": 202, "body": "thanks"}));
    let exchange = exchange.unwrap();
    assert_eq!((exchange.message.as_str(), exchange.status), ("key-1", Some(202)));
    assert_eq!(exchange.answer, "thanks");

    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.url.path(), "/secret-path");
    assert_eq!(request.body, br#"{"a":1}"#);
    let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("user-agent"), twobot_gateways::USER_AGENT);
    assert_eq!(header("webhook-id"), "key-1");
    // What goes out is what the same rules believe when it comes in.
    let headers =
        request.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = std::str::from_utf8(&request.body).unwrap();
    let same = account(&json!({"secret": SECRET}), json!({}));
    assert!(web_hook("localhost:1").webhook_is_authentic(&same, &headers.collect(), body));
}

#[tokio::test]
async fn each_status_means_what_receivers_mean_by_it() {
    let rejected = |code: &str| (format!("gateway_rejected {code}"), false);
    let transient = |code: &str| (code.to_owned(), true);
    for (status, retry_after, expected) in [
        (200, None, ("done".to_owned(), false)),
        (204, None, ("done".to_owned(), false)),
        (301, None, rejected("301")),
        (400, None, rejected("400")),
        (401, None, ("gateway_unauthorized".to_owned(), false)),
        (404, None, rejected("404")),
        (408, None, transient("gateway_unavailable")),
        (410, None, rejected("410")),
        (429, None, transient("gateway_rate_limited None")),
        (429, Some("7"), transient("gateway_rate_limited Some(7)")),
        (500, None, transient("gateway_outcome_unknown")),
        (503, None, transient("gateway_outcome_unknown")),
        (503, Some("30"), transient("gateway_rate_limited Some(30)")),
    ] {
        let mut template = ResponseTemplate::new(status).set_body_string("why\nnot");
        if let Some(wait) = retry_after {
            template = template.insert_header("retry-after", wait);
        }
        let server = answering(template).await;
        let (answer, exchange) = deliver(&server.uri()).await;
        let told = match &answer {
            Ok(_) => ("done".to_owned(), false),
            Err(error @ GatewayError::Rejected { code, .. }) => {
                (format!("{} {code}", error.code()), error.is_transient())
            }
            Err(error @ GatewayError::RateLimited(wait)) => {
                (format!("{} {wait:?}", error.code()), error.is_transient())
            }
            Err(error) => (error.code().to_owned(), error.is_transient()),
        };
        assert_eq!(told, expected, "{status} {retry_after:?}");
        let exchange = exchange.unwrap();
        assert_eq!(exchange.status, Some(status));
        assert_eq!(exchange.answer, if status == 204 { "" } else { "why not" });
        if let Err(error) = answer {
            assert!(!error.to_string().contains("secret-path"), "{error}");
        }
    }
}

#[tokio::test]
async fn gone_is_said_in_so_many_words() {
    let server = answering(ResponseTemplate::new(410)).await;
    let error = deliver(&server.uri()).await.0.unwrap_err().to_string();
    assert!(error.contains("gone for good"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&elsewhere).await;
    let server = answering(ResponseTemplate::new(307).insert_header("location", elsewhere.uri())).await;
    let error = deliver(&server.uri()).await.0.unwrap_err().to_string();
    assert!(error.contains("redirects are not followed"), "{error}");
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_kept_and_secrets_are_not() {
    let long = format!("{SECRET} {}", "x".repeat(1_000_000));
    let server = answering(ResponseTemplate::new(200).set_body_string(long)).await;
    let exchange = deliver(&server.uri()).await.1.unwrap();
    assert!(exchange.answer.starts_with("[secret] xxx"), "{}", exchange.answer);
    assert!(exchange.answer.chars().count() < 600);
}

#[tokio::test]
async fn who_is_not_there_or_hangs_up_is_told_apart() {
    let (answer, exchange) = deliver(&closed_port()).await;
    assert!(matches!(answer, Err(GatewayError::Unavailable(_))), "{answer:?}");
    assert_eq!(exchange.unwrap().status, None);
    let (answer, exchange) = deliver(&hangs_up("").await).await;
    assert!(matches!(answer, Err(GatewayError::OutcomeUnknown(_))), "{answer:?}");
    assert_eq!(exchange.unwrap().status, None);
}

#[tokio::test]
async fn who_is_silent_is_waited_for_so_long() {
    let server = MockServer::start().await;
    let silent = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(method("POST")).respond_with(silent).mount(&server).await;
    let address = server.uri();
    install_tls();
    let egress = EgressPolicy::parse(address.trim_start_matches("http://")).unwrap();
    let hook = WebHook::new(WebHookOptions { egress, timeout: Duration::from_millis(100) }).unwrap();
    let (answer, exchange) = hook.call_and_tell(&gateway(&address), "deliver", json!(null), None).await;
    assert_eq!(answer, Err(GatewayError::TimedOut));
    assert!(!exchange.unwrap().message.is_empty(), "without a key it has an id of its own");
}

#[tokio::test]
async fn addresses_inside_are_closed() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let hook = web_hook("localhost:1");
    for (address, expected) in [
        (server.uri(), "capability_denied"),
        ("http://localhost:9".to_owned(), "capability_denied"),
        ("http://169.254.169.254".to_owned(), "capability_denied"),
        ("ftp://example.org".to_owned(), "gateway_invalid_argument"),
        ("http://user:password@example.org".to_owned(), "gateway_invalid_argument"),
    ] {
        let (answer, exchange) =
            hook.call_and_tell(&gateway(&address), "deliver", json!({}), Some("k")).await;
        assert_eq!(answer.unwrap_err().code(), expected, "{address}");
        assert_eq!(exchange, None, "nothing was asked of {address}");
        let checked = hook.call(&gateway(&address), "account", json!({}), None).await;
        assert_eq!(checked.unwrap_err().code(), expected, "{address}");
    }
}

#[tokio::test]
async fn what_is_not_set_is_said() {
    let hook = web_hook("localhost:1");
    let nowhere = account(&json!({"secret": SECRET, "signing_secret": SECRET}), json!({}));
    let error = hook.call(&nowhere, "deliver", json!({}), None).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Invalid(why) if why.contains("no address to deliver to")),
        "{error}"
    );
    let unsigned = account(&json!({"secret": SECRET}), json!({"url": "https://example.org/"}));
    let error = hook.call(&unsigned, "deliver", json!({}), None).await.unwrap_err();
    assert!(
        matches!(&error, GatewayError::Unauthorized(why) if why.starts_with("signing_secret")),
        "{error}"
    );
    let large = json!("x".repeat(1024 * 1024));
    let error = hook.call(&gateway("https://example.org"), "deliver", large, None).await.unwrap_err();
    assert!(matches!(&error, GatewayError::Invalid(why) if why.contains("1 MB")), "{error}");
    let error = hook.call(&nowhere, "post", json!({}), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unsupported(_)));
    assert!(hook.only_reads("account") && !hook.only_reads("deliver"));
}

#[tokio::test]
async fn a_check_says_how_it_is_set_up_and_who_answers() {
    let hook = web_hook("localhost:1");
    let inbound = account(&json!({"secret": "some secret of GitHub"}), json!({"verification": "hmac"}));
    let answer = hook.call(&inbound, "account", json!({}), None).await.unwrap();
    assert_eq!(
        answer,
        json!({
            "id": inbound.gateway.to_string(), "verification": "hmac", "header": "x-hub-signature-256", "receiver": null,
        })
    );
    let wrong = account(&json!({"secret": "not base64"}), json!({}));
    let error = hook.call(&wrong, "account", json!({}), None).await.unwrap_err();
    assert!(matches!(&error, GatewayError::Unauthorized(why) if why.contains("whsec_")), "{error}");

    // Whoever answers is there; nothing is posted to find that out.
    let server = MockServer::start().await;
    Mock::given(method("HEAD")).respond_with(ResponseTemplate::new(405)).expect(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let address = server.uri();
    let answer = web_hook(&address).call(&gateway(&address), "account", json!({}), None).await.unwrap();
    assert_eq!(answer["receiver"]["status"], 405);
    assert_eq!(answer["receiver"]["target"], address.trim_start_matches("http://"));
    let away = closed_port();
    let error = web_hook(&away).call(&gateway(&away), "account", json!({}), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::Unavailable(_)), "{error}");
}
