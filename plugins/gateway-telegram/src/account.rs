//! Who the bot is.

use crate::doc::Doc;
use twobot::gateway;
use twobot::prelude::*;

/// Asks Telegram who the token belongs to.
pub(crate) fn check() -> Result<Account, GatewayError> {
    account(&gateway::call("getMe", &json!({}))?)
}

fn account(me: &Json) -> Result<Account, GatewayError> {
    let me = Doc::new(me, "getMe");
    let unreadable = || GatewayError::Unavailable("Telegram's answer to getMe has no id".to_owned());
    let id = me.id("id").ok_or_else(unreadable)?;
    let username = me.str("username");
    let first_name = me.str("first_name").unwrap_or_default();
    let yes_or_no = |field| if me.flag(field) { "yes" } else { "no" }.to_owned();
    let mut details = vec![("Name".to_owned(), first_name.to_owned())];
    details.extend(username.map(|username| ("Link".to_owned(), format!("https://t.me/{username}"))));
    details.push(("Can join groups".to_owned(), yes_or_no("can_join_groups")));
    details.push(("Reads all messages in groups".to_owned(), yes_or_no("can_read_all_group_messages")));
    let name = username.map_or_else(|| first_name.to_owned(), |username| format!("@{username}"));
    Ok(Account { id, name, details })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_named_by_its_username() {
        let me = json!({"id": 123456789, "is_bot": true, "first_name": "Demo", "username": "demo_bot", "can_join_groups": true});
        let account = account(&me).unwrap();
        assert_eq!((account.id.as_str(), account.name.as_str()), ("123456789", "@demo_bot"));
        assert_eq!(account.details[1], ("Link".to_owned(), "https://t.me/demo_bot".to_owned()));
        assert_eq!(account.details[2].1, "yes");
        assert_eq!(account.details[3].1, "no");
    }

    #[test]
    fn a_server_that_says_little_is_enough() {
        assert_eq!(account(&json!({"id": 1, "first_name": "Demo"})).unwrap().name, "Demo");
        assert!(account(&json!({"first_name": "Demo"})).is_err());
    }
}
