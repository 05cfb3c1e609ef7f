//! Telegram's limits on how fast a bot may send, kept per bot.
//!
//! Telegram allows about 30 messages a second overall, one a second to a person (short bursts are tolerated) and 20 a minute to
//! a group; who goes on faster is refused for a while with every chat. teloxide has an adaptor for this, `Throttle`, but its
//! feature `throttle` brings the crate `vecrem`, whose licence (WTFPL) is not one that we ship; it also queues without a bound
//! and sends in a task of its own, where a caller can neither give up waiting nor learn how long it would take. `governor`
//! keeps a few bytes per chat and says how long to wait.

use super::clock::{Moment, TokioClock};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{InsufficientCapacity, NotUntil, Quota, RateLimiter};
use parking_lot::Mutex;
use serde_json::Value;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use twobot_domain::GatewayError;

/// Chats that a bot's limiter remembers before it looks for ones to forget.
const REMEMBERED_CHATS: usize = 1_024;

/// One token of a leaky bucket every so often, and how many may be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time between two messages that go on for long.
    pub every: Duration,
    /// How many may go at once after a silence.
    pub burst: NonZeroU32,
}

impl Rate {
    const fn new(every: Duration, burst: NonZeroU32) -> Self {
        Self { every, burst }
    }

    fn quota(self) -> Quota {
        // `with_period` refuses only a period of zero, which stands for "no limit worth keeping".
        let period = self.every.max(Duration::from_nanos(1));
        Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(self.burst)
    }
}

/// How fast one bot may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// To all chats together. 5 at once and 25 a second are never more than 30 within any second.
    pub overall: Rate,
    /// To one person.
    pub private: Rate,
    /// To one group or channel. 5 at once and one every 4 s are never more than 20 within any minute.
    pub group: Rate,
    /// The longest that a call waits for its turn; one that would have to wait longer is told how long instead.
    pub longest_wait: Duration,
}

impl Default for Rates {
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
        const THREE: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
        Self {
            overall: Rate::new(Duration::from_millis(40), FIVE),
            private: Rate::new(Duration::from_secs(1), THREE),
            group: Rate::new(Duration::from_secs(4), FIVE),
            longest_wait: Duration::from_secs(10),
        }
    }
}

/// A chat as a call's `chat_id` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Chat {
    /// A person's id.
    Private(i64),
    /// The id of a group or channel; these are negative.
    Group(i64),
    /// `@name` of a public group or channel.
    Named(String),
}

impl Chat {
    /// The chat that a call is about, where it is about one.
    pub(super) fn of(arguments: &Value) -> Option<Self> {
        let id = arguments.get("chat_id")?;
        let number = id.as_i64().or_else(|| id.as_str()?.trim().parse().ok());
        match number {
            Some(number) if number < 0 => Some(Self::Group(number)),
            Some(number) => Some(Self::Private(number)),
            // Names are at most 32 characters; a guest's longer one must not fill our memory.
            None => Some(Self::Named(
                id.as_str()?.trim().chars().take(40).collect::<String>().to_ascii_lowercase(),
            )),
        }
    }
}

type Chats = RateLimiter<Chat, HashMapStateStore<Chat>, TokioClock, NoOpMiddleware<Moment>>;

/// The pace of each chat of one kind.
struct PerChat {
    chats: Chats,
    burst: NonZeroU32,
}

impl PerChat {
    fn new(rate: Rate) -> Self {
        Self {
            chats: RateLimiter::new(rate.quota(), HashMapStateStore::default(), TokioClock),
            burst: rate.burst,
        }
    }
}

/// What so many messages take of a limit, all at once or not at all.
///
/// An album or bulk forward that is larger than a burst counts as one burst: it could otherwise never be sent.
fn cells(burst: NonZeroU32, messages: u32) -> NonZeroU32 {
    NonZeroU32::new(messages).unwrap_or(NonZeroU32::MIN).min(burst)
}

/// How long to wait, where the limiter said "not yet".
fn refused(answer: Result<Result<(), NotUntil<Moment>>, InsufficientCapacity>) -> Option<Duration> {
    // More than a burst is never asked for: see `cells`.
    answer.ok()?.err().map(|not_yet| not_yet.wait_time_from(TokioClock.now()))
}

