//! The room for live sandboxes, shared by all tenants.
//!
//! Memory and the kernel bound how many sandboxes live at the same time. Who comes when all places are taken waits; a place that
//! becomes free goes to the tenant that holds the fewest, and nobody holds more than half. So a tenant that fills its half has its
//! own runs wait, and the first sandbox of another finds a place at once.

use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use twobot_domain::TenantId;

/// Counts the places. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: u32,
    /// The most that one tenant holds.
    each: u32,
    tenants: HashMap<TenantId, Held>,
    /// Tenants that wait: by what they hold, then by when the first of each began to wait.
    line: BTreeSet<(u32, u64, TenantId)>,
    arrivals: u64,
}

#[derive(Debug, Default)]
struct Held {
    places: u32,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    arrival: u64,
    places: u32,
    seat: oneshot::Sender<Seat>,
}

/// Places that a sandbox has; free again when dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct Seat {
    room: Room,
    tenant: TenantId,
    places: u32,
}

impl Room {
    /// With so many places, of which one sandbox takes at most `largest`.
    pub(crate) fn new(places: u32, largest: u32) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places,
            each: (places / 2).max(largest),
            tenants: HashMap::new(),
            line: BTreeSet::new(),
            arrivals: 0,
        })))
    }

    /// Takes places for one sandbox. None when nothing became free for so long.
    pub(crate) async fn enter(&self, tenant: TenantId, places: u32, patience: Duration) -> Option<Seat> {
        let seat = {
            let mut state = self.0.lock();
            // Whoever waits goes first, unless it could not go in anyway.
            if state.line.is_empty() && state.fits(tenant, places) {
                state.take(tenant, places);
                return Some(self.seat(tenant, places));
            }
            let (give, seat) = oneshot::channel();
            state.arrivals += 1;
            let arrival = state.arrivals;
            state.change(tenant, |held| held.waiting.push_back(Waiting { arrival, places, seat: give }));
            seat
        };
        // Those who wait may all be tenants that hold their half.
        self.serve();
        let taken = tokio::time::timeout(patience, seat).await;
        if let Ok(Ok(seat)) = taken {
            return Some(seat);
        }
        self.0.lock().change(tenant, |held| held.waiting.retain(|waiting| !waiting.seat.is_closed()));
        None
    }

    /// Places that nobody holds.
    #[cfg(test)]
    fn free(&self) -> u32 {
        self.0.lock().free
    }

    fn seat(&self, tenant: TenantId, places: u32) -> Seat {
        Seat { room: self.clone(), tenant, places }
    }

    /// Lets those in who are next.
    fn serve(&self) {
        // Who left in this moment gives back what it was given once more, which must not happen under the lock.
        let mut refused = Vec::new();
        {
            let mut state = self.0.lock();
            while let Some((tenant, waiting)) = state.next() {
                if waiting.seat.is_closed() {
                    continue;
                }
                state.take(tenant, waiting.places);
                refused.extend(waiting.seat.send(self.seat(tenant, waiting.places)).err());
            }
        }
        drop(refused);
    }
}

impl State {
    fn fits(&self, tenant: TenantId, places: u32) -> bool {
        let held = self.tenants.get(&tenant).map_or(0, |held| held.places);
        places <= self.free && held + places <= self.each
    }

    fn take(&mut self, tenant: TenantId, places: u32) {
        self.free -= places;
        self.change(tenant, |held| held.places += places);
    }

    /// Who goes in now.
    fn next(&mut self) -> Option<(TenantId, Waiting)> {
        let mut found = None;
        for (_, _, tenant) in &self.line {
            let first = self.tenants.get(tenant)?.waiting.front()?;
            let places = first.places;
            if first.seat.is_closed() || self.fits(*tenant, places) {
                found = Some(*tenant);
                break;
            }
            // Who needs several places is not passed by for ever by those who need one.
            if places > self.free {
                return None;
            }
        }
        let tenant = found?;
        let mut first = None;
        self.change(tenant, |held| first = held.waiting.pop_front());
        first.map(|waiting| (tenant, waiting))
    }

