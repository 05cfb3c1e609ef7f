//! The web chat.

use crate::app::TestApp;
use insta::assert_json_snapshot;
use serde_json::json;

#[tokio::test]
async fn a_message_is_written_once_however_often_it_is_sent() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let conversation = app.conversation(&ada, &gateway).await;
    let path = format!("/conversations/{conversation}/messages");
    let body = || json!({"text": "hello", "client_id": "c-1"});
    let first = app.post(&ada, &path, body()).await;
    assert_json_snapshot!("message", first.snapshot(), {".**.id" => "[id]", ".**.conversation_id" => "[id]", ".**.sent_at" => "[time]"});
    let again = app.post(&ada, &path, body()).await;
    again.expect(201);
    assert_eq!(again.json()["id"], first.json()["id"]);
    let list = app.get(&ada, &path).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);

    let conversations = app.get(&ada, &format!("/gateways/{gateway}/conversations")).await.json();
    assert_eq!(conversations["items"][0]["title"], "New conversation");
    assert_eq!(conversations["items"][0]["last_message"]["text"], "hello");
}

#[tokio::test]
async fn a_conversation_is_answered_by_a_plugin_while_it_is_watched() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let body = json!({"gateways": {"channels": [gateway]}});
    app.post(&ada, "/user/plugins/auto-reply/install", body).await.expect(201);
    let conversation = app.conversation(&ada, &gateway).await;
    let stream = format!("/conversations/{conversation}/stream");
    let mut events = app.request("GET", &stream).cookie(&ada.token).follow().await;

    let path = format!("/conversations/{conversation}/messages");
    let sent = app.post(&ada, &path, json!({"text": "hello"})).await.json();
    let own = events.next_of("message").await;
    assert_eq!(own.data, sent);
    assert_eq!(own.id.as_deref(), sent["id"].as_str());
    let reply = events.next_of("message").await;
    assert_eq!(
        (&reply.data["author"], reply.data["text"].as_str().unwrap().is_empty()),
        (&json!("bot"), false)
    );

    // Who comes back gets what they missed, by either way of saying what they have.
    let id = own.id.unwrap();
    let mut resumed =
        app.request("GET", &stream).cookie(&ada.token).header("last-event-id", &id).follow().await;
    assert_eq!(resumed.next_of("message").await.data, reply.data);
    let mut after = app.request("GET", &format!("{stream}?after={id}")).bearer(&ada.token).follow().await;
    assert_eq!(after.next_of("message").await.data, reply.data);

    // The stream ends with the session that opened it.
    app.request("POST", "/auth/logout").bearer(&ada.token).send().await.expect(204);
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn a_message_must_be_one() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let conversation = app.conversation(&ada, &gateway).await;
    let path = format!("/conversations/{conversation}/messages");
    for text in ["", "  \n", &"x".repeat(4097)] {
        let answer = app.post(&ada, &path, json!({"text": text})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "text");
    }
    assert_eq!(app.get(&ada, &path).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_chat_that_is_switched_off_takes_nothing() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let conversation = app.conversation(&ada, &gateway).await;
    app.post(&ada, &format!("/gateways/{gateway}/disconnect"), json!({})).await.expect(200);
    let answer =
        app.post(&ada, &format!("/conversations/{conversation}/messages"), json!({"text": "hello"})).await;
    answer.expect_problem(409, "conflict");
}

#[tokio::test]
async fn only_a_web_chat_has_conversations_in_the_browser() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let telegram = app.telegram(&ada).await;
    let answer = app.post(&ada, &format!("/gateways/{telegram}/conversations"), json!({})).await;
    answer.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_button_must_be_there_to_be_pressed() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let gateway = app.web_chat(&ada).await;
    let conversation = app.conversation(&ada, &gateway).await;
    let path = format!("/conversations/{conversation}");
    let message = app.post(&ada, &format!("{path}/messages"), json!({"text": "hello"})).await.json();
    let press = async |id: &str| {
        app.post(&ada, &format!("{path}/callbacks"), json!({"message_id": id, "data": "yes"})).await
    };
    press(message["id"].as_str().unwrap()).await.expect_problem(422, "validation_failed");
    press("01928f6e-3f57-7cc1-93c6-1f1f6a1f0a11").await.expect_problem(404, "not_found");
    press("nonsense").await.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn a_conversation_opens_with_the_greeting() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let body = json!({"kind": "web-chat", "name": "Console", "config": {"greeting": "Welcome!"}});
    let gateway = app.post(&ada, "/gateways", body).await.json()["id"].as_str().unwrap().to_owned();
    let made = app.post(&ada, &format!("/gateways/{gateway}/conversations"), json!({"title": "First"})).await;
    made.expect(201);
    let conversation = made.json();
    assert_eq!(conversation["title"], "First");
    let message = &conversation["last_message"];
    assert_eq!(
        (&message["author"], &message["author_name"], &message["text"]),
        (&json!("bot"), &json!("Console"), &json!("Welcome!"))
    );
}
