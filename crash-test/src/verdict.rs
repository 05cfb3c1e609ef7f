//! What is in the database and at the provider, held against what people wrote.

use crate::books::{Books, Effect, Page, Runs};
use crate::people::Conversation;
use crate::provider::Provider;
use crate::world::Tenant;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// Of so many messages of a conversation one makes an appointment, and one counts by reading and writing what all conversations share; the
/// plugin says the same (`host/runtime/tests/guests/ledger`).
const APPOINTED: u64 = 7;
const SHARED: u64 = 2;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    messages: u64,
    /// Answers that the provider sent beyond the first time.
    repeated: u64,
    /// Answers that may have been sent beyond the first time, as far as the server knows.
    counted: u64,
    /// Answers of which the server told that it does not know whether they were sent, by tenant.
    unknown: HashMap<String, u64>,
    /// Messages that bots fetched.
    fetched: u64,
    /// Appointments that plugins made.
    appointments: u64,
    faults: Vec<String>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub(crate) const fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Messages that were acknowledged.
    pub(crate) const fn messages(&self) -> u64 {
        self.messages
    }

    /// How many of them bots fetched.
    pub(crate) const fn fetched(&self) -> u64 {
        self.fetched
    }

    /// How many appointments plugins made and kept.
    pub(crate) const fn appointments(&self) -> u64 {
        self.appointments
    }

    /// What became of the answers, beyond having been sent once.
    pub(crate) fn answers(&self) -> String {
        let unknown: u64 = self.unknown.values().sum();
        format!(
            "{} repeated of {} that may have been, {unknown} unknown and told",
            self.repeated, self.counted
        )
    }

    fn expect(&mut self, what: &str, found: u64, expected: u64) {
        if found != expected {
            self.faults.push(format!("{what}: {found} instead of {expected}"));
        }
    }

    /// Holds what the API says that a tenant used against what its people wrote, and against the runs of its plugin.
    pub(crate) fn compare_usage(
        &mut self,
        usage: &Value,
        conversations: &[Conversation],
        tenant: &Arc<Tenant>,
        runs: Runs,
    ) {
        let written: u64 = conversations
            .iter()
            .filter(|conversation| Arc::ptr_eq(&conversation.tenant, tenant))
            .map(|conversation| conversation.written)
            .sum();
        let used = |name: &str| {
            let days = usage["days"].as_array().or_else(|| usage["items"].as_array());
            days.map_or(0, |days| days.iter().filter_map(|day| day[name].as_u64()).sum::<u64>())
        };
        self.expect(&format!("messages in, as billed to {}", tenant.token), used("messages_in"), written);
        let sent = written.saturating_sub(self.unknown.get(tenant.email()).copied().unwrap_or_default());
        self.expect(&format!("messages out, as billed to {}", tenant.token), used("messages_out"), sent);
        // A run counts when it has an outcome, well or badly; one that a kill interrupted has none. What gateways run does not count.
        let (all, failed) = (used("executions"), used("failed_executions"));
        let well = all.saturating_sub(failed);
        self.expect(
            &format!("executions that did well, as billed to {}", tenant.token),
            well,
            runs.succeeded,
        );
        if failed > runs.failed_attempts {
            self.faults.push(format!(
                "failed executions, as billed to {}: {failed}, more than the {} attempts that failed",
                tenant.token, runs.failed_attempts
            ));
        }
    }
}

impl Verdict {
    /// Points that a course of this length should have met. A point that nobody comes to is no longer tried.
    pub(crate) fn note_missed(&mut self, points: &[&str]) {
        self.faults.extend(points.iter().map(|point| format!("no server ended at the point {point}")));
    }

    /// What `twobot usage reconcile` found, if it did.
    pub(crate) fn note_differences(&mut self, found: Option<String>) {
        self.faults.extend(found.map(|text| format!("sums of usage are not what rows say: {text}")));
    }

    /// Holds the sums by minute, hour and day against what was written, after everything was summed.
    pub(crate) async fn compare_sums(&mut self, books: &mut Books) -> anyhow::Result<()> {
        let (messages, unknown) = (self.messages, self.unknown.values().sum::<u64>());
        let runs = books.runs().await?.values().map(|runs| runs.succeeded).sum();
        for table in ["usage_minutes", "usage_hours", "usage_days"] {
            for (field, expected) in [
                ("messages_in", messages),
                ("messages_out", messages.saturating_sub(unknown)),
                ("executions - failed_executions", runs),
            ] {
                let query = format!("SELECT CAST(coalesce(sum({field}), 0) AS BIGINT) FROM {table}");
                let found = books.count(&query).await?;
                self.expect(&format!("{field} in {table}"), found, expected);
            }
        }
        Ok(())
    }
}

