//! Slows down the guessing of passwords.

use std::net::IpAddr;
use std::time::Duration;
use twobot_domain::{SessionId, TenantId, UserId};
use twobot_redis::{Rule, Taken, Windows};

/// Tries for one account from one address.
const SIGN_IN: Rule = Rule { name: "sign-in", limit: 5, period: Duration::from_secs(15 * 60) };

/// Tries for one account, wherever they come from, on browsers that have not signed in to it before. So those who guess together from many
/// addresses are slowed down, and can not lock its owner out.
const SIGN_IN_OF: Rule = Rule { name: "sign-in of", limit: 30, period: Duration::from_secs(15 * 60) };
/// Tries from one address, for whatever accounts.
const SIGN_IN_FROM: Rule = Rule { name: "sign-in from", limit: 100, period: Duration::from_secs(15 * 60) };

/// Accounts that are made from a network address.
const REGISTER_FROM: Rule = Rule { name: "register from", limit: 3, period: HOUR };
/// Times that somebody registers with an e-mail address.
const REGISTER_OF: Rule = Rule { name: "register of", limit: 3, period: HOUR };

/// Mails for a new password: to one account, whoever asks.
const RESET_OF_ACCOUNT: Rule = Rule { name: "reset of", limit: 3, period: HOUR };
/// And those that one network address asks for, whoever gets them.
const RESET_FROM: Rule = Rule { name: "reset from", limit: 3, period: HOUR };
/// Mails to confirm an address that a user asks for.
const VERIFICATION: Rule = Rule { name: "verification", limit: 3, period: HOUR };
/// Tokens of mails that a network address tries. Nobody guesses 256 bits; this is so that nobody makes us look for it all day.
const TOKEN: Rule = Rule { name: "token", limit: 30, period: HOUR };

/// Renewals of a session. A browser needs four an hour; more is a program that went wrong.
const RENEWAL: Rule = Rule { name: "renewal", limit: 120, period: HOUR };
/// Downloads of all that an account has: each reads all of it.
const EXPORT: Rule = Rule { name: "export", limit: 3, period: HOUR };

const HOUR: Duration = Duration::from_secs(3_600);

/// Counts the tries to sign in, per network address and account, and the mails that people ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttle<'a>(pub(crate) &'a Windows);

