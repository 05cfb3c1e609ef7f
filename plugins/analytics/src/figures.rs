//! Figures of a day, or of many added up.

use std::collections::BTreeMap;

/// A chat or a sender, named by the gateway and the provider's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) gateway: String,
    pub(crate) id: String,
}

/// How much one subject wrote, or how much was written there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) messages: u64,
    pub(crate) name: Option<String>,
}

pub(crate) type Tallies = BTreeMap<Subject, Tally>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) hours: [u64; 24],
    pub(crate) chats: Tallies,
    pub(crate) senders: Tallies,
    /// People who were active and are no longer told apart.
    pub(crate) unlisted_senders: u64,
}

impl Figures {
    pub(crate) fn messages(&self) -> u64 {
        self.hours.iter().sum()
    }

    pub(crate) fn active_users(&self) -> u64 {
        self.senders.len() as u64 + self.unlisted_senders
    }

    /// Adds the figures of another day, or more figures of the same one.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.hours.iter_mut().zip(other.hours) {
            *sum += more;
        }
        add_tallies(&mut self.chats, &other.chats);
        add_tallies(&mut self.senders, &other.senders);
        // Whether the unlisted of one day are those of another is not known any more: at least so many were active.
        self.unlisted_senders = self.unlisted_senders.max(other.unlisted_senders);
    }

    /// The hours with the most messages, the busiest first; hours without any are not busy.
    pub(crate) fn busiest_hours(&self, count: usize) -> Vec<usize> {
        let mut hours: Vec<usize> = (0..24).filter(|&hour| self.hours[hour] > 0).collect();
        hours.sort_by_key(|&hour| std::cmp::Reverse(self.hours[hour]));
        hours.truncate(count);
        hours
    }
}

/// The subjects with the most messages, the largest first.
pub(crate) fn largest(tallies: &Tallies, count: usize) -> Vec<(&Subject, &Tally)> {
    let mut rows: Vec<_> = tallies.iter().collect();
    rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.messages));
    rows.truncate(count);
    rows
}

fn add_tallies(sums: &mut Tallies, more: &Tallies) {
    for (subject, tally) in more {
        let sum = sums.entry(subject.clone()).or_default();
        sum.messages += tally.messages;
        if tally.name.is_some() {
            sum.name.clone_from(&tally.name);
        }
    }
}
