//! What nodes tell each other, and how it is written. All of it may be lost: what must not be lost is in the database.

use crate::TenantScope;
use twobot_domain::{NodeId, TenantId};
use uuid::Uuid;

/// Bytes of one message to the other nodes; PostgreSQL takes less than 8,000.
const MAX_MESSAGE: usize = 7_900;

/// Nodes that a message names at most as those whom it is for. One for more is for all.
const MOST_NAMED: usize = 100;

/// What nodes tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// There is something to do for a tenant.
    Work {
        /// For whom.
        scope: TenantScope,
        /// What, as the engine numbers it: one bit for each kind.
        kinds: u8,
    },
    /// Something changed that people may be looking at.
    Seen {
        /// Whose.
        scope: TenantScope,
        /// What, as the engine writes it; no line breaks.
        text: String,
    },
    /// A node came or went, or gave tenants back.
    Nodes,
    /// Signals may have been missed: the connection was made anew. Not told by others.
    Missed,
}

impl Signal {
    fn line(&self) -> Option<String> {
        match self {
            Self::Work { scope, kinds } => Some(format!("w {} {kinds}", scope.tenant().uuid().simple())),
            Self::Seen { scope, text } => Some(format!("s {} {text}", scope.tenant().uuid().simple())),
            Self::Nodes => Some("n".to_owned()),
            Self::Missed => None,
        }
    }

    fn of(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let what = parts.next()?;
        if what == "n" {
            return Some(Self::Nodes);
        }
        // Nodes write what they have a scope for; nobody else writes here who could not write into the tables.
        let scope = TenantScope::of(TenantId::from_uuid(Uuid::try_parse(parts.next()?).ok()?));
        let rest = parts.next()?;
        match what {
            "w" => Some(Self::Work { scope, kinds: rest.parse().ok()? }),
            "s" => Some(Self::Seen { scope, text: rest.to_owned() }),
            // Of a later version.
            _ => None,
        }
    }
}

/// Signals as messages: the sender's id and those of whom it is for, where it is not for all; and then a signal in each line. What does not
/// fit into a message is left out.
pub(super) fn messages(from: NodeId, to: Option<&[NodeId]>, signals: &[Signal]) -> Vec<String> {
    let mut head = from.uuid().simple().to_string();
    if let Some(to) = to.filter(|to| to.len() <= MOST_NAMED) {
        let names: Vec<_> = to.iter().map(|node| node.uuid().simple().to_string()).collect();
        head = format!("{head} {}", names.join(","));
    }
    let (mut messages, mut message) = (Vec::new(), head.clone());
    for line in signals.iter().filter_map(Signal::line) {
        if head.len() + 1 + line.len() > MAX_MESSAGE {
            continue;
        }
        if message.len() + 1 + line.len() > MAX_MESSAGE {
            messages.push(std::mem::replace(&mut message, head.clone()));
        }
        message.push('\n');
        message.push_str(&line);
    }
    if message.len() > head.len() {
        messages.push(message);
    }
    messages
}

/// The signals of a message; none where it is this node's own, or for others.
pub(super) fn signals(to: NodeId, message: &str) -> Vec<Signal> {
    let mut lines = message.lines();
    let own = to.uuid().simple().to_string();
    let (from, named) = match lines.next().map(|head| head.split_once(' ').ok_or(head)) {
        None => return Vec::new(),
        Some(Ok((from, named))) => (from, Some(named)),
        Some(Err(from)) => (from, None),
    };
    if from == own || named.is_some_and(|named| named.split(',').all(|name| name != own)) {
        return Vec::new();
    }
    lines.filter_map(Signal::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_by_others_only() {
        let (ann, bob) = (TenantScope::of(TenantId::new()), TenantScope::of(TenantId::new()));
        let (here, there) = (NodeId::new(), NodeId::new());
        let told = [
            Signal::Work { scope: ann, kinds: 5 },
            Signal::Seen { scope: bob, text: r#"{"text":"two words"}"#.to_owned() },
            Signal::Nodes,
        ];
        let messages = messages(here, None, &told);
        assert_eq!(messages.len(), 1);
        assert_eq!(signals(there, &messages[0]), told);
        assert_eq!(signals(here, &messages[0]), []);
    }

    #[test]
    fn what_is_told_to_some_is_heard_by_them_only() {
        let nodes: Vec<_> = (0..=MOST_NAMED).map(|_| NodeId::new()).collect();
        let scope = TenantScope::of(TenantId::new());
        let told: Vec<_> =
            (0..100).map(|number| Signal::Seen { scope, text: format!("{number:0>200}") }).collect();
        let heard = |to: &[NodeId], by: NodeId| {
            let messages = messages(nodes[0], Some(to), &told);
            assert!(messages.iter().all(|message| message.len() < 8_000));
            messages.iter().flat_map(|message| signals(by, message)).count()
        };
        assert_eq!([1, 2, 3].map(|by| heard(&nodes[1..3], nodes[by])), [100, 100, 0]);
        assert_eq!(heard(&nodes[..3], nodes[0]), 0, "not by oneself");
        assert_eq!(
            (heard(&nodes[..MOST_NAMED], nodes[1]), heard(&nodes[..MOST_NAMED], nodes[MOST_NAMED])),
            (100, 0)
        );
        assert_eq!(heard(&nodes, NodeId::new()), 100, "too many to name are all");
        assert_eq!(heard(&[], nodes[1]), 0);
    }

    #[test]
    fn messages_are_no_longer_than_the_database_takes() {
        let scope = TenantScope::of(TenantId::new());
        let seen = |length| Signal::Seen { scope, text: "x".repeat(length) };
        let told: Vec<_> = (0..100).map(|number| seen(200 + number)).chain([seen(8_000), seen(1)]).collect();
        let messages = messages(NodeId::new(), None, &told);
        assert!(messages.len() > 3 && messages.iter().all(|message| message.len() < 8_000));
        let heard: Vec<_> = messages.iter().flat_map(|message| signals(NodeId::new(), message)).collect();
        assert_eq!(heard.len(), 101, "only what is too long by itself is left out");
        assert_eq!(heard.last(), Some(&seen(1)));
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let from = NodeId::new().uuid().simple();
        let tenant = TenantId::new().uuid().simple();
        let message = format!("{from}\nw\nw {tenant}\nw {tenant} 999\nw nobody 1\nx {tenant} 1\n\nn");
        assert_eq!(signals(NodeId::new(), &message), [Signal::Nodes]);
        assert_eq!(signals(NodeId::new(), ""), []);
        assert_eq!(signals(NodeId::new(), &format!("{from} nobody,\nn")), []);
    }
}
