//! How often somebody does something within a time, and whether they may once more.
//!
//! A window begins with the first time and ends after the rule's period; then everything is allowed again. With Redis all nodes count
//! together. What Redis last said is known here, so that counting goes on from there by this node alone when it is away; what was counted
//! alone is added when it is back. There is no state in which nothing is counted.

mod memory;
mod shared;

use crate::mac::code;
use crate::redis::Redis;
use memory::{Key, Memory};
use std::time::Duration;
use tokio::time::Instant;

/// How often something is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What is counted; a rule with another name counts apart.
    pub name: &'static str,
    /// How often within a period; at least 1.
    pub limit: u32,
    /// How long a window is, from the first time on.
    pub period: Duration,
}

/// What came of wanting to do something once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is allowed. Where it is not, it was not counted.
    pub allowed: bool,
    /// How often it is allowed within a window: the rule's.
    pub limit: u32,
    /// How often it still is within this window.
    pub remaining: u32,
    /// How long until the window ends and everything is allowed again.
    pub resets: Duration,
}

/// Counts who does what how often. Bounded in memory: of more than 200,000 that are counted, those who used the least of what they may are
/// forgotten first.
#[derive(Debug)]
pub struct Windows {
    key: [u8; 32],
    memory: Memory,
    redis: Option<Redis>,
}

impl Default for Windows {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl Windows {
    /// Counts what this process sees.
    #[must_use]
    pub fn in_memory() -> Self {
        // Nobody can choose whom to be counted with, or whose count to push out.
        Self { key: rand::random(), memory: Memory::default(), redis: None }
    }

    /// Counts what all nodes of a deployment see, by Redis.
    #[must_use]
    pub fn shared(redis: Redis) -> Self {
        Self { key: redis.options().key, memory: Memory::default(), redis: Some(redis) }
    }

    /// Takes one of the times that a rule allows somebody, whom `who` names by any number of parts: of many at the same time, exactly as many pass
    /// as are allowed. Answers within [`BOUND`](crate::BOUND), whatever Redis does.
    pub async fn take(&self, rule: &Rule, who: &[&[u8]]) -> Taken {
        let key = self.key_of(rule, who);
        let now = Instant::now();
        let Some(redis) = &self.redis else { return self.memory.take(key, rule, now, false) };
        let owed = self.memory.take_debt(key, now);
        match shared::take(redis, rule, key, owed).await {
            Ok((taken, count)) => {
                self.memory.learn(key, rule, count, Instant::now() + taken.resets);
                taken
            }
            Err(_) => {
                self.memory.owe(key, owed);
                self.memory.take(key, rule, Instant::now(), true)
            }
        }
    }

    /// Forgets how often somebody did something.
    pub async fn forgive(&self, rule: &Rule, who: &[&[u8]]) {
        let key = self.key_of(rule, who);
        self.memory.forget(key);
        if let Some(redis) = &self.redis {
            shared::forget(redis, rule, key).await;
        }
    }

    fn key_of(&self, rule: &Rule, who: &[&[u8]]) -> Key {
        let mut parts = vec![rule.name.as_bytes()];
        parts.extend(who);
        code(&self.key, b"window", &parts)
    }
}
