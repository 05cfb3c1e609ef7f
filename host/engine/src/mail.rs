//! Delivers the outbox: what the store has queued goes to the mail server, or is shown to the operator where there is none.
//!
//! A mail is taken for a while and tried; what ends in between, by a crash or a slow server, is tried again after it. So none is lost,
//! and one is sent twice only if the process ends between the mail server's word and ours. Both carry the same id.

use crate::engine::Engine;
use std::sync::atomic::Ordering;
use std::time::Duration;
use twobot_domain::{Mail, Timestamp};
use twobot_mail::{Smtp, SmtpError, render, secret_link};
use twobot_store::StoreError;
use twobot_store::mails::{Delivered, OutboxMail};
use twobot_telemetry::meter;
use url::{Host, Url};

/// How often is looked for mails that others have queued, or whose time has come.
const LOOK: Duration = Duration::from_secs(5);

/// Mails that are taken at a time.
const BATCH: u32 = 10;

/// For how long they are ours: longer than a mail server may take for all of them.
const HELD_MS: i64 = 15 * 60 * 1000;

/// Waits before the next tries, in seconds; a mail that still does not go a day after it was queued is given up.
const WAITS: [i64; 6] = [30, 120, 600, 1_800, 3_600, 7_200];
const GIVEN_UP_MS: i64 = 24 * 60 * 60 * 1000;

/// For how long the outbox tells what became of a mail.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How often what is older is removed.
const TIDY: Duration = Duration::from_secs(3_600);

/// How mails leave.
#[derive(Clone, Debug)]
pub struct Post {
    /// The mail server; without one, mails are shown to the operator.
    pub smtp: Option<Smtp>,
    /// Where people find the dashboard.
    pub site: Url,
}

impl Post {
    /// Whether the log may show links that open an account: only where nobody else could follow them, on the operator's own machine.
    fn shows_links(&self) -> bool {
        match self.site.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl Engine {
    /// Begins to deliver mails, until the engine stops.
    pub fn deliver_mails(&self, post: Post) {
        self.inner.tasks.spawn(run(self.clone(), post));
    }

    /// A mail was queued: it need not wait for the next look.
    pub fn mail_waits(&self) {
        self.inner.mail.notify_one();
    }

    /// Whether the mail that this node tried last could not be sent, and waits for another try.
    #[must_use]
    pub fn mails_are_delayed(&self) -> bool {
        self.inner.mails_delayed.load(Ordering::Relaxed)
    }

    /// Delivers what is due now, and says how many mails it tried.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn deliver_due_mails(&self, post: &Post) -> Result<usize, StoreError> {
        let until = Timestamp::now().plus_millis(HELD_MS);
        let mails = self.store().take_mails(BATCH, until).await?;
        for mail in &mails {
            let outcome = deliver(post, mail).await;
            self.inner.mails_delayed.store(matches!(outcome, Delivered::Later { .. }), Ordering::Relaxed);
            meter::mail(match &outcome {
                Delivered::Sent => "sent",
                Delivered::Shown => "shown",
                Delivered::Later { .. } => "tried_again",
                Delivered::Failed { .. } => "given_up",
            });
            self.store().settle_mail(mail.id, mail.attempts, &outcome).await?;
        }
        Ok(mails.len())
    }
}

/// Removes what is over: mails, sessions, and devices that nobody uses any more.
async fn tidy_up(engine: &Engine) -> Result<(), StoreError> {
    engine.store().remove_mails(Timestamp::now().plus_millis(-KEPT_MS)).await?;
    engine.store().remove_expired_sessions().await?;
    engine.store().forget_devices().await.map(drop)
}

async fn run(engine: Engine, post: Post) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = tidy.tick() => {
                if let Err(error) = tidy_up(&engine).await {
                    tracing::error!(%error, "old mails and sessions could not be removed; it is tried again");
                }
                continue;
            }
            _ = look.tick() => {}
            () = engine.inner.mail.notified() => {}
        }
        loop {
            // What is being sent when the engine stops is finished: otherwise it would be sent again.
            match engine.deliver_due_mails(&post).await {
                Ok(0) => break,
                Ok(_) if engine.is_stopping() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "mails could not be delivered; it is tried again");
                    break;
                }
            }
        }
    }
}

