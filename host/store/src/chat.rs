//! The web chat: conversations in the browser, and their messages.

use crate::db::{Row, Tx, sql, sql_of, transaction};
use crate::{Page, PageRequest, Store, StoreError, TenantScope};
use serde_json::Value;
use twobot_domain::{ChatMessageId, ConversationId, GatewayId, Timestamp, Trouble};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The person in the browser.
    Person,
    /// A plugin.
    Bot,
    /// The platform, about something that went wrong.
    System,
}

impl Author {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
            Self::System => "system",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "person" => Self::Person,
            "bot" => Self::Bot,
            _ => Self::System,
        }
    }
}

/// A conversation in the browser.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The web chat that it is in.
    pub gateway: GatewayId,
    /// For people.
    pub title: String,
    /// The newest message.
    pub last_message: Option<ChatMessage>,
    /// When it began.
    pub created_at: Timestamp,
    /// When the newest message came.
    pub updated_at: Timestamp,
}

/// A message of a conversation.
#[derive(Clone, Debug)]
pub struct ChatMessage {
    /// Its id.
    pub id: ChatMessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: Author,
    /// Their name.
    pub author_name: String,
    /// The text.
    pub text: String,
    /// `plain`, `markdown` or `html`.
    pub format: String,
    /// Rows of `{text, data, url}`.
    pub buttons: Value,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// What went wrong, for messages of the platform.
    pub trouble: Option<Trouble>,
    /// When it was written.
    pub sent_at: Timestamp,
    /// When it was changed.
    pub edited_at: Option<Timestamp>,
}

/// A message to be added.
#[derive(Clone, Debug)]
pub struct NewChatMessage {
    /// Who writes.
    pub author: Author,
    /// Their name.
    pub author_name: String,
    /// The text.
    pub text: String,
    /// `plain`, `markdown` or `html`.
    pub format: String,
    /// Rows of `{text, data, url}`.
    pub buttons: Value,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// What went wrong.
    pub trouble: Option<Trouble>,
    /// The sender's own id of it, which makes a repeat harmless.
    pub client_id: Option<String>,
}

impl NewChatMessage {
    /// A plain message.
    #[must_use]
    pub fn plain(author: Author, author_name: &str, text: &str) -> Self {
        Self {
            author,
            author_name: author_name.to_owned(),
            text: text.to_owned(),
            format: "plain".to_owned(),
            buttons: Value::Array(Vec::new()),
            reply_to: None,
            trouble: None,
            client_id: None,
        }
    }
}

const COLUMNS: &str =
    "id, conversation_id, author, author_name, text, format, buttons, reply_to, trouble, sent_at, edited_at";

fn message(row: &Row) -> Result<ChatMessage, StoreError> {
    Ok(ChatMessage {
        id: row.get("id")?,
        conversation: row.get("conversation_id")?,
        author: Author::parse(&row.get::<String>("author")?),
        author_name: row.get("author_name")?,
        text: row.get("text")?,
        format: row.get("format")?,
        buttons: row.json("buttons")?,
        reply_to: row.get("reply_to")?,
        trouble: row.json_option("trouble")?,
        sent_at: row.get("sent_at")?,
        edited_at: row.get("edited_at")?,
    })
}

async fn by_client_id(
    tx: &mut Tx,
    scope: TenantScope,
    conversation: ConversationId,
    client_id: &str,
) -> Result<Option<ChatMessage>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} FROM chat_messages WHERE conversation_id = $1 AND tenant_id = $2 AND client_id = $3"
    );
    let row = tx.optional(sql_of(text).bind(conversation).bind(scope.tenant()).bind(client_id)).await?;
    row.as_ref().map(message).transpose()
}

impl Store {
    /// Begins a conversation in a web chat.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such gateway.
    pub async fn create_conversation(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        title: &str,
    ) -> Result<Conversation, StoreError> {
        let (id, now) = (ConversationId::new(), Timestamp::now());
        let written = self
            .db
            .run(
                sql("INSERT INTO conversations (id, tenant_id, gateway_id, title, created_at, updated_at) \
                     SELECT $1, $2, id, $3, $4, $4 FROM gateways WHERE id = $5 AND tenant_id = $2")
                .bind(id)
                .bind(scope.tenant())
                .bind(title)
                .bind(now)
                .bind(gateway),
            )
            .await?;
        if written == 0 { Err(StoreError::NotFound) } else { self.conversation(scope, id).await }
    }

    /// One conversation.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such conversation.
    pub async fn conversation(
        &self,
        scope: TenantScope,
        id: ConversationId,
    ) -> Result<Conversation, StoreError> {
        let row = self
            .db
            .one(
                sql("SELECT id, gateway_id, title, created_at, updated_at FROM conversations WHERE id = $1 AND tenant_id = $2")
                    .bind(id)
                    .bind(scope.tenant()),
            )
            .await?;
        self.with_last_message(scope, &row).await
    }

