//! Whose sandbox computes next: fair between tenants by their plans, in slices of fuel.
//!
//! There are as many turns as threads for guests. A sandbox takes a turn for each slice and gives it back after it; who waits is
//! served in the order of what its tenant has had so far, divided by its share (stride scheduling). So one execution of a quiet
//! tenant waits for a slice, however many of a busy one's wait beside it. Besides, each tenant has an account of processor time
//! that fills at its plan's rate: that is what "0.5 vCPU" means. Who has overdrawn it pauses until it is balanced.
//!
//! After a slice a sandbox goes on at once while nobody waits who has had less. A run of a few slices beside a busy neighbour then waits
//! for its first turn only, and not before each of them.

use crate::sandbox::nudge::Nudge;
use crate::sandbox::stopwatch::{Pause, Stopwatch};
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use twobot_domain::{TenantId, plan};

/// Accounts that are kept before those of idle tenants are dropped.
const ACCOUNTS: usize = 4_096;

/// A tenant's part in the processors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) tenant: TenantId,
    /// Processors that its plan allows; also its weight against others.
    pub(crate) vcpu: f64,
}

impl Share {
    /// What an idle tenant may use at once: one execution's worth.
    fn savings(&self) -> f64 {
        self.vcpu * plan::HANDLER_SECONDS as f64
    }
}

/// Hands out turns. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// The virtual time of whoever was served last: where tenants that come back begin, so that idling saves up no claim.
    now: u64,
    accounts: HashMap<TenantId, Account>,
    /// Tenants with waiting sandboxes, by what they have had.
    line: BTreeSet<(u64, TenantId)>,
}

#[derive(Debug)]
struct Account {
    /// Nanoseconds of processor time, divided by the share.
    had: u64,
    running: usize,
    waiting: VecDeque<Arc<Ticket>>,
    /// Seconds of processor time that may be used now; negative when overdrawn.
    balance: f64,
    balanced_at: Instant,
}

/// A place in the line.
#[derive(Debug, Default)]
struct Ticket {
    granted: AtomicBool,
    given_up: AtomicBool,
    waker: AtomicWaker,
}

/// What asking for a turn comes to.
enum Asked {
    /// Go.
    Turn,
    /// Wait in the line.
    Wait(Arc<Ticket>),
    /// The account is overdrawn: ask again after this long.
    Overdrawn(Duration),
}

impl Turns {
    pub(crate) fn new(threads: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: threads,
            now: 0,
            accounts: HashMap::new(),
            line: BTreeSet::new(),
        })))
    }

    /// Turns that a tenant has, and those that it waits for.
    pub(crate) fn of(&self, tenant: TenantId) -> usize {
        let state = self.0.lock();
        let waits = |ticket: &&Arc<Ticket>| !ticket.given_up.load(Ordering::Acquire);
        state
            .accounts
            .get(&tenant)
            .map_or(0, |account| account.running + account.waiting.iter().filter(waits).count())
    }

    fn ask(&self, share: &Share, at: Instant) -> Asked {
        let mut state = self.0.lock();
        let State { free, now, accounts, line } = &mut *state;
        if accounts.len() > ACCOUNTS {
            accounts.retain(|_, account| {
                account.running > 0 || !account.waiting.is_empty() || account.balance < 0.0
            });
        }
        let account = accounts.entry(share.tenant).or_insert_with(|| Account {
            had: *now,
            running: 0,
            waiting: VecDeque::new(),
            balance: share.savings(),
            balanced_at: at,
        });
        let earned = at.saturating_duration_since(account.balanced_at).as_secs_f64() * share.vcpu;
        account.balance = (account.balance + earned).min(share.savings());
        account.balanced_at = at;
        if account.balance <= 0.0 {
            let seconds = (-account.balance / share.vcpu).clamp(0.001, 1.0);
            return Asked::Overdrawn(Duration::from_secs_f64(seconds));
        }
        if account.running == 0 && account.waiting.is_empty() {
            account.had = account.had.max(*now);
        }
        // Nobody waits while a turn is free: each that becomes free goes to the line first.
        if *free > 0 {
            *free -= 1;
            *now = account.had.max(*now);
            account.running += 1;
            return Asked::Turn;
        }
        let ticket = Arc::new(Ticket::default());
        account.waiting.push_back(Arc::clone(&ticket));
        line.insert((account.had, share.tenant));
        Asked::Wait(ticket)
    }

    /// Counts a slice of so much processor time. Who wants more keeps the turn while nobody waits who has had less; else it is given
    /// back, and the next go.
    fn after_slice(&self, share: &Share, spent: Duration, wants_more: bool) -> bool {
        let mut state = self.0.lock();
        state.spend(share, spent);
        if wants_more && state.is_next(share.tenant) {
            return true;
        }
        state.free += 1;
        if let Some(account) = state.accounts.get_mut(&share.tenant) {
            account.running = account.running.saturating_sub(1);
        }
        state.serve();
        false
    }

    /// Counts processor time that was spent for a tenant on other threads than the sandboxes' own.
    pub(crate) fn charge(&self, share: &Share, spent: Duration) {
        self.0.lock().spend(share, spent);
    }
}

