//! Things of one tenant: what the operations are about.

use super::Operation;
use crate::app::{PASSWORD, Person, TestApp};
use serde_json::{Value, json};
use twobot_domain::{ExecutionId, InboundId, Mail, MailId, Timestamp, Usage};
use twobot_store::chat::{Author, NewChatMessage};
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::inbound::{Accepted, Decoded, NewInbound};
use twobot_store::mails::Delivered;

/// Things of one tenant: the id to put into each path.
#[derive(Clone)]
pub(super) struct Things {
    pub(super) gateway: String,
    conversation: String,
    /// A message of the bot, with a button.
    pub(super) message: String,
    notification: String,
    execution: String,
    dead_letter: String,
    /// Another, for who discards one.
    other_dead_letter: String,
    api_key: String,
    /// One of those that are open.
    session: String,
    /// The token of yet another.
    pub(super) elsewhere: String,
    /// What operators look at: the tenant, and a mail that was given up.
    tenant: String,
    mail: String,
}

/// A mail that was given up.
async fn mail(app: &TestApp, who: &Person) -> MailId {
    let user = app.store().authenticate(&who.token).await.unwrap().unwrap().user.id;
    let welcome = Mail::Welcome { name: "Ann".to_owned() };
    let id = app.store().queue_mail(who.scope, user, &welcome).await.unwrap();
    let taken = app.store().take_mails(100, Timestamp::now()).await.unwrap();
    let attempts = taken.iter().find(|mail| mail.id == id).unwrap().attempts;
    let failed = Delivered::Failed { trouble: "no such mailbox".to_owned() };
    app.store().settle_mail(id, attempts, &failed).await.unwrap();
    id
}

/// A delivery that was given up.
pub(super) async fn dead_letter(app: &TestApp, who: &Person, gateway: &str, name: &str) -> InboundId {
    let delivery = NewInbound {
        gateway: gateway.parse().unwrap(),
        provider_id: name.to_owned(),
        body: "{}".to_owned(),
        waiting_limit: 10,
    };
    let Accepted::New(id) = app.store().accept(who.scope, delivery).await.unwrap() else {
        panic!("it is new");
    };
    let delivery = app.store().inbound(who.scope, id).await.unwrap();
    let decoded = Decoded::Failed("nonsense".to_owned());
    app.store().finish_inbound(who.scope, &delivery, &decoded, &Usage::default()).await.unwrap();
    id
}

/// Two more sessions of somebody: the id of one, and the token of the other.
async fn sessions(app: &TestApp, who: &Person) -> (String, String) {
    let me = app.get(who, "/auth/me").await.json();
    let credentials = json!({"email": me["user"]["email"], "password": PASSWORD});
    let sign_in = async || {
        let opened = app.request("POST", "/auth/login").json(credentials.clone()).send().await.json();
        opened["token"].as_str().unwrap().to_owned()
    };
    let (ended, elsewhere) = (sign_in().await, sign_in().await);
    let session = app.store().authenticate(&ended).await.unwrap().unwrap().session;
    (session.to_string(), elsewhere)
}

impl Things {
    /// Makes them, for a tenant whose plan allows all.
    pub(super) async fn of(app: &TestApp, who: &Person) -> Self {
        app.store().set_plan(who.scope, "enterprise").await.unwrap();
        let gateway = app.web_chat(who).await;
        let conversation = app.conversation(who, &gateway).await;
        let mut message = NewChatMessage::plain(Author::Bot, "Bot", "Which?");
        message.buttons = json!([[{"text": "This", "data": "x"}]]);
        let place = conversation.parse().unwrap();
        let (message, _) = app.store().add_chat_message(who.scope, place, &message).await.unwrap();
        let body = json!({"gateways": {"channels": [gateway]}});
        app.post(who, "/user/plugins/auto-reply/install", body).await.expect(201);
        app.post(who, "/user/plugins/analytics/install", json!({})).await.expect(201);
        let install = app.store().install(who.scope, "auto-reply").await.unwrap().id;
        let execution = ExecutionId::new();
        let new = NewExecution {
            id: execution,
            install,
            event: None,
            cause: Cause::Action,
            event_kind: "test".to_owned(),
            lane: String::new(),
            depth: 0,
        };
        app.store().begin_action(who.scope, &new).await.unwrap();
        let (session, elsewhere) = sessions(app, who).await;
        let notification = app.store().notify(who.scope, "info", "Hello", "").await.unwrap();
        Self {
            message: message.id.to_string(),
            notification: notification.to_string(),
            execution: execution.to_string(),
            dead_letter: dead_letter(app, who, &gateway, "one").await.to_string(),
            other_dead_letter: dead_letter(app, who, &gateway, "two").await.to_string(),
            api_key: app.key(who, &["read:plugins"]).await.0,
            session,
            elsewhere,
            tenant: who.scope.tenant().to_string(),
            mail: mail(app, who).await.to_string(),
            gateway,
            conversation,
        }
    }