/// Forgets chats whose bucket is full again: a limiter that never saw them would say the same.
fn forget_silent(chats: &Chats) {
    if chats.len() >= REMEMBERED_CHATS {
        chats.retain_recent();
    }
}

/// The pace of one bot.
pub(super) struct Pace {
    overall: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>,
    overall_burst: NonZeroU32,
    private: PerChat,
    group: PerChat,
    longest_wait: Duration,
    /// Telegram said to wait until then, with everything.
    held_until: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(rates: &Rates) -> Self {
        Self {
            overall: RateLimiter::new(rates.overall.quota(), InMemoryState::default(), TokioClock),
            overall_burst: rates.overall.burst,
            private: PerChat::new(rates.private),
            group: PerChat::new(rates.group),
            longest_wait: rates.longest_wait,
            held_until: Mutex::new(None),
        }
    }

    /// Lets nothing through for so long, since Telegram said so.
    pub(super) fn hold(&self, wait: Duration) {
        // An absurd wait must not overflow the clock; nothing lives for a year.
        let until = Instant::now() + wait.min(Duration::from_secs(365 * 86_400));
        let mut held = self.held_until.lock();
        *held = Some(held.map_or(until, |before| before.max(until)));
    }

    /// Waits until nothing is held back.
    ///
    /// # Errors
    /// `RateLimited` when that would take longer than calls wait.
    pub(super) async fn released(&self) -> Result<(), GatewayError> {
        let deadline = Instant::now() + self.longest_wait;
        self.wait(deadline, || self.held()).await
    }

    /// Waits until so many messages may go to this chat.
    ///
    /// # Errors
    /// `RateLimited` when that would take longer than calls wait.
    pub(super) async fn turn(&self, chat: Option<&Chat>, messages: u32) -> Result<(), GatewayError> {
        let deadline = Instant::now() + self.longest_wait;
        if let Some(chat) = chat {
            let limiter = if matches!(chat, Chat::Private(_)) { &self.private } else { &self.group };
            let cells = cells(limiter.burst, messages);
            forget_silent(&limiter.chats);
            self.wait(deadline, || refused(limiter.chats.check_key_n(chat, cells))).await?;
        }
        let cells = cells(self.overall_burst, messages);
        self.wait(deadline, || refused(self.overall.check_n(cells))).await?;
        // Last, since Telegram may have said "wait" while this call waited for its turn.
        self.wait(deadline, || self.held()).await
    }

    /// Asks until nothing is left to wait for, or the deadline would pass.
    async fn wait(&self, deadline: Instant, left: impl Fn() -> Option<Duration>) -> Result<(), GatewayError> {
        while let Some(left) = left() {
            if Instant::now() + left > deadline {
                return Err(GatewayError::RateLimited(Some(whole_seconds(left))));
            }
            // Tokio's timer counts milliseconds, and a wait rounded down to none would spin.
            sleep(left.max(Duration::from_millis(1))).await;
        }
        Ok(())
    }

    fn held(&self) -> Option<Duration> {
        let mut held = self.held_until.lock();
        let left = (*held)?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            *held = None;
            return None;
        }
        Some(left)
    }
}

