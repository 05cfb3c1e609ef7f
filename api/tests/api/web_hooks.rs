//! Web hooks: who may deliver, and what their owner sees of it.

use crate::app::{Person, Request, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::Sha256;
use twobot_domain::Timestamp;
use twobot_store::gateways::DeliveryCounts;

const KEY: &[u8] = b"a key of twenty-four by.";

async fn hook(app: &TestApp, who: &Person, verification: &str, secret: &str) -> String {
    let body = json!({
        "kind": "web-hook", "name": "Orders", "config": {"verification": verification}, "credentials": {"secret": secret},
    });
    let made = app.post(who, "/gateways", body).await;
    made.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn standard(app: &TestApp, who: &Person) -> String {
    hook(app, who, "standard", &format!("whsec_{}", STANDARD.encode(KEY))).await
}

fn code(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn post(app: &TestApp, hook: &str) -> Request {
    app.raw("POST", &format!("/api/webhooks/web-hook/{hook}")).header("content-type", "application/json")
}

/// A delivery as Standard Webhooks sign it, so many seconds ago.
fn signed(app: &TestApp, hook: &str, key: &[u8], id: &str, ago: i64, body: &str) -> Request {
    let time = Timestamp::now().0 / 1_000 - ago;
    let signature = STANDARD.encode(code(key, &format!("{id}.{time}.{body}")));
    post(app, hook)
        .header("webhook-id", id)
        .header("webhook-timestamp", &time.to_string())
        .header("webhook-signature", &format!("v1,{signature}"))
        .body(body.to_owned())
}

async fn counts(app: &TestApp, who: &Person, hook: &str) -> DeliveryCounts {
    app.store().gateway(who.scope, hook.parse().unwrap()).await.unwrap().counts
}

async fn listed(app: &TestApp, who: &Person, hook: &str) -> Vec<Value> {
    let answer = app.get(who, &format!("/gateways/{hook}/deliveries/inbound")).await;
    answer.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_signed_document_is_taken_once_and_listed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let hook = standard(&app, &ada).await;
    app.post(&ada, "/workspace/stop", json!({})).await.expect(200);
    for _ in 0..2 {
        signed(&app, &hook, KEY, "msg_1", 0, r#"{"type":"paid"}"#).send().await.expect(200);
    }
    signed(&app, &hook, KEY, "msg_2", 240, "[]").send().await.expect(200);
    let counted = counts(&app, &ada, &hook).await;
    assert_eq!((counted.accepted, counted.duplicates, counted.refused), (2, 1, 0));
    let all = listed(&app, &ada, &hook).await;
    assert_eq!((&all[0]["provider_id"], &all[1]["provider_id"]), (&json!("msg_2"), &json!("msg_1")));
    assert_eq!((&all[1]["state"], &all[1]["runs"]), (&json!("waiting"), &json!(0)));
    assert_eq!(all[1]["beginning"], r#"{"id":"msg_1","event":null,"document":{"type":"paid"}}"#);

    let page = app.get(&ada, &format!("/gateways/{hook}/deliveries/inbound?limit=1")).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest =
        app.get(&ada, &format!("/gateways/{hook}/deliveries/inbound?limit=1&cursor={cursor}")).await.json();
    assert_eq!((&rest["items"][0], &rest["next_cursor"]), (&all[1], &json!(null)));
}

#[tokio::test]
async fn what_is_not_signed_by_the_sender_is_refused() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.register("ada").await, app.register("eve").await);
    let hook = standard(&app, &ada).await;
    let body = r#"{"type":"paid"}"#;
    let wrong_key = signed(&app, &hook, b"another key of 24 bytes.", "m", 0, body);
    let old = signed(&app, &hook, KEY, "m", 301, body);
    let early = signed(&app, &hook, KEY, "m", -330, body);
    let changed = signed(&app, &hook, KEY, "m", 0, body).body("{}");
    let other_id = post(&app, &hook).header("webhook-id", "m").body(body);
    for request in [wrong_key, old, early, changed, other_id, post(&app, &hook).body(body)] {
        request.send().await.expect_problem(401, "invalid_webhook_secret");
    }
    // The secret of another tenant's gateway opens that one only.
    let hers = hook_of_eve(&app, &eve).await;
    signed(&app, &hers, b"a key of eve's, 24 bytes", "m", 0, body).send().await.expect(200);
    let across = signed(&app, &hook, b"a key of eve's, 24 bytes", "m", 0, body);
    across.send().await.expect_problem(401, "invalid_webhook_secret");
    let counted = counts(&app, &ada, &hook).await;
    assert_eq!((counted.accepted, counted.refused), (0, 7));
    assert!(listed(&app, &ada, &hook).await.is_empty(), "what is refused is counted, and nothing else");
}

async fn hook_of_eve(app: &TestApp, eve: &Person) -> String {
    hook(app, eve, "standard", &format!("whsec_{}", STANDARD.encode("a key of eve's, 24 bytes"))).await
}

#[tokio::test]
async fn what_is_not_json_is_refused_in_words() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let hook = standard(&app, &ada).await;
    let answer = signed(&app, &hook, KEY, "m", 0, "type=paid&total=7").send().await;
    answer.expect_problem(400, "malformed_json");
    assert!(answer.text().contains("the body must be a JSON document"), "{}", answer.text());
    // Who shows no signature is not told what is wrong with the document.
    post(&app, &hook).body("type=paid").send().await.expect_problem(401, "invalid_webhook_secret");
    // The id is free still.
    signed(&app, &hook, KEY, "m", 0, "{}").send().await.expect(200);
    let counted = counts(&app, &ada, &hook).await;
    assert_eq!((counted.accepted, counted.duplicates, counted.refused), (1, 0, 2));
}

#[tokio::test]
async fn other_senders_are_believed_in_their_own_ways() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let github = hook(&app, &ada, "hmac", "It's a Secret to Everybody").await;
    let body = r#"{"ref":"refs/heads/main"}"#;
    let digest = hex::encode(code(b"It's a Secret to Everybody", body));
    for _ in 0..2 {
        let push = post(&app, &github)
            .header("x-hub-signature-256", &format!("sha256={digest}"))
            .header("x-github-event", "push")
            .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
        push.body(body).send().await.expect(200);
    }
    let counted = counts(&app, &ada, &github).await;
    assert_eq!((counted.accepted, counted.duplicates), (1, 1));
    let beginning = listed(&app, &ada, &github).await[0]["beginning"].as_str().unwrap().to_owned();
    assert!(beginning.contains(r#""event":"push""#), "{beginning}");

    let form = hook(&app, &ada, "token", "a token of the form").await;
    // Without a name each delivery is one of its own.
    for _ in 0..2 {
        post(&app, &form).bearer("a token of the form").body("{}").send().await.expect(200);
    }
    post(&app, &form)
        .bearer("a token of the forn")
        .body("{}")
        .send()
        .await
        .expect_problem(401, "invalid_webhook_secret");
    let counted = counts(&app, &ada, &form).await;
    assert_eq!((counted.accepted, counted.duplicates, counted.refused), (2, 0, 1));
}

#[tokio::test]
async fn one_secret_is_changed_and_the_other_stays() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let hook = standard(&app, &ada).await;
    let change = async |credentials: Value| {
        let body = json!({"credentials": credentials});
        app.request("PATCH", &format!("/gateways/{hook}")).bearer(&ada.token).json(body).send().await
    };
    change(json!({"signing_secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})).await.expect(200);
    signed(&app, &hook, KEY, "one", 0, "{}").send().await.expect(200);
    change(json!({"secret": format!("whsec_{}", STANDARD.encode("another key of 24 bytes."))}))
        .await
        .expect(200);
    signed(&app, &hook, KEY, "two", 0, "{}").send().await.expect_problem(401, "invalid_webhook_secret");
    signed(&app, &hook, b"another key of 24 bytes.", "two", 0, "{}").send().await.expect(200);
    change(json!({"secret": null})).await.expect_problem(422, "validation_failed");
    change(json!({"signing_secret": null})).await.expect(200);
    let secrets = app.store().gateway_secrets(ada.scope, hook.parse().unwrap()).await.unwrap();
    assert!(!secrets.credentials.expose_secret().contains("signing_secret"));
}

#[tokio::test]
async fn a_gateway_says_where_its_senders_deliver() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let hook = standard(&app, &ada).await;
    let gateway = app.get(&ada, &format!("/gateways/{hook}")).await.json();
    let path = format!("/api/webhooks/web-hook/{hook}");
    assert_eq!(gateway["webhook_path"], path);
    assert_eq!(gateway["webhook_url"], format!("https://bots.example.org{path}"));
    let chat = app.web_chat(&ada).await;
    assert_eq!(app.get(&ada, &format!("/gateways/{chat}")).await.json()["webhook_path"], json!(null));
}

#[tokio::test]
async fn a_test_says_how_it_is_set_up_or_what_is_wrong_with_it() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let hook = standard(&app, &ada).await;
    let test = app.post(&ada, &format!("/gateways/{hook}/test"), json!({})).await.json();
    assert_eq!((&test["ok"], &test["account"]["name"]), (&json!(true), &json!("receiver only")), "{test}");
    assert_eq!(test["account"]["details"]["Believes"], "Standard Webhooks");
    // An address inside the operator's network is not asked whether it is there.
    let change = json!({
        "config": {"url": "http://127.0.0.1:9/hook"},
        "credentials": {"secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "signing_secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    });
    let path = format!("/gateways/{hook}");
    app.request("PATCH", &path).bearer(&ada.token).json(change).send().await.expect(200);
    let test = app.post(&ada, &format!("/gateways/{hook}/test"), json!({})).await.json();
    assert_eq!(
        (&test["ok"], &test["trouble"]["code"]),
        (&json!(false), &json!("capability_denied")),
        "{test}"
    );
    assert_eq!(app.get(&ada, &format!("{path}/deliveries/outbound")).await.json()["items"], json!([]));
}