    /// Changes what is known of a tenant, and its place in the line with it.
    fn change(&mut self, tenant: TenantId, change: impl FnOnce(&mut Held)) {
        let held = self.tenants.entry(tenant).or_default();
        if let Some(first) = held.waiting.front() {
            self.line.remove(&(held.places, first.arrival, tenant));
        }
        change(held);
        if let Some(first) = held.waiting.front() {
            self.line.insert((held.places, first.arrival, tenant));
        } else if held.places == 0 {
            self.tenants.remove(&tenant);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        {
            let mut state = self.room.0.lock();
            state.free += self.places;
            state.change(self.tenant, |held| held.places = held.places.saturating_sub(self.places));
        }
        self.room.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const LONG: Duration = Duration::from_secs(3_600);

    async fn crowd(room: &Room, tenant: TenantId, count: u32) -> Vec<Seat> {
        let mut seats = Vec::new();
        for _ in 0..count {
            seats.push(room.enter(tenant, 1, LONG).await.unwrap());
        }
        seats
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_holds_more_than_half() {
        let room = Room::new(8, 1);
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        let mut seats = crowd(&room, busy, 4).await;
        let mut fifth = Box::pin(room.enter(busy, 1, LONG));
        assert!((&mut fifth).now_or_never().is_none(), "it holds its half");
        assert!(
            room.enter(quiet, 1, LONG).now_or_never().flatten().is_some(),
            "who waits there holds up nobody"
        );
        seats.pop();
        assert!(fifth.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_place_goes_to_who_holds_the_fewest() {
        let room = Room::new(4, 1);
        let [first, second, third] = [TenantId::new(), TenantId::new(), TenantId::new()];
        let mut of_first = crowd(&room, first, 2).await;
        let of_second = crowd(&room, second, 1).await;
        let one_more = crowd(&room, TenantId::new(), 1).await;
        let mut more_of_first = Box::pin(room.enter(first, 1, LONG));
        assert!((&mut more_of_first).now_or_never().is_none());
        let mut more_of_second = Box::pin(room.enter(second, 1, LONG));
        assert!((&mut more_of_second).now_or_never().is_none());
        let mut new = Box::pin(room.enter(third, 1, LONG));
        assert!((&mut new).now_or_never().is_none());

        of_first.pop();
        let new = new.now_or_never().flatten();
        assert!(new.is_some(), "it came last and holds nothing");
        drop(one_more);
        let earlier = more_of_first.now_or_never().flatten();
        assert!(earlier.is_some(), "both hold one, and it came first");
        assert!((&mut more_of_second).now_or_never().is_none());
        drop((of_first, of_second, new, earlier));
        assert!(more_of_second.await.is_some());
        assert_eq!(room.free(), 4);
        assert!(room.0.lock().tenants.is_empty(), "nothing is kept of who is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn who_needs_several_places_is_not_passed_by() {
        let room = Room::new(4, 4);
        let [one, large, other] = [TenantId::new(), TenantId::new(), TenantId::new()];
        let mut seats = crowd(&room, one, 2).await;
        let mut four = Box::pin(room.enter(large, 4, LONG));
        assert!((&mut four).now_or_never().is_none());
        let mut small = Box::pin(room.enter(other, 1, LONG));
        assert!((&mut small).now_or_never().is_none(), "it came later");
        seats.pop();
        assert!((&mut four).now_or_never().is_none());
        seats.pop();
        let four = four.now_or_never().flatten();
        assert!(four.is_some());
        drop(four);
        assert!(small.now_or_never().flatten().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_in_vain_leaves_nothing_behind() {
        let room = Room::new(2, 2);
        let (one, other) = (TenantId::new(), TenantId::new());
        let seats = crowd(&room, one, 2).await;
        assert!(room.enter(other, 1, Duration::from_secs(5)).await.is_none());
        let mut given_up = Box::pin(room.enter(other, 1, LONG));
        assert!((&mut given_up).now_or_never().is_none());
        drop(given_up);
        drop(seats);
        assert_eq!(room.free(), 2);
        assert!(room.0.lock().line.is_empty());
        assert!(room.enter(other, 2, LONG).now_or_never().flatten().is_some());
    }
}