/// Rounded up, so that who waits as long as they were told is not refused again.
pub(super) fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// How long each of so many messages, sent one after another to the chat, had to wait since the first.
    async fn times(pace: &Pace, chat: Option<Chat>, messages: u32) -> Vec<Duration> {
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..messages {
            pace.turn(chat.as_ref(), 1).await.unwrap();
            times.push(start.elapsed());
        }
        times
    }

    /// The most that fell into any span of this length.
    fn densest(times: &[Duration], span: Duration) -> usize {
        let within =
            |from: &Duration| times.iter().filter(|time| *time >= from && **time < *from + span).count();
        times.iter().map(within).max().unwrap_or_default()
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_gets_20_messages_in_any_minute_and_no_more() {
        let times = times(&Pace::new(&Rates::default()), Some(Chat::Group(-100)), 100).await;
        assert!((18..=20).contains(&densest(&times, Duration::from_secs(60))), "{times:?}");
        assert_eq!(times[4], Duration::ZERO, "the first five need not wait");
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_gets_one_message_a_second_after_a_short_burst() {
        let times = times(&Pace::new(&Rates::default()), Some(Chat::Private(7)), 33).await;
        assert_eq!(times[2], Duration::ZERO);
        assert!(times[32] >= Duration::from_secs(30), "{times:?}");
        assert!(times[32] < Duration::from_secs(31), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bot_sends_30_messages_in_any_second_and_no_more() {
        let pace = Pace::new(&Rates::default());
        let start = Instant::now();
        let mut times = Vec::new();
        for person in 0..300 {
            pace.turn(Some(&Chat::Private(person)), 1).await.unwrap();
            times.push(start.elapsed());
        }
        assert!((25..=30).contains(&densest(&times, Duration::from_secs(1))), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn chats_do_not_wait_for_each_other() {
        let pace = Pace::new(&Rates::default());
        times(&pace, Some(Chat::Group(-1)), 6).await;
        let start = Instant::now();
        pace.turn(Some(&Chat::Group(-2)), 1).await.unwrap();
        pace.turn(Some(&Chat::Named("@news".to_owned())), 1).await.unwrap();
        pace.turn(Some(&Chat::Private(1)), 1).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_album_counts_as_its_messages() {
        let pace = Pace::new(&Rates::default());
        let start = Instant::now();
        pace.turn(Some(&Chat::Group(-1)), 3).await.unwrap();
        pace.turn(Some(&Chat::Group(-1)), 3).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 4, "one of six had to wait");
    }

    #[tokio::test(start_paused = true)]
    async fn an_album_larger_than_a_burst_can_be_sent() {
        let pace = Pace::new(&Rates::default());
        let start = Instant::now();
        pace.turn(Some(&Chat::Group(-1)), 100).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        // The next one would wait too long, and takes nothing while it is refused.
        for _ in 0..10 {
            assert_eq!(pace.turn(Some(&Chat::Group(-1)), 10).await, Err(GatewayError::RateLimited(Some(20))));
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        pace.turn(Some(&Chat::Group(-1)), 10).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_holds_the_whole_bot() {
        let pace = Pace::new(&Rates::default());
        pace.hold(Duration::from_secs(10));
        // A shorter one that comes later does not let go earlier.
        pace.hold(Duration::from_secs(2));
        let start = Instant::now();
        tokio::join!(
            async { pace.turn(Some(&Chat::Private(1)), 1).await.unwrap() },
            async { pace.turn(Some(&Chat::Group(-1)), 1).await.unwrap() },
            async { pace.released().await.unwrap() },
        );
        assert_eq!(start.elapsed().as_secs(), 10);
        pace.turn(None, 1).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_is_told_how_long() {
        let pace = Pace::new(&Rates::default());
        pace.hold(Duration::from_millis(60_500));
        let start = Instant::now();
        assert_eq!(pace.turn(None, 1).await, Err(GatewayError::RateLimited(Some(61))));
        assert_eq!(pace.released().await, Err(GatewayError::RateLimited(Some(61))));
        assert_eq!(start.elapsed(), Duration::ZERO, "they are told at once");
        pace.hold(Duration::MAX);
        assert!(matches!(pace.released().await, Err(GatewayError::RateLimited(Some(_)))));
    }

    #[tokio::test(start_paused = true)]
    async fn silent_chats_are_forgotten() {
        let rates =
            Rates { overall: Rate::new(Duration::from_nanos(1), NonZeroU32::MAX), ..Rates::default() };
        let pace = Pace::new(&rates);
        for person in 0..10_000 {
            pace.turn(Some(&Chat::Private(person)), 1).await.unwrap();
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(pace.private.chats.len() <= REMEMBERED_CHATS + 1, "{} chats", pace.private.chats.len());
    }

    #[test]
    fn chats_are_told_apart_by_their_ids() {
        for (id, chat) in [
            (json!(42), Some(Chat::Private(42))),
            (json!("42"), Some(Chat::Private(42))),
            (json!(-100_123), Some(Chat::Group(-100_123))),
            (json!(" -100123 "), Some(Chat::Group(-100_123))),
            (json!("@News"), Some(Chat::Named("@news".to_owned()))),
            (json!(["x"]), None),
            (json!(null), None),
        ] {
            assert_eq!(Chat::of(&json!({ "chat_id": id })), chat, "{id}");
        }
        assert_eq!(Chat::of(&json!({})), None);
        let Some(Chat::Named(name)) = Chat::of(&json!({ "chat_id": "x".repeat(100_000) })) else {
            panic!("no name")
        };
        assert_eq!(name.len(), 40);
    }
}