impl State {
    /// Whether a tenant that has a turn is also the one to get the next.
    fn is_next(&mut self, tenant: TenantId) -> bool {
        let Some(account) = self.accounts.get(&tenant) else { return false };
        // Executions of the same tenant take turns, too.
        let is_next = account.balance > 0.0
            && account.waiting.is_empty()
            && self.line.first().is_none_or(|first| *first > (account.had, tenant));
        if is_next {
            self.now = self.now.max(account.had);
        }
        is_next
    }

    fn spend(&mut self, share: &Share, spent: Duration) {
        let Some(account) = self.accounts.get_mut(&share.tenant) else { return };
        account.balance -= spent.as_secs_f64();
        let before = account.had;
        account.had = before.saturating_add((spent.as_nanos() as f64 / share.vcpu) as u64);
        if self.line.remove(&(before, share.tenant)) {
            self.line.insert((account.had, share.tenant));
        }
    }

    /// Lets those go who are next.
    fn serve(&mut self) {
        while self.free > 0 {
            let Some((had, tenant)) = self.line.pop_first() else { return };
            let Some(account) = self.accounts.get_mut(&tenant) else { continue };
            let ticket = account.waiting.pop_front();
            if !account.waiting.is_empty() {
                self.line.insert((had, tenant));
            }
            let Some(ticket) = ticket.filter(|ticket| !ticket.given_up.load(Ordering::Acquire)) else {
                continue;
            };
            self.free -= 1;
            self.now = self.now.max(had);
            account.running += 1;
            ticket.granted.store(true, Ordering::Release);
            ticket.waker.wake();
        }
    }
}

/// A sandbox's call that computes only in its turns. Waiting for them does not count as its own running.
pub(crate) struct InTurns<F> {
    call: Pin<Box<F>>,
    nudge: Arc<Nudge>,
    claim: Claim,
    watch: Stopwatch,
    pause: Option<Pause>,
}

impl<F: Future> InTurns<F> {
    /// The call may have its first turn already.
    pub(crate) fn new(call: F, claim: Claim, watch: Stopwatch) -> Self {
        Self { call: Box::pin(call), nudge: Arc::default(), claim, watch, pause: None }
    }
}

impl<F: Future> Future for InTurns<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        if this.claim.poll_turn(context).is_pending() {
            this.pause.get_or_insert_with(|| this.watch.pause());
            return Poll::Pending;
        }
        this.pause = None;
        let begun = this.claim.begun.take().unwrap_or_else(Instant::now);
        let (polled, wants_more) = this.nudge.poll(this.call.as_mut(), context);
        this.claim.end_slice(begun.elapsed(), wants_more);
        if wants_more {
            // Between two slices the thread serves others: whoever has just come, and clocks. Who is not next stands in line already.
            match this.claim.poll_turn(context) {
                Poll::Ready(()) => context.waker().wake_by_ref(),
                Poll::Pending => this.pause = Some(this.watch.pause()),
            }
        }
        polled
    }
}

/// What a call has of the processors.
pub(crate) struct Claim {
    turns: Turns,
    share: Share,
    state: Standing,
    /// Since when it has its first turn.
    begun: Option<Instant>,
}

enum Standing {
    Nothing,
    Waits(Arc<Ticket>),
    Overdrawn(Pin<Box<Sleep>>),
    Turn,
}

impl Claim {
    pub(crate) fn new(turns: Turns, share: Share) -> Self {
        Self { turns, share, state: Standing::Nothing, begun: None }
    }

    /// Waits for the first turn; what is computed from here on is part of it.
    pub(crate) async fn turn(&mut self) {
        poll_fn(|context| self.poll_turn(context)).await;
        self.begun = Some(Instant::now());
    }

    fn end_slice(&mut self, spent: Duration, wants_more: bool) {
        if !self.turns.after_slice(&self.share, spent, wants_more) {
            self.state = Standing::Nothing;
        }
    }

