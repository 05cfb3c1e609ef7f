//! The web chat: the provider behind it is this host, with its own pages.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::live::{Live, LiveEvent};
use crate::{suspension, watch};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::SystemTime;
use twobot_domain::{ChatMessageId, ConversationId, GatewayError, Timestamp, Trouble};
use twobot_gateways::{Account, Arrival, Connector, Delivery, Headers, Malformed};
use twobot_store::chat::{Author, ChatMessage, NewChatMessage};
use twobot_store::inbound::{Accepted, NewInbound};
use twobot_store::{Store, StoreError, TenantScope};
use url::Url;

/// How long "is writing" is shown without a message or another sign.
const TYPING_MILLIS: i64 = 6_000;

/// Characters of a message.
const MAX_TEXT: usize = 4_096;

/// The connector of the web chat.
#[derive(Debug)]
pub struct WebChat {
    store: Store,
    live: Live,
}

#[derive(Deserialize)]
struct Send {
    conversation_id: String,
    text: String,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    buttons: Option<Value>,
    #[serde(default)]
    reply_to: Option<String>,
}

#[derive(Deserialize)]
struct Edit {
    conversation_id: String,
    message_id: String,
    text: String,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    buttons: Option<Value>,
}

#[derive(Deserialize)]
struct Target {
    conversation_id: String,
    message_id: String,
}

#[derive(Deserialize)]
struct Place {
    conversation_id: String,
}

fn arguments<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, GatewayError> {
    serde_json::from_value(value).map_err(|error| GatewayError::Invalid(error.to_string()))
}

fn id<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, GatewayError> {
    text.parse().map_err(|_| GatewayError::Invalid(format!("{field}: is no id of the web chat")))
}

fn text(text: String) -> Result<String, GatewayError> {
    if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
        return Err(GatewayError::Invalid(format!("text: must have 1 to {MAX_TEXT} characters")));
    }
    Ok(text)
}

fn format(format: Option<String>) -> Result<String, GatewayError> {
    match format.as_deref() {
        None | Some("plain") => Ok("plain".to_owned()),
        Some(known @ ("markdown" | "html")) => Ok(known.to_owned()),
        Some(_) => Err(GatewayError::Invalid("format: must be plain, markdown or html".to_owned())),
    }
}

fn buttons(buttons: Option<Value>) -> Value {
    buttons.filter(Value::is_array).unwrap_or_else(|| Value::Array(Vec::new()))
}

fn gone(error: &StoreError) -> GatewayError {
    match error {
        StoreError::NotFound => GatewayError::Rejected {
            code: "not_found".to_owned(),
            message: "the conversation or message is gone".to_owned(),
        },
        _ => GatewayError::Unavailable("the platform failed".to_owned()),
    }
}

impl WebChat {
    pub(crate) const fn new(store: Store, live: Live) -> Self {
        Self { store, live }
    }

    /// The right to the account's tenant, from the stored gateway.
    async fn scope(&self, account: &Account) -> Result<(TenantScope, String), GatewayError> {
        let (scope, gateway) =
            self.store.gateway_of_webhook(account.gateway).await.map_err(|error| gone(&error))?;
        Ok((scope, gateway.name))
    }

    /// A conversation of this very gateway.
    async fn conversation(
        &self,
        account: &Account,
        text: &str,
    ) -> Result<(TenantScope, ConversationId, String), GatewayError> {
        let conversation = id("conversation_id", text)?;
        let (scope, name) = self.scope(account).await?;
        let stored = self.store.conversation(scope, conversation).await.map_err(|error| gone(&error))?;
        if stored.gateway != account.gateway {
            return Err(gone(&StoreError::NotFound));
        }
        Ok((scope, conversation, name))
    }

    async fn send(&self, account: &Account, call: Send, key: Option<&str>) -> Result<Value, GatewayError> {
        let (scope, conversation, name) = self.conversation(account, &call.conversation_id).await?;
        let new = NewChatMessage {
            author: Author::Bot,
            author_name: name,
            text: text(call.text)?,
            format: format(call.format)?,
            buttons: buttons(call.buttons),
            reply_to: call.reply_to,
            trouble: None,
            // A message that is sent again is the one that is there already.
            client_id: key.map(str::to_owned),
        };
        let (message, is_new) =
            self.store.add_chat_message(scope, conversation, &new).await.map_err(|error| gone(&error))?;
        let answer = json!({"message_id": message.id.to_string()});
        if is_new {
            self.live.tell(scope, LiveEvent::ChatMessage(Box::new(message)));
        }
        Ok(answer)
    }