/// Holds the database and the provider's record against what people wrote.
pub(crate) async fn judge(
    books: &mut Books,
    conversations: &[Conversation],
    provider: &Provider,
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let (pages, effects) = (books.pages().await?, books.effects().await?);
    for conversation in conversations {
        verdict.messages += conversation.written;
        verdict.appointments += conversation.written / APPOINTED;
        if conversation.tenant.webhook.is_none() {
            verdict.fetched += conversation.written;
        }
        judge_page(&mut verdict, conversation, &pages);
        judge_answers(&mut verdict, conversation, provider, &effects);
    }
    let messages = verdict.messages;
    verdict.expect("the plugins' own counters", books.total().await?, messages);
    let shared = conversations.iter().map(|conversation| conversation.written / SHARED).sum();
    verdict.expect("what the plugins read and wrote by turns", books.shared().await?, shared);
    judge_appointments(&mut verdict, conversations, &books.appointments().await?);
    verdict.expect("updates that were fetched and confirmed", provider.polls().counts().1, verdict.fetched);
    verdict.expect("deliveries in the log", books.count("SELECT count(*) FROM inbound").await?, messages);
    verdict.expect(
        "deliveries that were decoded",
        books.count("SELECT count(*) FROM inbound WHERE state = 'decoded'").await?,
        messages,
    );
    verdict.expect(
        "runs that succeeded",
        books.count("SELECT count(*) FROM executions WHERE state = 'succeeded'").await?,
        // Of an answer that is given up its plugin is told by an event of its own, and so it is of an appointment.
        messages + verdict.appointments + verdict.unknown.values().sum::<u64>(),
    );
    verdict.expect(
        "effects that were sent",
        books.count("SELECT count(*) FROM effects WHERE state = 'sent'").await?,
        messages.saturating_sub(verdict.unknown.values().sum()),
    );
    verdict.expect(
        "effects with an intent and without an outcome",
        books.count("SELECT count(*) FROM effects WHERE begun_at IS NOT NULL").await?,
        0,
    );
    verdict.expect(
        "calls with an intent and without an outcome, of runs that have one",
        books
            .count(
                "SELECT count(*) FROM journal j JOIN executions e ON e.id = j.execution_id \
                 WHERE j.result IS NULL AND j.ended = 0 AND e.state NOT IN ('waiting', 'running')",
            )
            .await?,
        0,
    );
    verdict.expect("effects without a run that succeeded", books.count(
        "SELECT count(*) FROM effects f JOIN executions e ON e.id = f.execution_id WHERE e.state <> 'succeeded'").await?, 0);
    Ok(verdict)
}

/// Kept once: each appointment has been noted by its own name.
fn judge_appointments(
    verdict: &mut Verdict,
    conversations: &[Conversation],
    kept: &HashMap<(String, String), u64>,
) {
    let mut expected = 0;
    for conversation in conversations {
        let email = conversation.tenant.email();
        for number in (APPOINTED..=conversation.written).step_by(APPOINTED as usize) {
            let name = format!("{}-{number}", conversation.chat);
            let times = kept.get(&(email.to_owned(), name.clone())).copied().unwrap_or_default();
            verdict.expect(&format!("appointment {name} of {email}"), times, 1);
            expected += 1;
        }
    }
    verdict.expect("appointments that were kept", kept.len() as u64, expected);
}

/// Handled once, in order: the book says so.
fn judge_page(verdict: &mut Verdict, conversation: &Conversation, pages: &HashMap<(String, String), Page>) {
    let (written, chat) = (conversation.written, conversation.chat.to_string());
    let page = pages.get(&(conversation.tenant.email().to_owned(), chat.clone()));
    let (last, wrong) = page.map_or((0, &[][..]), |page| (page.last, &page.wrong));
    if last != written || !wrong.is_empty() {
        verdict.faults.push(format!(
            "conversation {chat} of {}: {written} were acknowledged, the book ends with {last}, out of order or repeated: {wrong:?}",
            conversation.tenant.email()
        ));
    }
}

/// Answered, in order, and no more often than the server knows. What it told to be unknown may be missing.
fn judge_answers(
    verdict: &mut Verdict,
    conversation: &Conversation,
    provider: &Provider,
    effects: &HashMap<(String, String), Vec<Effect>>,
) {
    let email = conversation.tenant.email();
    let sent = provider.sent(&conversation.tenant.token, conversation.chat);
    let key = (email.to_owned(), conversation.chat.to_string());
    let known = effects.get(&key).map_or(&[][..], Vec::as_slice);
    let fault = |what: String| format!("conversation {} of {email}: {what}", conversation.chat);
    for effect in known {
        let times = sent.iter().filter(|number| **number == effect.number).count() as u64;
        verdict.counted += effect.done_at_most.saturating_sub(1);
        *verdict.unknown.entry(email.to_owned()).or_default() += u64::from(effect.is_unknown);
        if times > effect.done_at_most {
            verdict.faults.push(fault(format!(
                "answer {} was sent {times} times, and the server knows of {}",
                effect.number, effect.done_at_most
            )));
        }
        if !effect.is_sent && !effect.is_unknown {
            let (number, trouble) = (effect.number, &effect.trouble);
            verdict.faults.push(fault(format!("answer {number} was given up for another reason: {trouble}")));
        }
    }
    let mut seen = HashSet::new();
    let first: Vec<u64> = sent.iter().copied().filter(|number| seen.insert(*number)).collect();
    verdict.repeated += (sent.len() - first.len()) as u64;
    let may_be_missing =
        |number: &u64| known.iter().any(|effect| effect.number == *number && effect.is_unknown);
    let expected: Vec<u64> = (1..=conversation.written)
        .filter(|number| seen.contains(number) || !may_be_missing(number))
        .collect();
    if first != expected {
        verdict
            .faults
            .push(fault(format!("{} were acknowledged, the answers are {first:?}", conversation.written)));
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} messages were acknowledged, {} of them fetched; {} appointments",
            self.messages, self.fetched, self.appointments
        )?;
        writeln!(
            f,
            "{} answers were sent again, of {} that the server knows may have been; of {} it told that it is not known",
            self.repeated,
            self.counted,
            self.unknown.values().sum::<u64>()
        )?;
        for fault in self.faults.iter().take(50) {
            writeln!(f, "FAULT {fault}")?;
        }
        if self.faults.is_empty() {
            write!(f, "nothing lost, nothing out of order, everything counted once")
        } else {
            write!(f, "{} faults", self.faults.len())
        }
    }
}