    /// Whether it is this call's turn.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                Standing::Turn => return Poll::Ready(()),
                Standing::Overdrawn(sleep) => {
                    std::task::ready!(sleep.as_mut().poll(context));
                    self.state = Standing::Nothing;
                }
                Standing::Waits(ticket) => {
                    ticket.waker.register(context.waker());
                    if !ticket.granted.load(Ordering::Acquire) {
                        return Poll::Pending;
                    }
                    self.state = Standing::Turn;
                }
                Standing::Nothing => {
                    self.state = match self.turns.ask(&self.share, Instant::now()) {
                        Asked::Turn => Standing::Turn,
                        Asked::Wait(ticket) => Standing::Waits(ticket),
                        Asked::Overdrawn(pause) => Standing::Overdrawn(Box::pin(tokio::time::sleep(pause))),
                    };
                }
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let has_turn = match &self.state {
            Standing::Nothing | Standing::Overdrawn(_) => false,
            // Its call ended by a panic, or nobody waits for it any more.
            Standing::Turn => true,
            Standing::Waits(ticket) => {
                // Turns are granted under this lock.
                let _line = self.turns.0.lock();
                ticket.given_up.store(true, Ordering::Release);
                ticket.granted.load(Ordering::Acquire)
            }
        };
        if has_turn {
            self.turns.after_slice(&self.share, Duration::ZERO, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_millis(1);

    fn share(vcpu: f64) -> Share {
        Share { tenant: TenantId::new(), vcpu }
    }

    fn wait(turns: &Turns, share: &Share, at: Instant) -> Arc<Ticket> {
        match turns.ask(share, at) {
            Asked::Wait(ticket) => ticket,
            Asked::Turn => panic!("there was a free turn"),
            Asked::Overdrawn(_) => panic!("overdrawn"),
        }
    }

    impl Turns {
        fn give_back(&self, share: &Share, spent: Duration) {
            assert!(!self.after_slice(share, spent, false));
        }
    }

    fn is_granted(ticket: &Ticket) -> bool {
        ticket.granted.load(Ordering::Acquire)
    }

    #[test]
    fn what_is_charged_counts_like_computing() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (busy, other) = (share(1.0), share(1.0));
        assert!(matches!(turns.ask(&busy, at), Asked::Turn));
        let (first, second) = (wait(&turns, &busy, at), wait(&turns, &other, at));
        turns.charge(&busy, SLICE);
        turns.give_back(&busy, Duration::ZERO);
        assert!(is_granted(&second) && !is_granted(&first), "the other has had less");
        turns.charge(&busy, Duration::from_secs(60));
        assert!(matches!(turns.ask(&busy, at), Asked::Overdrawn(_)));
    }

    #[test]
    fn a_quiet_tenants_one_call_is_next_however_many_of_a_busy_ones_wait() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (busy, quiet) = (share(1.0), share(1.0));
        assert!(matches!(turns.ask(&busy, at), Asked::Turn));
        let crowd: Vec<_> = (0..1_000).map(|_| wait(&turns, &busy, at)).collect();
        turns.give_back(&busy, SLICE);
        assert!(is_granted(&crowd[0]));
        let one = wait(&turns, &quiet, at);
        turns.give_back(&busy, SLICE);
        assert!(is_granted(&one), "it did not wait for the crowd");
        turns.give_back(&quiet, SLICE);
        assert!(is_granted(&crowd[1]) && !is_granted(&crowd[2]));
    }

