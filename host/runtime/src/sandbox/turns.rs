//! Whose sandbox computes next: fair between tenants by their plans, in slices of fuel.
//!
//! There are as many turns as threads for guests. A sandbox takes a turn for each slice and gives it back after it; who waits is
//! served in the order of what its tenant has had so far, divided by its share (stride scheduling). So one execution of a quiet
//! tenant waits for a slice, however many of a busy one's wait beside it. Besides, each tenant has an account of processor time
//! that fills at its plan's rate: that is what "0.5 vCPU" means. Who has overdrawn it pauses until it is balanced.

use crate::sandbox::stopwatch::{Pause, Stopwatch};
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, VecDeque};
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
            account.running += 1;
            return Asked::Turn;
        }
        let ticket = Arc::new(Ticket::default());
        account.waiting.push_back(Arc::clone(&ticket));
        line.insert((account.had, share.tenant));
        Asked::Wait(ticket)
    }

    /// Gives a turn back after so much processor time, and lets the next go.
    fn give_back(&self, share: &Share, spent: Duration) {
        let mut state = self.0.lock();
        state.free += 1;
        if let Some(account) = state.accounts.get_mut(&share.tenant) {
            account.running = account.running.saturating_sub(1);
        }
        state.spend(share, spent);
        state.serve();
    }

    /// Counts processor time that was spent for a tenant on other threads than the sandboxes' own.
    pub(crate) fn charge(&self, share: &Share, spent: Duration) {
        self.0.lock().spend(share, spent);
    }
}

impl State {
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
    turns: Turns,
    share: Share,
    watch: Stopwatch,
    ticket: Option<Arc<Ticket>>,
    overdrawn: Option<Pin<Box<Sleep>>>,
    pause: Option<Pause>,
}

impl<F: Future> InTurns<F> {
    pub(crate) fn new(call: F, turns: Turns, share: Share, watch: Stopwatch) -> Self {
        Self { call: Box::pin(call), turns, share, watch, ticket: None, overdrawn: None, pause: None }
    }

    /// Whether it is this call's turn.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(sleep) = &mut self.overdrawn {
                std::task::ready!(sleep.as_mut().poll(context));
                self.overdrawn = None;
            }
            if let Some(ticket) = &self.ticket {
                ticket.waker.register(context.waker());
                if !ticket.granted.load(Ordering::Acquire) {
                    return Poll::Pending;
                }
                self.ticket = None;
                return Poll::Ready(());
            }
            match self.turns.ask(&self.share, Instant::now()) {
                Asked::Turn => return Poll::Ready(()),
                Asked::Wait(ticket) => self.ticket = Some(ticket),
                Asked::Overdrawn(pause) => self.overdrawn = Some(Box::pin(tokio::time::sleep(pause))),
            }
        }
    }
}

impl<F: Future> Future for InTurns<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        if this.poll_turn(context).is_pending() {
            this.pause.get_or_insert_with(|| this.watch.pause());
            return Poll::Pending;
        }
        this.pause = None;
        let turn = Turn { turns: &this.turns, share: this.share, begun: Instant::now() };
        let polled = this.call.as_mut().poll(context);
        drop(turn);
        polled
    }
}

impl<F> Drop for InTurns<F> {
    fn drop(&mut self) {
        let Some(ticket) = &self.ticket else { return };
        ticket.given_up.store(true, Ordering::Release);
        // It was granted and will not be used: the next may have it.
        let _line = self.turns.0.lock();
        if ticket.granted.load(Ordering::Acquire) {
            drop(_line);
            self.turns.give_back(&self.share, Duration::ZERO);
        }
    }
}

/// A turn that is taken; given back when dropped, also by a panic.
struct Turn<'a> {
    turns: &'a Turns,
    share: Share,
    begun: Instant,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.give_back(&self.share, self.begun.elapsed());
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

    #[tokio::test]
    async fn a_call_that_is_given_up_in_the_line_leaves_no_turn_behind() {
        let turns = Turns::new(1);
        let one = share(1.0);
        assert!(matches!(turns.ask(&one, Instant::now()), Asked::Turn));
        for granted in [false, true] {
            let mut call = Box::pin(InTurns::new(async {}, turns.clone(), one, Stopwatch::start()));
            assert!(futures::poll!(&mut call).is_pending());
            if granted {
                turns.give_back(&one, SLICE);
            }
            drop(call);
        }
        InTurns::new(async {}, turns.clone(), one, Stopwatch::start()).await;
        assert_eq!(turns.0.lock().free, 1);
    }
}
