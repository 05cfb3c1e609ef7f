//! What changes for a tenant, told to whoever looks at the dashboard now. May be lost: the truth is in the store.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::broadcast;
use twobot_domain::{ChatMessageId, ConversationId, ExecutionId, GatewayId, TenantId, Timestamp};
use twobot_store::TenantScope;
use twobot_store::chat::ChatMessage;

/// Events that a slow reader may lag behind before it misses some.
const BACKLOG: usize = 256;

/// Something that changed.
#[derive(Clone, Debug)]
pub enum LiveEvent {
    /// A gateway's status.
    Gateway {
        /// Which.
        id: GatewayId,
        /// Its status now.
        status: &'static str,
    },
    /// An execution's state.
    Execution {
        /// Which.
        id: ExecutionId,
        /// Its state now.
        state: &'static str,
        /// The plugin.
        slug: String,
    },
    /// An install.
    Install {
        /// The plugin.
        slug: String,
        /// Its state now.
        state: &'static str,
    },
    /// There is a new notification.
    Notification,
    /// A message of the web chat.
    ChatMessage(Box<ChatMessage>),
    /// A changed message of the web chat.
    ChatEdited(Box<ChatMessage>),
    /// A removed message of the web chat.
    ChatDeleted {
        /// Where.
        conversation: ConversationId,
        /// Which.
        id: ChatMessageId,
    },
    /// Someone is writing in the web chat.
    ChatTyping {
        /// Where.
        conversation: ConversationId,
        /// Until when to show it.
        until: Timestamp,
    },
}

/// The channels, one per tenant that someone looks at.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<HashMap<TenantId, broadcast::Sender<LiveEvent>>>>);

impl Live {
    /// What changes for a tenant from now on.
    #[must_use]
    pub fn subscribe(&self, scope: TenantScope) -> broadcast::Receiver<LiveEvent> {
        let mut channels = self.0.lock();
        channels.retain(|_, channel| channel.receiver_count() > 0);
        channels.entry(scope.tenant()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Tells whoever looks.
    pub(crate) fn tell(&self, scope: TenantScope, event: LiveEvent) {
        if let Some(channel) = self.0.lock().get(&scope.tenant()) {
            // Nobody looks any more: nothing is lost that the store does not have.
            let _ = channel.send(event);
        }
    }
}
