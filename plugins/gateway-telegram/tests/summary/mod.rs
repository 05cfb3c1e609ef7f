//! Events in one line, so that what is expected of a hundred documents can be read.

use twobot::gateway::Decoded;
use twobot::{Conversation, ConversationKind, Media, Message, Payload, Poll, Sender};

/// What a delivery meant.
pub(crate) fn of(decoded: &Decoded) -> String {
    match decoded {
        Decoded::NotHandled(kind) => format!("not handled: {kind}"),
        Decoded::Events(events) => {
            let events: Vec<_> = events
                .iter()
                .map(|event| format!("{} {}", event.occurred_at / 1_000, payload(&event.payload)))
                .collect();
            events.join("; ")
        }
    }
}

fn payload(payload: &Payload) -> String {
    match payload {
        Payload::Message(message) => format!("message {}", self::message(message)),
        Payload::MessageEdited(message) => format!("edited {}", self::message(message)),
        Payload::MessageDeleted(deletion) => {
            format!("deleted {} {:?}", conversation(&deletion.conversation), deletion.message_ids)
        }
        Payload::Callback(callback) => format!(
            "callback {} by {} in {} on {:?} data {:?}",
            callback.id,
            sender(&callback.sender),
            callback.conversation.as_ref().map_or("nowhere".to_owned(), conversation),
            callback.message_id,
            callback.data
        ),
        Payload::MemberChanged(change) => format!(
            "member {} in {} {:?} -> {:?} by {}{}",
            sender(&change.member),
            conversation(&change.conversation),
            change.before,
            change.after,
            change.changed_by.as_ref().map_or("nobody".to_owned(), sender),
            if change.is_self { " (self)" } else { "" }
        ),
        Payload::JoinRequested(request) => format!(
            "join {} in {} bio {:?} link {:?}",
            sender(&request.sender),
            conversation(&request.conversation),
            request.bio,
            request.invite_link
        ),
        Payload::ReactionChanged(change) => format!(
            "reaction on {} in {} by {} +{:?} -{:?}",
            change.message_id,
            conversation(&change.conversation),
            change.sender.as_ref().map_or("nobody".to_owned(), sender),
            change.added,
            change.removed
        ),
        Payload::PollChanged(poll) => self::poll(poll),
        Payload::PollAnswered(answer) => format!(
            "vote on {} by {} for {:?}",
            answer.poll_id,
            answer.sender.as_ref().map_or("nobody".to_owned(), sender),
            answer.chosen
        ),
        Payload::Provider(event) => format!("provider {}", event.name),
        Payload::Scheduled(_) | Payload::EffectFailed(_) => "no provider sends this".to_owned(),
    }
}

fn message(message: &Message) -> String {
    let mut parts = vec![
        message.id.clone(),
        conversation(&message.conversation),
        format!("by {}", message.sender.as_ref().map_or("nobody".to_owned(), sender)),
    ];
    parts.extend(message.text.as_ref().map(|text| format!("{text:?}")));
    parts.extend(message.command.as_ref().map(|command| {
        let bot = command.addressed_to.as_ref().map(|bot| format!("@{bot}")).unwrap_or_default();
        format!("command {}{bot} {:?}", command.name, command.arguments)
    }));
    parts.extend(message.media.iter().map(media));
    parts.extend(message.location.as_ref().map(|place| {
        let title = place
            .title
            .as_ref()
            .zip(place.address.as_ref())
            .map(|(title, address)| format!(" {title}, {address}"));
        format!("at {},{}{}", place.latitude, place.longitude, title.unwrap_or_default())
    }));
    parts.extend(
        message
            .contact
            .as_ref()
            .map(|contact| format!("contact {} {} {:?}", contact.name, contact.phone, contact.user_id)),
    );
    parts.extend(message.poll.as_ref().map(poll));
    parts.extend(message.reply_to.as_ref().map(|id| format!("answers {id}")));
    parts.extend(message.edited_at.map(|at| format!("edited at {}", at / 1_000)));
    parts.extend(message.service.as_ref().map(|name| format!("service {name}")));
    parts.join(" ")
}

fn conversation(conversation: &Conversation) -> String {
    let kind = match conversation.kind {
        ConversationKind::Private => "private",
        ConversationKind::Group => "group",
        ConversationKind::Channel => "channel",
    };
    let thread = conversation.thread.as_ref().map(|thread| format!("#{thread}")).unwrap_or_default();
    let behalf = conversation.on_behalf_of.as_ref().map(|id| format!(" for {id}")).unwrap_or_default();
    format!("{kind} {}{thread} ({}){behalf}", conversation.id, conversation.title.as_deref().unwrap_or("?"))
}

fn sender(sender: &Sender) -> String {
    let bot = if sender.is_bot { " bot" } else { "" };
    format!("{}={}{bot}", sender.id, sender.name)
}

fn media(media: &Media) -> String {
    let mut parts = vec![format!("[{:?} {:?}", media.kind, media.file_id)];
    parts.extend(media.width.zip(media.height).map(|(width, height)| format!("{width}x{height}")));
    parts.extend(media.duration.map(|seconds| format!("{seconds}s")));
    parts.extend(media.size.map(|bytes| format!("{bytes}B")));
    parts.extend(media.mime_type.clone());
    parts.extend(media.file_name.clone());
    parts.extend(media.emoji.clone());
    parts.join(" ") + "]"
}

fn poll(poll: &Poll) -> String {
    let options: Vec<_> =
        poll.options.iter().map(|option| format!("{}:{}", option.text, option.votes)).collect();
    let closed = if poll.is_closed { " closed" } else { "" };
    let anonymous = if poll.is_anonymous { " anonymous" } else { "" };
    format!("poll {} {:?} {options:?}{closed}{anonymous}", poll.id, poll.question)
}
