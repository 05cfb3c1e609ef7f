//! Windows in this process's memory: all there is without Redis, and what is known of Redis's own where it is away.

use super::{Rule, Taken};
use crate::mac;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Who is counted, as a code.
pub(super) type Key = [u8; mac::LENGTH];

/// Parts, each with a lock of its own. A key's first byte says in which it is; nobody can choose that.
const PARTS: usize = 256;

/// Windows in a part, so that hostile keys can not fill the memory: 204,800 in all, of some 70 bytes each.
const MOST: usize = 800;

/// What Redis says of a window's end differs a little each time; more than this is another window.
const SAME: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Window {
    count: u32,
    limit: u32,
    ends: Instant,
    /// Of the count, what Redis does not know.
    owed: u32,
}

impl Window {
    /// How much of what is allowed was used, and when it ends: who has least is forgotten first.
    fn worth(&self) -> (u64, Instant) {
        (u64::from(self.count) * 1_000 / u64::from(self.limit.max(1)), self.ends)
    }
}

/// Windows in memory.
pub(super) struct Memory {
    parts: Vec<Mutex<HashMap<Key, Window>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { parts: std::iter::repeat_with(Mutex::default).take(PARTS).collect() }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// Makes room for one more.
fn make_room(part: &mut HashMap<Key, Window>, now: Instant) {
    if part.len() < MOST {
        return;
    }
    part.retain(|_, window| window.ends > now);
    while part.len() >= MOST {
        // Who has used up everything is the last to go: otherwise somebody could push their own count out with others'.
        let least = part.iter().min_by_key(|(_, window)| window.worth()).map(|(key, _)| *key);
        least.and_then(|key| part.remove(&key));
    }
}

impl Memory {
    fn part(&self, key: Key) -> &Mutex<HashMap<Key, Window>> {
        &self.parts[usize::from(key[0]) % PARTS]
    }

    /// Takes one, as far as is known here. `owes` says that Redis should have counted it.
    pub(super) fn take(&self, key: Key, rule: &Rule, now: Instant, owes: bool) -> Taken {
        let mut part = self.part(key).lock();
        if part.get(&key).is_none_or(|window| window.ends <= now) {
            part.remove(&key);
            make_room(&mut part, now);
        }
        let anew = || Window { count: 0, limit: rule.limit, ends: now + rule.period, owed: 0 };
        let window = part.entry(key).or_insert_with(anew);
        let allowed = window.count < rule.limit;
        if allowed {
            window.count += 1;
            window.owed += u32::from(owes);
        }
        Taken {
            allowed,
            limit: rule.limit,
            remaining: rule.limit.saturating_sub(window.count),
            resets: window.ends.duration_since(now),
        }
    }

    /// What Redis does not know yet of a window. Whoever asks tells Redis, or gives it [back](Self::owe).
    pub(super) fn take_debt(&self, key: Key, now: Instant) -> u32 {
        let mut part = self.part(key).lock();
        match part.get_mut(&key) {
            Some(window) if window.ends > now => std::mem::take(&mut window.owed),
            _ => 0,
        }
    }

    /// Redis could not be told.
    pub(super) fn owe(&self, key: Key, owed: u32) {
        if let Some(window) = self.part(key).lock().get_mut(&key) {
            window.owed = window.owed.saturating_add(owed).min(window.count);
        }
    }

    /// What Redis says of a window.
    pub(super) fn learn(&self, key: Key, rule: &Rule, count: u32, ends: Instant) {
        let mut part = self.part(key).lock();
        match part.get_mut(&key) {
            // Answers may come in another order than they were given.
            Some(window) if ends <= window.ends + SAME => {
                window.count = window.count.max(count);
                window.ends = ends;
            }
            Some(window) => *window = Window { count, limit: rule.limit, ends, owed: window.owed },
            None => {
                make_room(&mut part, Instant::now());
                part.insert(key, Window { count, limit: rule.limit, ends, owed: 0 });
            }
        }
    }

    pub(super) fn forget(&self, key: Key) {
        self.part(key).lock().remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { name: "test", limit: 5, period: Duration::from_secs(900) };

    fn key(number: u32) -> Key {
        let mut key = [0; mac::LENGTH];
        // All in one part.
        key[1..5].copy_from_slice(&number.to_be_bytes());
        key
    }

    #[test]
    fn so_many_pass_within_a_window_and_then_none() {
        let (memory, start) = (Memory::default(), Instant::now());
        for used in 1..=5 {
            let taken = memory.take(key(1), &RULE, start, false);
            let expected = Taken { allowed: true, limit: 5, remaining: 5 - used, resets: RULE.period };
            assert_eq!(taken, expected);
        }
        let later = start + Duration::from_secs(60);
        let refused = Taken { allowed: false, limit: 5, remaining: 0, resets: Duration::from_secs(840) };
        assert_eq!(memory.take(key(1), &RULE, later, false), refused);
        assert!(memory.take(key(2), &RULE, later, false).allowed, "another");
        assert!(!memory.take(key(1), &RULE, start + RULE.period - Duration::from_millis(1), false).allowed);
        assert_eq!(memory.take(key(1), &RULE, start + RULE.period, false).remaining, 4, "a new window");
        memory.forget(key(1));
        assert_eq!(memory.take(key(1), &RULE, start + RULE.period, false).remaining, 4, "forgiven");
    }

    #[test]
    fn hostile_keys_push_out_neither_the_memory_nor_who_used_up_everything() {
        let (memory, now) = (Memory::default(), Instant::now());
        for _ in 0..5 {
            memory.take(key(0), &RULE, now, false);
        }
        for number in 1..10_000 {
            memory.take(key(number), &RULE, now, false);
            assert!(memory.parts[0].lock().len() <= MOST);
        }
        assert!(!memory.take(key(0), &RULE, now, false).allowed);
        assert_eq!(memory.parts[0].lock().len(), MOST);
        memory.take(key(20_000), &RULE, now + RULE.period, false);
        assert_eq!(memory.parts[0].lock().len(), 1, "what has ended goes first");
    }

    #[test]
    fn what_is_owed_is_paid_once() {
        let (memory, now) = (Memory::default(), Instant::now());
        memory.take(key(1), &RULE, now, true);
        memory.take(key(1), &RULE, now, true);
        assert_eq!(memory.take_debt(key(1), now), 2);
        assert_eq!(memory.take_debt(key(1), now), 0);
        memory.owe(key(1), 2);
        assert_eq!(
            memory.take_debt(key(1), now + RULE.period),
            0,
            "of a window that has ended nothing is owed"
        );
        assert_eq!(memory.take_debt(key(1), now), 2);
    }

    #[test]
    fn what_redis_says_is_where_counting_goes_on() {
        let (memory, now) = (Memory::default(), Instant::now());
        let ends = now + Duration::from_secs(300);
        memory.learn(key(1), &RULE, 4, ends);
        memory.learn(key(1), &RULE, 3, ends - Duration::from_millis(5));
        let taken = memory.take(key(1), &RULE, now, true);
        assert_eq!((taken.allowed, taken.remaining), (true, 0));
        assert!(taken.resets < Duration::from_secs(300));
        assert!(!memory.take(key(1), &RULE, now, true).allowed);
        // Another window began in Redis.
        memory.learn(key(1), &RULE, 1, ends + Duration::from_secs(60));
        assert_eq!(memory.take(key(1), &RULE, now, true).remaining, 3);
    }
}