/// An address in 16 bytes, the same for both ways to write one of IPv4.
fn octets(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl Throttle<'_> {
    /// Takes one try. It is taken before the password is looked at, so that many at the same time can not get around it.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take(self, address: IpAddr, email: &str) -> Result<(), Taken> {
        self.from(&SIGN_IN_FROM, address).await?;
        let taken = self.0.take(&SIGN_IN, &[&octets(address), email.to_lowercase().as_bytes()]).await;
        if taken.allowed { Ok(()) } else { Err(taken) }
    }

    /// Takes one try for an account on a browser that is not known to it.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_unknown(self, email: &str) -> Result<(), Taken> {
        self.allowed(&SIGN_IN_OF, email.to_lowercase().as_bytes()).await
    }

    /// Takes one code for the second step of a sign-in. Of whom it is, and how many are left, the database knows.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_code(self, address: IpAddr) -> Result<(), Taken> {
        self.from(&SIGN_IN_FROM, address).await
    }

    /// Takes one registration. Counted by the address that was given, whether or not it has an account.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_registration(self, address: IpAddr, email: &str) -> Result<(), Taken> {
        self.from(&REGISTER_FROM, address).await?;
        self.allowed(&REGISTER_OF, email.to_lowercase().as_bytes()).await
    }

    /// One of what a network address may do. This machine's own is not counted: who sits there needs no leave, and behind a proxy that was
    /// not told to us everyone comes from there.
    async fn from(self, rule: &Rule, address: IpAddr) -> Result<(), Taken> {
        if address.to_canonical().is_loopback() { Ok(()) } else { self.allowed(rule, &octets(address)).await }
    }

    /// Takes one mail for a new password. Counted by the address that was given and not by an account, so that it is the same whether or
    /// not there is one.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_reset(self, address: IpAddr, email: &str) -> Result<(), Taken> {
        self.allowed(&RESET_FROM, &octets(address)).await?;
        self.allowed(&RESET_OF_ACCOUNT, email.to_lowercase().as_bytes()).await
    }

    /// Takes one mail to confirm an address.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_verification(self, user: UserId) -> Result<(), Taken> {
        self.allowed(&VERIFICATION, user.uuid().as_bytes()).await
    }

    /// Takes one try of a token of a mail.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_token(self, address: IpAddr) -> Result<(), Taken> {
        self.allowed(&TOKEN, &octets(address)).await
    }

    /// Takes one renewal of a session.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_renewal(self, session: SessionId) -> Result<(), Taken> {
        self.allowed(&RENEWAL, session.uuid().as_bytes()).await
    }

    /// Takes one download of everything.
    ///
    /// # Errors
    /// When there is none left.
    pub(crate) async fn take_export(self, tenant: TenantId) -> Result<(), Taken> {
        self.allowed(&EXPORT, tenant.uuid().as_bytes()).await
    }

    async fn allowed(self, rule: &Rule, who: &[u8]) -> Result<(), Taken> {
        let taken = self.0.take(rule, &[who]).await;
        if taken.allowed { Ok(()) } else { Err(taken) }
    }

    /// Forgets the tries of someone who got in.
    pub(crate) async fn forgive(self, address: IpAddr, email: &str) {
        let email = email.to_lowercase();
        self.0.forgive(&SIGN_IN, &[&octets(address), email.as_bytes()]).await;
        self.0.forgive(&SIGN_IN_OF, &[email.as_bytes()]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn five_tries_then_a_wait() {
        let windows = Windows::in_memory();
        let throttle = Throttle(&windows);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..5 {
            throttle.take(here, "ada@example.org").await.unwrap();
        }
        let refused = throttle.take(here, "ADA@example.org").await.unwrap_err();
        assert!(refused.resets <= SIGN_IN.period && refused.resets > SIGN_IN.period / 2);
        let mapped = "::ffff:10.0.0.1".parse().unwrap();
        assert!(throttle.take(mapped, "ada@example.org").await.is_err(), "the same address");
        throttle.take(there, "ada@example.org").await.unwrap();
        throttle.take(here, "bob@example.org").await.unwrap();
    }

    #[tokio::test]
    async fn guessing_together_and_guessing_at_many_accounts_ends_too() {
        let windows = Windows::in_memory();
        let throttle = Throttle(&windows);
        for _ in 0..30 {
            throttle.take_unknown("ada@example.org").await.unwrap();
        }
        throttle.take_unknown("ADA@example.org").await.unwrap_err();
        throttle.take_unknown("bob@example.org").await.unwrap();
        let (here, there, own) =
            (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]), IpAddr::from([127, 0, 0, 1]));
        for number in 0..100 {
            throttle.take(here, &format!("user{number}@example.org")).await.unwrap();
            throttle.take(own, &format!("user{number}@example.org")).await.unwrap();
        }
        throttle.take(here, "another@example.org").await.unwrap_err();
        throttle.take(there, "another@example.org").await.unwrap();
        throttle.take(own, "another@example.org").await.unwrap();
    }

    #[tokio::test]
    async fn three_registrations_an_hour() {
        let windows = Windows::in_memory();
        let throttle = Throttle(&windows);
        let here = IpAddr::from([10, 0, 0, 1]);
        for number in 0..3 {
            throttle.take_registration(here, &format!("user{number}@example.org")).await.unwrap();
        }
        throttle.take_registration(here, "another@example.org").await.unwrap_err();
        for host in 2..5 {
            throttle.take_registration(IpAddr::from([10, 0, 0, host]), "ada@example.org").await.unwrap();
        }
        let other = IpAddr::from([10, 0, 0, 9]);
        throttle.take_registration(other, "ADA@example.org").await.unwrap_err();
        throttle.take_registration(other, "bob@example.org").await.unwrap();
    }

    #[tokio::test]
    async fn who_gets_in_starts_anew() {
        let windows = Windows::in_memory();
        let here = IpAddr::from([10, 0, 0, 1]);
        for _ in 0..20 {
            Throttle(&windows).take(here, "ada@example.org").await.unwrap();
            Throttle(&windows).forgive(here, "ada@example.org").await;
        }
    }
}
