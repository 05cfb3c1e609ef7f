//! Running one call in a sandbox to its end, whatever that is.

use crate::admission::{Full, Who};
use crate::limits::RunLimits;
use crate::machine::Machine;
use crate::sandbox::guest::{Guest, Side};
use crate::sandbox::stopwatch::Stopwatch;
use crate::sandbox::turns::{Claim, InTurns, Share};
use crate::trace;
use crate::trap::{self, Ended};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::{Duration, Instant};
use twobot_domain::{Trouble, Usage};
use wasmtime::{PoolConcurrencyLimitError, Store};

/// Fuel after which a guest lets others have the thread: about a tenth of a millisecond.
const SLICE: u64 = 100_000;

/// Handles to resources that a guest may hold at the same time; the host's own resources have a lower limit of their own.
const MAX_HANDLES: usize = 4_000;

/// A call into a sandbox, borrowed from its store.
pub(crate) type Call<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

/// How a call ended, with what is left of its sandbox.
pub(crate) struct Finished<S, T> {
    pub(crate) guest: Guest<S>,
    pub(crate) result: Result<T, Trouble>,
    pub(crate) usage: Usage,
}

/// Who runs, and how much room that takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) who: Who,
    /// Places in the room for sandboxes.
    pub(crate) places: u32,
}

/// Why nothing ran.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// Others of its tenant went on for as long as it could wait.
    Full(Full),
    /// The host has no room for a sandbox, failed, or is shutting down.
    Host(String),
}

impl From<String> for NotRun {
    fn from(reason: String) -> Self {
        Self::Host(reason)
    }
}

/// Runs one call on the threads for guests, within its limits.
///
/// # Errors
/// When its tenant has too much running, or the host has no room for a sandbox or is shutting down; nothing ran.
pub(crate) async fn run<S, T, F>(
    machine: &Machine,
    entry: Entry,
    limits: RunLimits,
    make: impl FnOnce(Stopwatch) -> Guest<S> + Send + 'static,
    call: F,
) -> Result<Finished<S, T>, NotRun>
where
    S: Side,
    T: Send + 'static,
    F: for<'a> FnOnce(&'a mut Store<Guest<S>>) -> Call<'a, T> + Send + 'static,
{
    let machine = machine.clone();
    let threads = machine.guest_threads();
    let task = threads.spawn(async move {
        // Waiting for a place is part of the whole execution's time, and none of the guest's own.
        let watch = Stopwatch::start();
        let pause = watch.pause();
        let entered = machine.shared.admission.enter(entry.who, limits.at_once, limits.total_time);
        let _place = entered.await.map_err(NotRun::Full)?;
        let patience = limits.total_time.saturating_sub(watch.elapsed());
        let seat = S::room(&machine.shared).enter(entry.who.tenant, entry.places, patience).await;
        // However full it is, that is not the guest's doing.
        let _seat = seat.ok_or_else(|| NotRun::Host("there was no room for another sandbox".to_owned()))?;
        // Making a sandbox is computing, too: a crowd of runs that come at once makes theirs in turns.
        let share = Share { tenant: entry.who.tenant, vcpu: limits.vcpu };
        let mut claim = Claim::new(machine.shared.turns.clone(), share);
        let waited = within(&watch, &limits, claim.turn()).await;
        drop(pause);
        let guest = make(watch.clone());
        if let Err(trouble) = waited {
            let usage = Usage { wall_ms: millis(watch.elapsed()), ..Usage::default() };
            return Ok(Finished { guest, result: Err(trouble), usage });
        }
        let mut store =
            Store::try_new(&machine.shared.engine, guest).map_err(|error| format!("{error:#}"))?;
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(trap::CALL_BYTES);
        store.set_max_component_handles(MAX_HANDLES);
        store.set_fuel(limits.fuel).map_err(|error| format!("{error:#}"))?;
        store.fuel_async_yield_interval(Some(SLICE)).map_err(|error| format!("{error:#}"))?;
        // A panic in a host function ends this sandbox, not the thread that others run on.
        let call = InTurns::new(call(&mut store), claim, watch.clone());
        let ended = AssertUnwindSafe(within(&watch, &limits, call)).catch_unwind().await;
        let fuel_used = limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
        let clearing_up = Instant::now();
        let guest = store.into_data();
        machine.shared.turns.charge(&share, clearing_up.elapsed());
        let result = match ended {
            Ok(Ok(Ok(value))) => Ok(value),
            // Places are counted by what components need, so that this does not happen; if it does, nobody's code is to blame.
            Ok(Ok(Err(error))) if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() => {
                return Err(NotRun::Host(format!("{error:#}")));
            }
            Ok(Ok(Err(error))) => {
                guest.log.conclude(trace::of(&error));
                let memory = guest.memory.exceeded();
                Err(trap::ended(&Ended { error: &error, memory, fuel_used, limits: &limits }))
            }
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => return Err(NotRun::Host("a host function panicked".to_owned())),
        };
        let usage = Usage {
            fuel: fuel_used,
            peak_memory_bytes: guest.memory.peak(),
            wall_ms: millis(watch.elapsed()),
            ..Usage::default()
        };
        Ok(Finished { guest, result, usage })
    });
    task.await.map_err(|error| NotRun::Host(error.to_string()))?
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn within<T>(
    watch: &Stopwatch,
    limits: &RunLimits,
    call: impl Future<Output = T>,
) -> Result<T, Trouble> {
    tokio::select! {
        // What has ended has ended in time.
        biased;
        ended = call => Ok(ended),
        overtime = watch.overtime(limits) => Err(trap::overtime(overtime)),
    }
}
