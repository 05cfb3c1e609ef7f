//! What a run was denied, for the audit log: each thing once, with a count.

use twobot_domain::manifest::Capability;
use twobot_store::executions::Denial;

/// Different things that are told apart in one run. There are few capabilities, but a plugin can name any number of hosts.
const MAX_DENIALS: usize = 20;

/// Characters of what was asked for.
const MAX_DETAIL: usize = 300;

/// What the last one tells that stands for all that were too many.
const OTHERS: &str = "and others";

/// What a run was denied. Takes nothing as long as that is nothing.
#[derive(Debug, Default)]
pub(crate) struct Denials(Vec<Denial>);

impl Denials {
    /// Counts one denial.
    pub(crate) fn note(&mut self, capability: &Capability, detail: &str) {
        let detail: String = detail.chars().take(MAX_DETAIL).collect();
        let same = |denial: &&mut Denial| denial.capability == *capability && denial.detail == detail;
        if let Some(denial) = self.0.iter_mut().find(same) {
            denial.count = denial.count.saturating_add(1);
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.detail == OTHERS => last.count = last.count.saturating_add(1),
            _ => {
                let last = self.0.len() + 1 >= MAX_DENIALS;
                let detail = if last { OTHERS.to_owned() } else { detail };
                self.0.push(Denial { capability: capability.clone(), detail, count: 1 });
            }
        }
    }

    /// All of them, in the order in which they came first.
    pub(crate) fn into_list(self) -> Vec<Denial> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_with_a_count_and_no_more_than_a_few() {
        let mut denials = Denials::default();
        for round in 0..3 {
            denials.note(&Capability::Storage, "");
            for host in 0..100 {
                let capability = format!("http:host-{host}.example.org").parse().unwrap();
                denials.note(&capability, &"x".repeat(1_000 * round));
            }
        }
        let list = denials.into_list();
        assert_eq!(list.len(), MAX_DENIALS);
        assert_eq!(list[0], Denial { capability: Capability::Storage, detail: String::new(), count: 3 });
        assert_eq!(list.iter().map(|denial| denial.count).sum::<u64>(), 303);
        assert_eq!(list[MAX_DENIALS - 1].detail, OTHERS);
        assert!(list.iter().all(|denial| denial.detail.len() <= MAX_DETAIL));
    }
}