    /// The same for another person of the tenant, who has sessions of their own.
    pub(super) async fn seen_by(&self, app: &TestApp, who: &Person) -> Self {
        let (session, elsewhere) = sessions(app, who).await;
        Self { session, elsewhere, ..self.clone() }
    }

    /// All ids, which nobody else may come to see.
    pub(super) fn ids(&self) -> [&str; 9] {
        [
            &self.gateway,
            &self.conversation,
            &self.message,
            &self.notification,
            &self.execution,
            &self.dead_letter,
            &self.other_dead_letter,
            &self.api_key,
            &self.session,
        ]
    }

    /// The path of an operation, with these things in it, and whether it names one of them.
    pub(super) fn path(&self, operation: &Operation) -> (String, bool) {
        let path = operation.path.as_str();
        let id = match path.split('/').nth(1).unwrap_or_default() {
            "gateways" => &self.gateway,
            "conversations" => &self.conversation,
            "notifications" => &self.notification,
            "executions" => &self.execution,
            "dead-letters" if operation.id == "discardDeadLetter" => &self.other_dead_letter,
            "dead-letters" => &self.dead_letter,
            "api-keys" => &self.api_key,
            "auth" => &self.session,
            "admin" if path.starts_with("/admin/mails/") => &self.mail,
            "admin" => &self.tenant,
            // Installs go by the plugin's name. The catalogue is everyone's, and whoever installs makes something of their own.
            "plugins" | "user" => {
                let slug = match operation.id.as_str() {
                    "getPlugin" | "installPlugin" | "postUninstallPlugin" => "analytics",
                    _ => "auto-reply",
                };
                let names = path.contains("{slug}")
                    && !["getPlugin", "installPlugin"].contains(&operation.id.as_str());
                return (path.replace("{slug}", slug).replace("{action}", "test"), names);
            }
            other if path.contains('{') => panic!("{path}: say here what the id in /{other} names"),
            _ => return (path.to_owned(), false),
        };
        (path.replace("{id}", id), path.contains("{id}"))
    }

    /// A body that will do. An operation that needs one and has none here does not succeed, which the matrix tells.
    pub(super) fn body(&self, operation: &Operation) -> Value {
        match operation.id.as_str() {
            "changeGateway" | "putGateway" => json!({"name": "Mine now"}),
            "createGateway" => json!({"kind": "web-chat", "name": "Another"}),
            "createApiKey" => json!({"name": "Another", "scopes": ["read:plugins"]}),
            "changeApiKey" => json!({"name": "Mine now"}),
            "changeProfile" => json!({"time_zone": "Europe/Paris"}),
            "changeUser" => json!({"time_zone": "Europe/Rome"}),
            "putProfile" => json!({"time_zone": "Europe/Berlin"}),
            "postMessage" => json!({"text": "hello"}),
            "pressButton" => json!({"message_id": self.message, "data": "x"}),
            "configurePlugin" | "putPluginConfig" => json!({"config": {}}),
            "grantPlugin" => json!({"grants": []}),
            "bindGateways" => json!({"gateways": {}}),
            "runAction" => json!({"input": {"text": "hello"}}),
            "closeAccount" | "deleteData" | "beginTwoFactor" => json!({"password": PASSWORD}),
            "confirmTwoFactor" => json!({"code": "000000"}),
            "renewRecoveryCodes" | "disableTwoFactor" => json!({"password": PASSWORD, "code": "000000"}),
            "suspendTenant" => json!({"reason": "unpaid"}),
            "setTenantPlan" => json!({"plan": "business"}),
            "changePassword" => json!({"current_password": PASSWORD, "new_password": "Difference-Engine-2"}),
            _ => json!({}),
        }
    }
}
