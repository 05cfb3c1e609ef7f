//! `twobot mail`

use super::answer;
use crate::host;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Args;
use twobot_domain::MailId;
use twobot_mail::render;
use twobot_store::mails::OutboxEntry;
use url::Url;

/// Mails among which one is looked for.
const NEWEST: u32 = 1_000;

/// Which mails to print.
#[derive(Args)]
pub(crate) struct List {
    /// How many, the newest first.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// Which mail to print.
#[derive(Args)]
pub(crate) struct Show {
    /// Its id, as the log and `twobot mail list` say it.
    id: MailId,
}

/// Prints the newest mails, beside a server that runs or without one.
///
/// # Errors
/// When the database can not be read.
pub(crate) async fn list(settings: &Settings, list: &List) -> anyhow::Result<()> {
    let store = host::store_to_read(settings).await?;
    for mail in store.outbox(list.limit).await? {
        answer::line(&line(&mail))?;
    }
    store.close().await;
    Ok(())
}

fn line(mail: &OutboxEntry) -> String {
    let trouble = mail.trouble.as_deref().map(|trouble| format!("  {}", trouble.replace(['\n', '\r'], " ")));
    format!(
        "{}  {}  {:8} {:16} {}{}",
        mail.id,
        mail.created_at,
        mail.state,
        mail.kind,
        mail.recipient,
        trouble.unwrap_or_default()
    )
}

/// Prints a mail.
///
/// # Errors
/// When the database can not be read, or there is no such mail, or its content is no longer kept.
pub(crate) async fn show(settings: &Settings, show: &Show) -> anyhow::Result<()> {
    let store = host::store_to_read(settings).await?;
    let mails = store.outbox(NEWEST).await?;
    let entry = mails.iter().find(|mail| mail.id == show.id);
    let entry = entry.with_context(|| format!("no mail {} is among the newest {NEWEST}", show.id))?;
    let mail = entry.mail.as_ref().context("what it said is no longer kept: it was sent, or given up")?;
    let site: Url = match &settings.server.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}/", settings.server.listen).parse().context("TWOBOT_LISTEN")?,
    };
    let rendered = render(mail, &site);
    answer::line(&format!("To: {}\nSubject: {}\n\n{}", entry.recipient, rendered.subject, rendered.text))?;
    store.close().await;
    Ok(())
}
