//! What changes for a tenant, told to whoever looks at the dashboard now. May be lost: the truth is in the store.

use crate::nodes::{Outbox, wire};
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

/// The channels, one per tenant that someone looks at here; and the way to those who look at it on other nodes.
#[derive(Clone, Debug, Default)]
pub struct Live {
    channels: Arc<Mutex<HashMap<TenantId, broadcast::Sender<LiveEvent>>>>,
    outbox: Arc<Outbox>,
}

impl Live {
    /// What changes for a tenant from now on.
    #[must_use]
    pub fn subscribe(&self, scope: TenantScope) -> broadcast::Receiver<LiveEvent> {
        let mut channels = self.channels.lock();
        channels.retain(|_, channel| channel.receiver_count() > 0);
        channels.entry(scope.tenant()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Where what other nodes should hear is put.
    pub(crate) const fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Whether somebody looks here.
    pub(crate) fn is_watched(&self, scope: TenantScope) -> bool {
        self.channels.lock().get(&scope.tenant()).is_some_and(|channel| channel.receiver_count() > 0)
    }

    /// Tells whoever looks, on this node and on others.
    pub(crate) fn tell(&self, scope: TenantScope, event: LiveEvent) {
        self.outbox.seen(scope, || wire::text(&event));
        self.show(scope, event);
    }

    /// Tells whoever looks on this node.
    pub(crate) fn show(&self, scope: TenantScope, event: LiveEvent) {
        if let Some(channel) = self.channels.lock().get(&scope.tenant()) {
            // Nobody looks any more: nothing is lost that the store does not have.
            let _ = channel.send(event);
        }
    }
}
