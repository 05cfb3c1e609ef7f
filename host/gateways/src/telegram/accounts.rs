//! What is kept per bot: its client and its pace.

use super::pace::{Pace, Rates};
use crate::connector::Account;
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use teloxide_core::Bot;
use tokio::time::Instant;
use twobot_domain::{GatewayError, GatewayId};
use url::Url;

/// Above so many bots, idle ones are forgotten.
const REMEMBERED_BOTS: usize = 1_024;

/// A bot that did nothing for so long has a full bucket everywhere, so that forgetting it changes nothing.
const IDLE: Duration = Duration::from_secs(300);

/// One bot.
pub(super) struct Known {
    pub(super) bot: Bot,
    pub(super) pace: Pace,
}

/// The bots that were used lately, by gateway.
pub(super) struct Accounts {
    client: reqwest012::Client,
    api_url: Url,
    rates: Rates,
    known: Mutex<HashMap<GatewayId, (Arc<Known>, Instant)>>,
}

impl Accounts {
    pub(super) fn new(client: reqwest012::Client, api_url: Url, rates: Rates) -> Self {
        Self { client, api_url, rates, known: Mutex::default() }
    }

    /// The bot of this account; a new one where its token changed.
    ///
    /// # Errors
    /// `Unauthorized` when the token can not be one.
    pub(super) fn get(&self, account: &Account) -> Result<Arc<Known>, GatewayError> {
        let secret = account.credential("token");
        let token = secret.expose_secret().trim();
        check_token(token)?;
        let now = Instant::now();
        let mut known = self.known.lock();
        if let Some((bot, used)) = known.get_mut(&account.gateway)
            && bool::from(bot.bot.token().as_bytes().ct_eq(token.as_bytes()))
        {
            *used = now;
            return Ok(Arc::clone(bot));
        }
        if known.len() >= REMEMBERED_BOTS {
            known.retain(|_, (_, used)| now.duration_since(*used) < IDLE);
        }
        let bot = Bot::with_client(token, self.client.clone()).set_api_url(self.api_url.clone());
        let bot = Arc::new(Known { bot, pace: Pace::new(&self.rates) });
        known.insert(account.gateway, (Arc::clone(&bot), now));
        Ok(bot)
    }

    pub(super) fn forget(&self, gateway: GatewayId) {
        self.known.lock().remove(&gateway);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.known.lock().len()
    }
}

/// Telegram's tokens look like `123456:AAbb-Cc_dd`. Others would go into an address, and are a slip of copying anyway.
fn check_token(token: &str) -> Result<(), GatewayError> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-' | '_');
    if token.is_empty() {
        return Err(GatewayError::Unauthorized("no bot token is set".to_owned()));
    }
    if token.len() > 200 || !token.chars().all(fits) {
        return Err(GatewayError::Unauthorized(
            "this is no bot token; @BotFather's tokens look like 123456789:AAExample-token_x".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use serde_json::{Value, json};
    use twobot_domain::TenantId;

    fn account(gateway: GatewayId, token: &str) -> Account {
        Account {
            tenant: TenantId::new(),
            gateway,
            credentials: SecretString::from(json!({ "token": token }).to_string()),
            config: Value::Null,
            webhook_secret: SecretString::from(String::new()),
        }
    }

    fn accounts() -> Accounts {
        Accounts::new(reqwest012::Client::new(), Url::parse("http://localhost").unwrap(), Rates::default())
    }

    #[tokio::test]
    async fn a_bot_is_kept_until_its_token_changes() {
        let (accounts, gateway) = (accounts(), GatewayId::new());
        let first = accounts.get(&account(gateway, "1:a")).unwrap();
        assert!(Arc::ptr_eq(&first, &accounts.get(&account(gateway, " 1:a\n")).unwrap()));
        let second = accounts.get(&account(gateway, "1:b")).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(accounts.len(), 1);
        accounts.forget(gateway);
        assert_eq!(accounts.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_bots_are_forgotten_when_there_are_many() {
        let accounts = accounts();
        for _ in 0..REMEMBERED_BOTS {
            accounts.get(&account(GatewayId::new(), "1:a")).unwrap();
        }
        tokio::time::advance(IDLE).await;
        accounts.get(&account(GatewayId::new(), "1:a")).unwrap();
        assert_eq!(accounts.len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused_and_not_repeated() {
        for token in ["", "  ", "1:a/../2:b", "1:a b", "1:ü", "1:a?x", "1:a%2f", &"1".repeat(300)] {
            let Err(GatewayError::Unauthorized(text)) = accounts().get(&account(GatewayId::new(), token))
            else {
                panic!("{token} was taken");
            };
            assert!(token.trim().is_empty() || !text.contains(token), "{text}");
        }
    }
}