    /// The conversations of a web chat, newest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn conversations(
        &self,
        scope: TenantScope,
        gateway: GatewayId,
        page: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        let rows = self
            .db
            .all(
                sql("SELECT id, gateway_id, title, created_at, updated_at FROM conversations \
                     WHERE gateway_id = $1 AND tenant_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4")
                .bind(gateway)
                .bind(scope.tenant())
                .bind(page.before())
                .bind(page.probe()),
            )
            .await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.push(self.with_last_message(scope, row).await?);
        }
        Ok(Page::from_probe(items, page, |item| item.id.uuid()))
    }

    async fn with_last_message(&self, scope: TenantScope, row: &Row) -> Result<Conversation, StoreError> {
        let id: ConversationId = row.get("id")?;
        let text = format!(
            "SELECT {COLUMNS} FROM chat_messages WHERE conversation_id = $1 AND tenant_id = $2 ORDER BY id DESC LIMIT 1"
        );
        let last = self.db.optional(sql_of(text).bind(id).bind(scope.tenant())).await?;
        Ok(Conversation {
            id,
            gateway: row.get("gateway_id")?,
            title: row.get("title")?,
            last_message: last.as_ref().map(message).transpose()?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }

    /// Adds a message. The same `client_id` again gives the message that was added first, and `false`.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such conversation.
    pub async fn add_chat_message(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        new: &NewChatMessage,
    ) -> Result<(ChatMessage, bool), StoreError> {
        let (id, now) = (ChatMessageId::new(), Timestamp::now());
        let trouble = new
            .trouble
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let earlier = transaction!(self.db.begin(scope), |tx| {
            let touched = tx
                .run(
                    sql("UPDATE conversations SET updated_at = $1 WHERE id = $2 AND tenant_id = $3")
                        .bind(now)
                        .bind(conversation)
                        .bind(scope.tenant()),
                )
                .await?;
            if touched == 0 {
                return Err(StoreError::NotFound);
            }
            if let Some(client_id) = &new.client_id
                && let Some(earlier) = by_client_id(&mut tx, scope, conversation, client_id).await?
            {
                return Ok(Some(earlier));
            }
            tx.run(
            sql("INSERT INTO chat_messages (id, tenant_id, conversation_id, author, author_name, text, format, buttons, reply_to, \
                 trouble, client_id, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(id)
            .bind(scope.tenant())
            .bind(conversation)
            .bind(new.author.as_str())
            .bind(new.author_name.as_str())
            .bind(new.text.as_str())
            .bind(new.format.as_str())
            .bind(new.buttons.to_string())
            .bind(new.reply_to.clone())
            .bind(trouble.as_deref())
            .bind(new.client_id.clone())
            .bind(now),
        )
        .await?;
            tx.commit().await?;
            Ok(None)
        })?;
        match earlier {
            Some(earlier) => Ok((earlier, false)),
            None => Ok((self.chat_message(scope, conversation, id).await?, true)),
        }
    }

    /// One message.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such message in that conversation.
    pub async fn chat_message(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        id: ChatMessageId,
    ) -> Result<ChatMessage, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM chat_messages WHERE id = $1 AND conversation_id = $2 AND tenant_id = $3"
        );
        message(&self.db.one(sql_of(text).bind(id).bind(conversation).bind(scope.tenant())).await?)
    }

    /// The messages of a conversation, oldest first within the page; the first page is the newest, the next one older.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chat_messages(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        page: PageRequest,
    ) -> Result<Page<ChatMessage>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM chat_messages WHERE conversation_id = $1 AND tenant_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
        );
        let statement =
            sql_of(text).bind(conversation).bind(scope.tenant()).bind(page.before()).bind(page.probe());
        let items = self.db.all(statement).await?.iter().map(message).collect::<Result<Vec<_>, _>>()?;
        let mut page = Page::from_probe(items, page, |item| item.id.uuid());
        page.items.reverse();
        Ok(page)
    }

    /// The messages of a conversation that came after one, oldest first: what a reader missed. At most 200.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn chat_messages_since(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        after: ChatMessageId,
    ) -> Result<Vec<ChatMessage>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM chat_messages WHERE conversation_id = $1 AND tenant_id = $2 AND id > $3 ORDER BY id LIMIT 200"
        );
        let statement = sql_of(text).bind(conversation).bind(scope.tenant()).bind(after);
        self.db.all(statement).await?.iter().map(message).collect()
    }

    /// Changes the text and buttons of a bot's message.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such message of a bot.
    pub async fn edit_chat_message(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        id: ChatMessageId,
        text: &str,
        format: &str,
        buttons: &Value,
    ) -> Result<ChatMessage, StoreError> {
        let changed = self
            .db
            .run(
                sql("UPDATE chat_messages SET text = $1, format = $2, buttons = $3, edited_at = $4 \
                     WHERE id = $5 AND conversation_id = $6 AND tenant_id = $7 AND author = 'bot'")
                .bind(text)
                .bind(format)
                .bind(buttons.to_string())
                .bind(Timestamp::now())
                .bind(id)
                .bind(conversation)
                .bind(scope.tenant()),
            )
            .await?;
        if changed == 0 {
            Err(StoreError::NotFound)
        } else {
            self.chat_message(scope, conversation, id).await
        }
    }

    /// Removes a bot's message.
    ///
    /// # Errors
    /// `NotFound` when the scope has no such message of a bot.
    pub async fn delete_chat_message(
        &self,
        scope: TenantScope,
        conversation: ConversationId,
        id: ChatMessageId,
    ) -> Result<(), StoreError> {
        let deleted = self
            .db
            .run(
                sql("DELETE FROM chat_messages WHERE id = $1 AND conversation_id = $2 AND tenant_id = $3 AND author = 'bot'")
                    .bind(id)
                    .bind(conversation)
                    .bind(scope.tenant()),
            )
            .await?;
        if deleted == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }
}