async fn deliver(post: &Post, mail: &OutboxMail) -> Delivered {
    let Some(smtp) = &post.smtp else { return show(post, mail) };
    let rendered = render(&mail.mail, &post.site);
    let (id, kind) = (mail.id, mail.mail.kind());
    match smtp.send(&id.to_string(), &mail.recipient, &rendered).await {
        Ok(()) => {
            tracing::info!(mail = %id, kind, tenant = %mail.tenant, "mail sent");
            Delivered::Sent
        }
        Err(SmtpError::Later(trouble)) => match next_try(mail, Timestamp::now()) {
            Some(at) => {
                tracing::warn!(mail = %id, kind, attempts = mail.attempts, "a mail could not be sent; it is tried again");
                Delivered::Later { at, trouble }
            }
            None => given_up(mail, trouble),
        },
        Err(SmtpError::Refused(trouble)) => given_up(mail, trouble),
    }
}

fn given_up(mail: &OutboxMail, trouble: String) -> Delivered {
    tracing::error!(mail = %mail.id, kind = mail.mail.kind(), tenant = %mail.tenant, "a mail is given up; `twobot mail list` says why");
    Delivered::Failed { trouble }
}

/// When a mail is tried next, if it is.
fn next_try(mail: &OutboxMail, now: Timestamp) -> Option<Timestamp> {
    let tried = usize::try_from(mail.attempts).unwrap_or(usize::MAX).saturating_sub(1);
    let wait = WAITS.get(tried).or(WAITS.last()).copied().unwrap_or(LOOK.as_secs() as i64);
    let at = now.plus_millis(wait * 1000);
    (at.0 < mail.created_at.plus_millis(GIVEN_UP_MS).0).then_some(at)
}

/// Tells the operator of a mail that nobody sends.
fn show(post: &Post, mail: &OutboxMail) -> Delivered {
    let (id, kind) = (mail.id, mail.mail.kind());
    match link(post, &mail.mail) {
        Some(link) => {
            tracing::info!(mail = %id, kind, tenant = %mail.tenant, %link, "mail, not sent: there is no TWOBOT_SMTP_URL");
        }
        None => {
            tracing::info!(mail = %id, kind, tenant = %mail.tenant, "mail, not sent: there is no TWOBOT_SMTP_URL; `twobot mail show {id}` shows it");
        }
    }
    Delivered::Shown
}

fn link(post: &Post, mail: &Mail) -> Option<Url> {
    if post.shows_links() { secret_link(mail, &post.site) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twobot_domain::{MailId, TenantId};

    fn mail(attempts: u32) -> OutboxMail {
        OutboxMail {
            id: MailId::new(),
            tenant: TenantId::new(),
            recipient: "ada@example.org".to_owned(),
            mail: Mail::Verify { name: "Ada".to_owned(), token: "t0ken".to_owned(), hours: 24 },
            attempts,
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn pauses_grow_and_end_after_a_day() {
        let after =
            |attempts: u32, now: i64| next_try(&mail(attempts), Timestamp(now)).map(|at| (at.0 - now) / 1000);
        let waits: Vec<_> = (1..=8).map(|attempts| after(attempts, 0)).collect();
        assert_eq!(waits, [30, 120, 600, 1_800, 3_600, 7_200, 7_200, 7_200].map(Some));
        assert_eq!(after(20, GIVEN_UP_MS - 7_200_000), None);
        assert_eq!(after(20, GIVEN_UP_MS - 7_200_001), Some(7_200));
        assert_eq!(after(u32::MAX, 0), Some(7_200));
    }

    #[test]
    fn links_are_shown_on_ones_own_machine_only() {
        for (site, shown) in [
            ("http://127.0.0.1:8080/", true),
            ("http://localhost:8080/", true),
            ("http://[::1]:8080/", true),
            ("https://bots.example.org/", false),
            ("http://10.0.0.7:8080/", false),
            ("http://localhost.example.org/", false),
        ] {
            let post = Post { smtp: None, site: site.parse().unwrap() };
            assert_eq!(link(&post, &mail(1).mail).is_some(), shown, "{site}");
        }
    }
}