    async fn edit(&self, account: &Account, call: Edit) -> Result<Value, GatewayError> {
        let (scope, conversation, _) = self.conversation(account, &call.conversation_id).await?;
        let message = self
            .store
            .edit_chat_message(
                scope,
                conversation,
                id("message_id", &call.message_id)?,
                &text(call.text)?,
                &format(call.format)?,
                &buttons(call.buttons),
            )
            .await
            .map_err(|error| gone(&error))?;
        self.live.tell(scope, LiveEvent::ChatEdited(Box::new(message)));
        Ok(json!({}))
    }

    async fn delete(&self, account: &Account, call: Target) -> Result<Value, GatewayError> {
        let (scope, conversation, _) = self.conversation(account, &call.conversation_id).await?;
        let message: ChatMessageId = id("message_id", &call.message_id)?;
        self.store.delete_chat_message(scope, conversation, message).await.map_err(|error| gone(&error))?;
        self.live.tell(scope, LiveEvent::ChatDeleted { conversation, id: message });
        Ok(json!({}))
    }

    async fn typing(&self, account: &Account, call: Place) -> Result<Value, GatewayError> {
        let (scope, conversation, _) = self.conversation(account, &call.conversation_id).await?;
        let until = Timestamp::now().plus_millis(TYPING_MILLIS);
        self.live.tell(scope, LiveEvent::ChatTyping { conversation, until });
        Ok(json!({}))
    }
}

#[async_trait]
impl Connector for WebChat {
    fn name(&self) -> &'static str {
        "web-chat"
    }

    async fn call(
        &self,
        account: &Account,
        operation: &str,
        value: Value,
        key: Option<&str>,
    ) -> Result<Value, GatewayError> {
        match operation {
            "account" => {
                let (_, name) = self.scope(account).await?;
                Ok(json!({"id": account.gateway.to_string(), "name": name}))
            }
            "message.send" => self.send(account, arguments(value)?, key).await,
            "message.edit" => self.edit(account, arguments(value)?).await,
            "message.delete" => self.delete(account, arguments(value)?).await,
            "typing" => self.typing(account, arguments(value)?).await,
            // A pressed button needs no answer here: the page does not wait for one.
            "callback.answer" => Ok(json!({})),
            other => Err(GatewayError::Unsupported(format!(
                "the web chat has no operation `{}`",
                other.escape_debug()
            ))),
        }
    }

    fn only_reads(&self, operation: &str) -> bool {
        operation == "account"
    }

    fn arrival(&self, _account: &Account, _webhook: Option<Url>) -> Arrival {
        Arrival::Internal
    }

    async fn connect(&self, _account: &Account, _arrival: &Arrival) -> Result<(), GatewayError> {
        Ok(())
    }

    async fn disconnect(&self, _account: &Account) -> Result<(), GatewayError> {
        Ok(())
    }

    async fn show_trouble(&self, account: &Account, conversation: &str, trouble: &Trouble) {
        let Ok((scope, conversation, _)) = self.conversation(account, conversation).await else { return };
        let mut notice = NewChatMessage::plain(Author::System, "2Bot", &trouble.title);
        notice.trouble = Some(trouble.clone());
        match self.store.add_chat_message(scope, conversation, &notice).await {
            Ok((message, _)) => self.live.tell(scope, LiveEvent::ChatMessage(Box::new(message))),
            Err(error) => tracing::error!(%error, "a trouble could not be shown in its conversation"),
        }
    }

    fn identify(&self, _headers: &Headers, _body: &str) -> Result<Delivery, Malformed> {
        Err(Malformed("the web chat has no webhook".to_owned()))
    }
}

impl Engine {
    /// A person writes in the web chat. When this returns, the message is on disk and so is the event that it makes; the same
    /// `client_id` again gives the same message.
    ///
    /// # Errors
    /// `NotFound` for a conversation that is not the tenant's; `Conflict` when its gateway is switched off; `Suspended` where the tenant has been for
    /// more than a day; `QueueFull`.
    pub async fn post_chat_message(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        author_name: &str,
        text: &str,
        client_id: Option<&str>,
    ) -> Result<ChatMessage, EngineError> {
        let gateway = self.open_chat(scope, conversation).await?;
        let mut new = NewChatMessage::plain(Author::Person, author_name, text);
        new.client_id = client_id.map(str::to_owned);
        let (message, is_new) = self.store().add_chat_message(scope, conversation, &new).await?;
        let body = json!({
            "message_id": message.id.to_string(),
            "conversation_id": conversation.to_string(),
            "text": message.text,
            "sender": {"id": person(scope), "name": message.author_name},
            "sent_at": message.sent_at.millis(),
        });
        self.accept_chat(scope, gateway, message.id.to_string(), &body).await?;
        if is_new {
            self.live().tell(scope, LiveEvent::ChatMessage(Box::new(message.clone())));
        }
        Ok(message)
    }