    #[test]
    fn tenants_share_by_their_plans() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (small, large) = (share(0.5), share(2.0));
        assert!(matches!(turns.ask(&small, at), Asked::Turn));
        let mut waiting = vec![(small, wait(&turns, &small, at)), (large, wait(&turns, &large, at))];
        turns.give_back(&small, SLICE);
        let mut served = HashMap::new();
        for _ in 0..500 {
            let place = waiting.iter().position(|(_, ticket)| is_granted(ticket)).unwrap();
            let (who, _) = waiting.remove(place);
            *served.entry(who.tenant).or_insert(0) += 1;
            waiting.push((who, wait(&turns, &who, at)));
            turns.give_back(&who, SLICE);
        }
        assert_eq!((served[&small.tenant], served[&large.tenant]), (100, 400));
    }

    #[test]
    fn idling_saves_up_no_claim() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (steady, idler) = (share(1.0), share(1.0));
        assert!(matches!(turns.ask(&idler, at), Asked::Turn));
        turns.give_back(&idler, SLICE);
        assert!(matches!(turns.ask(&steady, at), Asked::Turn));
        let mut next = wait(&turns, &steady, at);
        for _ in 0..1_000 {
            turns.give_back(&steady, SLICE);
            assert!(is_granted(&next));
            next = wait(&turns, &steady, at);
        }
        let first = wait(&turns, &idler, at);
        let second = wait(&turns, &idler, at);
        turns.give_back(&steady, SLICE);
        assert!(is_granted(&first) ^ is_granted(&next));
        let now_running = if is_granted(&first) { idler } else { steady };
        turns.give_back(&now_running, SLICE);
        assert!(is_granted(&first) && is_granted(&next) && !is_granted(&second), "they alternate");
    }

    #[test]
    fn who_overdraws_pauses_until_the_account_is_balanced() {
        let (turns, at) = (Turns::new(4), Instant::now());
        let half = share(0.5);
        assert!(matches!(turns.ask(&half, at), Asked::Turn));
        turns.give_back(&half, Duration::from_millis(2_600));
        let Asked::Overdrawn(pause) = turns.ask(&half, at) else {
            panic!("2.5 s were saved and 2.6 s are used")
        };
        assert!((190..=210).contains(&pause.as_millis()), "{pause:?}");
        let later = at + pause + Duration::from_millis(1);
        assert!(matches!(turns.ask(&half, later), Asked::Turn));
        assert!(matches!(turns.ask(&share(0.5), at), Asked::Turn), "nobody else pauses");
    }

    #[test]
    fn who_computed_alone_owes_nothing_to_who_comes() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (early, late) = (share(1.0), share(1.0));
        for _ in 0..1_000 {
            assert!(matches!(turns.ask(&early, at), Asked::Turn));
            turns.give_back(&early, SLICE);
        }
        assert!(matches!(turns.ask(&late, at), Asked::Turn));
        let mut next = [wait(&turns, &late, at), wait(&turns, &early, at)];
        turns.give_back(&late, SLICE);
        for round in 0..10 {
            let [late_goes, early_goes] = next.each_ref().map(|ticket| is_granted(ticket));
            assert!(late_goes ^ early_goes, "one turn, round {round}");
            assert_eq!(early_goes, round % 2 == 0, "they alternate, round {round}");
            let (who, place) = if early_goes { (early, 1) } else { (late, 0) };
            next[place] = wait(&turns, &who, at);
            turns.give_back(&who, SLICE);
        }
    }

    #[test]
    fn who_has_had_less_goes_on_and_others_of_the_same_tenant_take_turns() {
        let (turns, at) = (Turns::new(1), Instant::now());
        let (busy, quiet) = (share(1.0), share(1.0));
        assert!(matches!(turns.ask(&busy, at), Asked::Turn));
        assert!(turns.after_slice(&busy, 10 * SLICE, true), "nobody waits");
        let of_quiet = wait(&turns, &quiet, at);
        let of_busy = wait(&turns, &busy, at);
        assert!(!turns.after_slice(&busy, SLICE, true), "the other has had less");
        assert!(is_granted(&of_quiet) && !is_granted(&of_busy));
        assert!(turns.after_slice(&quiet, SLICE / 4, true), "it has still had less");
        let second_of_quiet = wait(&turns, &quiet, at);
        assert!(!turns.after_slice(&quiet, SLICE / 4, true), "its second is next");
        assert!(is_granted(&second_of_quiet));
        assert!(!turns.after_slice(&quiet, 20 * SLICE, true));
        assert!(is_granted(&of_busy));
        turns.charge(&busy, Duration::from_secs(60));
        assert!(!turns.after_slice(&busy, SLICE, true), "overdrawn");
    }

    /// Wants so many slices.
    struct Slices(u32);

    impl Future for Slices {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if self.0 == 0 {
                return Poll::Ready(());
            }
            self.0 -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn calls_of_many_slices_end_and_leave_no_turn_behind() {
        let turns = Turns::new(2);
        let shares = [share(1.0), share(2.0), share(0.5)];
        let calls = (0..60).map(|number| {
            let share = shares[number % 3];
            tokio::spawn(InTurns::new(Slices(200), Claim::new(turns.clone(), share), Stopwatch::start()))
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        // One that is given up between two of its slices.
        let mut call =
            Box::pin(InTurns::new(Slices(200), Claim::new(turns.clone(), shares[0]), Stopwatch::start()));
        assert!(futures::poll!(&mut call).is_pending());
        assert_eq!(turns.of(shares[0].tenant), 1);
        drop(call);
        let state = turns.0.lock();
        assert_eq!((state.free, state.line.len()), (2, 0));
        assert!(state.accounts.values().all(|account| account.running == 0));
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_in_the_line_leaves_no_turn_behind() {
        let turns = Turns::new(1);
        let one = share(1.0);
        assert!(matches!(turns.ask(&one, Instant::now()), Asked::Turn));
        for granted in [false, true] {
            let mut call =
                Box::pin(InTurns::new(async {}, Claim::new(turns.clone(), one), Stopwatch::start()));
            assert!(futures::poll!(&mut call).is_pending());
            if granted {
                turns.give_back(&one, SLICE);
            }
            drop(call);
        }
        InTurns::new(async {}, Claim::new(turns.clone(), one), Stopwatch::start()).await;
        assert_eq!(turns.0.lock().free, 1);
    }
}
