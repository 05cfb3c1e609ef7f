//! The methods of the Bot API that a component may call.

/// What a method is to the rate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Puts messages into a chat or changes them: counted.
    Message,
    /// Anything else.
    Plain,
}

use Kind::{Message, Plain};

/// Sorted by name (a test sees to it).
///
/// Not in it: `getUpdates`, `setWebhook`, `deleteWebhook`, `getWebhookInfo`, `logOut` and `close`, which decide how the host gets
/// its events; methods that spend a bot's stars (`sendGift`, `giftPremiumSubscription`, `transferGift`, `upgradeGift`, …), since
/// no one who installs a plugin expects that; and methods that need an uploaded file, which a JSON call can not carry.
const METHODS: &[(&str, Kind)] = &[
    ("answerCallbackQuery", Plain),
    ("answerInlineQuery", Plain),
    ("answerPreCheckoutQuery", Plain),
    ("answerShippingQuery", Plain),
    ("answerWebAppQuery", Plain),
    ("approveChatJoinRequest", Plain),
    ("approveSuggestedPost", Plain),
    ("banChatMember", Plain),
    ("banChatSenderChat", Plain),
    ("closeForumTopic", Plain),
    ("closeGeneralForumTopic", Plain),
    ("copyMessage", Message),
    ("copyMessages", Message),
    ("createChatInviteLink", Plain),
    ("createChatSubscriptionInviteLink", Plain),
    ("createForumTopic", Plain),
    ("createInvoiceLink", Plain),
    ("declineChatJoinRequest", Plain),
    ("declineSuggestedPost", Plain),
    ("deleteBusinessMessages", Plain),
    ("deleteChatPhoto", Plain),
    ("deleteChatStickerSet", Plain),
    ("deleteForumTopic", Plain),
    ("deleteMessage", Plain),
    ("deleteMessages", Plain),
    ("deleteMyCommands", Plain),
    ("editChatInviteLink", Plain),
    ("editChatSubscriptionInviteLink", Plain),
    ("editForumTopic", Plain),
    ("editGeneralForumTopic", Plain),
    ("editMessageCaption", Message),
    ("editMessageChecklist", Message),
    ("editMessageLiveLocation", Message),
    ("editMessageMedia", Message),
    ("editMessageReplyMarkup", Message),
    ("editMessageText", Message),
    ("exportChatInviteLink", Plain),
    ("forwardMessage", Message),
    ("forwardMessages", Message),
    ("getBusinessConnection", Plain),
    ("getChat", Plain),
    ("getChatAdministrators", Plain),
    ("getChatMember", Plain),
    ("getChatMemberCount", Plain),
    ("getChatMenuButton", Plain),
    ("getCustomEmojiStickers", Plain),
    ("getFile", Plain),
    ("getForumTopicIconStickers", Plain),
    ("getGameHighScores", Plain),
    ("getMe", Plain),
    ("getMyCommands", Plain),
    ("getMyDefaultAdministratorRights", Plain),
    ("getMyDescription", Plain),
    ("getMyName", Plain),
    ("getMyShortDescription", Plain),
    ("getMyStarBalance", Plain),
    ("getStarTransactions", Plain),
    ("getStickerSet", Plain),
    ("getUserChatBoosts", Plain),
    ("getUserProfilePhotos", Plain),
    ("hideGeneralForumTopic", Plain),
    ("leaveChat", Plain),
    ("pinChatMessage", Message),
    ("promoteChatMember", Plain),
    ("readBusinessMessage", Plain),
    ("reopenForumTopic", Plain),
    ("reopenGeneralForumTopic", Plain),
    ("restrictChatMember", Plain),
    ("revokeChatInviteLink", Plain),
    ("savePreparedInlineMessage", Plain),
    ("sendAnimation", Message),
    ("sendAudio", Message),
    ("sendChatAction", Plain),
    ("sendChecklist", Message),
    ("sendContact", Message),
    ("sendDice", Message),
    ("sendDocument", Message),
    ("sendGame", Message),
    ("sendInvoice", Message),
    ("sendLocation", Message),
    ("sendMediaGroup", Message),
    ("sendMessage", Message),
    ("sendMessageDraft", Plain),
    ("sendPaidMedia", Message),
    ("sendPhoto", Message),
    ("sendPoll", Message),
    ("sendSticker", Message),
    ("sendVenue", Message),
    ("sendVideo", Message),
    ("sendVideoNote", Message),
    ("sendVoice", Message),
    ("setChatAdministratorCustomTitle", Plain),
    ("setChatDescription", Plain),
    ("setChatMenuButton", Plain),
    ("setChatPermissions", Plain),
    ("setChatStickerSet", Plain),
    ("setChatTitle", Plain),
    ("setGameScore", Plain),
    ("setMessageReaction", Plain),
    ("setMyCommands", Plain),
    ("setMyDefaultAdministratorRights", Plain),
    ("setMyDescription", Plain),
    ("setMyName", Plain),
    ("setMyShortDescription", Plain),
    ("stopMessageLiveLocation", Message),
    ("stopPoll", Plain),
    ("unbanChatMember", Plain),
    ("unbanChatSenderChat", Plain),
    ("unhideGeneralForumTopic", Plain),
    ("unpinAllChatMessages", Plain),
    ("unpinAllForumTopicMessages", Plain),
    ("unpinAllGeneralForumTopicMessages", Plain),
    ("unpinChatMessage", Plain),
];

/// The method of that name with its kind, where a component may call it. The name is ours, not the caller's, so that nothing of
/// the caller's gets into an address.
pub(super) fn find(name: &str) -> Option<(&'static str, Kind)> {
    METHODS.binary_search_by(|(known, _)| (*known).cmp(name)).ok().map(|at| METHODS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_has_no_doubles() {
        assert!(METHODS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn what_is_the_hosts_is_not_a_components() {
        for name in [
            "getUpdates",
            "GetUpdates",
            "setWebhook",
            "deleteWebhook",
            "getWebhookInfo",
            "logOut",
            "close",
            "sendGift",
            "getme",
            "getMe ",
            "getMe/../setWebhook",
            "",
        ] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn what_messages_are_is_known() {
        assert_eq!(find("sendMessage"), Some(("sendMessage", Message)));
        assert_eq!(find("answerCallbackQuery"), Some(("answerCallbackQuery", Plain)));
        assert_eq!(find("unpinChatMessage"), Some(("unpinChatMessage", Plain)));
    }
}