    /// A person presses a button under a message of the web chat.
    ///
    /// # Errors
    /// As [`Engine::post_chat_message`].
    pub async fn press_chat_button(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        author_name: &str,
        message: ChatMessageId,
        data: &str,
    ) -> Result<(), EngineError> {
        let gateway = self.open_chat(scope, conversation).await?;
        let message = self
            .store()
            .chat_message(scope, conversation, message)
            .await
            .map_err(EngineError::missing("message"))?;
        let carries = message
            .buttons
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .any(|button| button.get("data").and_then(Value::as_str) == Some(data));
        if !carries {
            return Err(EngineError::field("data", "is not the data of a button under this message"));
        }
        let callback = twobot_domain::EventId::new().to_string();
        let body = json!({
            "callback_id": callback,
            "conversation_id": conversation.to_string(),
            "message_id": message.id.to_string(),
            "data": data,
            "sender": {"id": person(scope), "name": author_name},
            "sent_at": Timestamp::now().millis(),
        });
        self.accept_chat(scope, gateway, callback, &body).await
    }

    /// The gateway of a conversation, if it takes messages.
    async fn open_chat(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
    ) -> Result<twobot_domain::GatewayId, EngineError> {
        let conversation = self
            .store()
            .conversation(scope, conversation)
            .await
            .map_err(EngineError::missing("conversation"))?;
        let gateway = self.store().gateway(scope, conversation.gateway).await?;
        if !gateway.enabled {
            return Err(EngineError::Conflict(format!(
                "the web chat “{}” is disconnected; connect it on the gateways page first",
                gateway.name
            )));
        }
        if !suspension::may_receive(&self.store().tenant(scope).await?) {
            return Err(EngineError::Suspended);
        }
        Ok(gateway.id)
    }

    async fn accept_chat(
        &self,
        scope: TenantScope,
        gateway: twobot_domain::GatewayId,
        provider_id: String,
        body: &Value,
    ) -> Result<(), EngineError> {
        let waiting_limit = self.limits(scope).await?.waiting_events;
        let new = NewInbound { gateway, provider_id, body: body.to_string(), waiting_limit };
        let began = SystemTime::now();
        if let Accepted::New(id) = self.store().accept(scope, new).await? {
            watch::received("web-chat", id, began);
            self.wake_inbound(scope);
        }
        Ok(())
    }
}

/// In the console everyone who writes is the tenant.
fn person(scope: TenantScope) -> String {
    scope.tenant().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use twobot_store::accounts::NewAccount;
    use twobot_store::gateways::NewGateway;
    use twobot_store::{MasterKey, PageRequest};

    #[tokio::test]
    async fn a_message_that_is_sent_again_by_the_same_key_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, MasterKey::new([1; 32])).await.unwrap();
        store.migrate().await.unwrap();
        let account = NewAccount {
            email: "ann@example.com".to_owned(),
            name: "Ann".to_owned(),
            password_hash: "-".to_owned(),
            role: "owner".to_owned(),
            plan: "pro".to_owned(),
        };
        let (scope, _) = store.register(&account).await.unwrap();
        let secret = || SecretString::from(String::new());
        let new = NewGateway {
            kind: "web-chat".to_owned(),
            name: "Chat".to_owned(),
            config: json!({}),
            credentials: None,
            webhook_secret: secret(),
        };
        let gateway = store.create_gateway(scope, &new, None).await.unwrap().id;
        let conversation = store.create_conversation(scope, gateway, "Test").await.unwrap().id;
        let account = Account {
            tenant: scope.tenant(),
            gateway,
            credentials: secret(),
            config: json!({}),
            webhook_secret: secret(),
        };
        let chat = WebChat::new(store.clone(), Live::default());
        let say = async |key: Option<&str>| {
            let message = json!({"conversation_id": conversation.to_string(), "text": "hi"});
            chat.call(&account, "message.send", message, key).await.unwrap()["message_id"].clone()
        };
        let first = say(Some("a")).await;
        assert_eq!(say(Some("a")).await, first, "the same again");
        let others = [say(Some("b")).await, say(None).await, say(None).await];
        assert!(others.iter().all(|other| *other != first));
        let messages = store.chat_messages(scope, conversation, PageRequest::default()).await.unwrap().items;
        assert_eq!(messages.len(), 4);
        assert!(chat.only_reads("account") && !chat.only_reads("message.send"));
    }
}
