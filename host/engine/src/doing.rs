//! One effect while it is done: its intent, the keys of its calls, and what may have come of them.

use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use twobot_domain::{EffectId, EffectKey, EffectOrigin, GatewayError};
use twobot_store::{Store, TenantScope};

/// What is asked of a provider in one try of one effect.
///
/// Whether the provider may have done something is known here and nowhere else: a gateway's component can say what it likes, end in the
/// middle, or be ended.
#[derive(Debug, Default)]
pub(crate) struct Doing {
    key: Option<EffectKey>,
    intent: Option<Intent>,
    begun: OnceCell<()>,
    /// Calls so far, those that only read included.
    calls: AtomicU32,
    /// Calls that the provider carried out.
    done: AtomicU32,
    /// Calls that it may have carried out, those that are under way included.
    unsure: AtomicU32,
}

/// What is made durable before the first call that changes something.
#[derive(Debug)]
struct Intent {
    store: Store,
    scope: TenantScope,
    effect: EffectId,
}

/// What the provider may have done when a try has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Nothing.
    Nothing,
    /// A part, or all of it: some call was carried out, and none is open.
    Partly,
    /// Some call may have been carried out or not. `partly` says whether others were.
    Unsure { partly: bool },
}

impl Doing {
    /// An effect that is known by this key.
    pub(crate) fn known_by(key: EffectKey) -> Self {
        Self { key: Some(key), ..Self::default() }
    }

    /// The same, with an intent on the row of a queued effect.
    pub(crate) fn with_intent(self, store: Store, scope: TenantScope, effect: EffectId) -> Self {
        Self { intent: Some(Intent { store, scope, effect }), ..self }
    }

    /// What asks for it; none where nobody does but the platform itself.
    pub(crate) fn origin(&self) -> Option<EffectOrigin> {
        self.key.as_ref().map(EffectKey::origin)
    }

    /// What the component's clock and chance come from, so that each try does the same; none where there is no key.
    pub(crate) fn seed(&self) -> Option<Vec<u8>> {
        self.key.as_ref().map(|key| Sha256::digest(key.as_bytes()).to_vec())
    }

    /// The key of the next call: the same whenever the same call is made in the same place. A call that says something else than it did
    /// in an earlier try gets another, since providers refuse a key that comes back with other words.
    pub(crate) fn next_key(&self, operation: &str, arguments: &str) -> Option<String> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut digest = Sha256::new();
        digest.update(self.key.as_ref()?.as_bytes());
        digest.update(number.to_le_bytes());
        for part in [operation, arguments] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Some(hex::encode(digest.finalize()))
    }

    /// Begins a call that changes something, once the intent is durable.
    ///
    /// # Errors
    /// `Unavailable` when the intent can not be recorded: what can not be recorded must not be done.
    pub(crate) async fn begin(&self) -> Result<(), GatewayError> {
        if let Some(Intent { store, scope, effect }) = &self.intent {
            let begun = self.begun.get_or_try_init(|| store.begin_effect(*scope, *effect)).await;
            begun.map_err(|error| {
                tracing::error!(%error, %effect, "an effect's intent could not be recorded");
                GatewayError::Unavailable("the platform failed".to_owned())
            })?;
        }
        self.unsure.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Notes what came of a call that was begun.
    pub(crate) fn came_to<T>(&self, answer: &Result<T, GatewayError>) {
        match answer {
            Err(error) if error.may_have_happened() => return,
            Err(_) => {}
            Ok(_) => drop(self.done.fetch_add(1, Ordering::AcqRel)),
        }
        self.unsure.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether an intent was recorded.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.initialized()
    }

    /// What the provider may have done by now.
    pub(crate) fn reached(&self) -> Reached {
        let partly = self.done.load(Ordering::Acquire) > 0;
        match self.unsure.load(Ordering::Acquire) {
            0 if partly => Reached::Partly,
            0 => Reached::Nothing,
            _ => Reached::Unsure { partly },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = Result<(), GatewayError>;

    async fn after(answers: &[Option<Answer>]) -> Reached {
        let doing = Doing::default();
        for answer in answers {
            doing.begin().await.unwrap();
            if let Some(answer) = answer {
                doing.came_to(answer);
            }
        }
        doing.reached()
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_what_was_asked_and_not_surely_refused() {
        let refused = || Some(Err(GatewayError::RateLimited(None)));
        let away = || Some(Err(GatewayError::Unavailable(String::new())));
        let silent = || Some(Err(GatewayError::TimedOut));
        let broke = || Some(Err(GatewayError::OutcomeUnknown(String::new())));
        let done = || Some(Ok(()));
        for (answers, reached) in [
            (vec![], Reached::Nothing),
            (vec![refused(), away()], Reached::Nothing),
            (vec![done()], Reached::Partly),
            (vec![done(), refused()], Reached::Partly),
            (vec![silent()], Reached::Unsure { partly: false }),
            (vec![broke(), away()], Reached::Unsure { partly: false }),
            (vec![done(), silent()], Reached::Unsure { partly: true }),
            // The sandbox was ended while it waited.
            (vec![None], Reached::Unsure { partly: false }),
        ] {
            assert_eq!(after(&answers).await, reached, "{answers:?}");
        }
    }

    #[test]
    fn a_call_has_the_same_key_at_every_try_and_no_other_call_has_it() {
        let effect = EffectId::new();
        let keys = |effect: EffectId, calls: &[(&str, &str)]| -> Vec<String> {
            let doing = Doing::known_by(EffectKey::queued(effect));
            calls.iter().map(|(operation, arguments)| doing.next_key(operation, arguments).unwrap()).collect()
        };
        let calls = [("send", "{}"), ("send", "{}"), ("edit", "{}"), ("send", "{\"a\":1}")];
        let first = keys(effect, &calls);
        assert_eq!(first, keys(effect, &calls));
        let others = keys(EffectId::new(), &calls);
        let all: std::collections::HashSet<_> = first.iter().chain(&others).collect();
        assert_eq!(all.len(), 8);
        assert_ne!(keys(effect, &[("send", "x")]), keys(effect, &[("sen", "dx")]));
        assert_eq!(Doing::default().next_key("send", "{}"), None);
    }
}
