//! How many sandboxes of a tenant run at the same time.
//!
//! A plan allows a tenant so many plugins and so many gateways at once, and each install so many of a tenant's plugins. What comes
//! above that waits in a line: nothing of it fails as long as its turn comes before its time is over. What waits for the other is
//! counted apart. A plugin that waits for a gateway of its tenant keeps its place, and with one count for both, plugins could fill
//! it and wait for ever for gateways that do not get in. Gateways that decode are counted apart from those that call their
//! providers: a slow provider holds up calls, and must not hold up what arrives.

use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use twobot_domain::{InstallId, Limits, TenantId, Trouble};

/// How many runs a tenant may have at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtOnce {
    /// Runs of the same kind: plugins, gateways that call their providers, or gateways that decode.
    pub tenant: u32,
    /// Runs of the same install. Gateways have none.
    pub install: u32,
}

impl AtOnce {
    /// Of plugins under a plan.
    #[must_use]
    pub const fn plugins(limits: &Limits) -> Self {
        Self { tenant: limits.plugins_at_once, install: limits.runs_at_once_per_install }
    }

    /// Of gateways under a plan.
    #[must_use]
    pub const fn gateways(limits: &Limits) -> Self {
        Self { tenant: limits.gateways_at_once, install: limits.gateways_at_once }
    }
}

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum World {
    Plugin,
    /// A gateway that may call its provider.
    Gateway,
    /// A gateway that decodes, and can call nobody.
    Decoding,
}

/// Who wants to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    pub(crate) tenant: TenantId,
    pub(crate) world: World,
    pub(crate) install: Option<InstallId>,
}

/// Which limit kept a run waiting until its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    name: &'static str,
    used: u32,
    allowed: u32,
}

impl Full {
    /// Words for whoever waited.
    pub(crate) fn trouble(self) -> Trouble {
        let Self { name, used, allowed } = self;
        Trouble::new(
            "concurrency_exceeded",
            "Too much at the same time",
            format!("{used} runs were going on, and {allowed} may at the same time. This one waited for its turn until its time was over, and did nothing."),
            "Try again when less is going on. What waits for a slow service keeps its place meanwhile: look which runs take long.",
        )
        .with_limit(name, u64::from(used), u64::from(allowed), "runs")
    }
}

/// The runs of all tenants, counted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission(Arc<Mutex<HashMap<(TenantId, World), Account>>>);

/// The runs of one tenant in one world.
#[derive(Debug, Default)]
struct Account {
    running: u32,
    /// Of which install how many run; few at a time, so that looking through them is cheap.
    installs: Vec<(InstallId, u32)>,
    line: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    install: Option<InstallId>,
    allowed: AtOnce,
    place: oneshot::Sender<Place>,
}

/// A place among a tenant's runs; given back when dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Admission,
    who: Who,
}

impl Account {
    /// What keeps another run out.
    fn full(&self, install: Option<InstallId>, allowed: AtOnce) -> Option<Full> {
        if self.running >= allowed.tenant {
            return Some(Full { name: "runs_at_once", used: self.running, allowed: allowed.tenant });
        }
        let of_install = self.installs.iter().find(|(known, _)| Some(*known) == install);
        let used = of_install.map_or(0, |(_, count)| *count);
        (used >= allowed.install && install.is_some()).then_some(Full {
            name: "runs_at_once_per_install",
            used,
            allowed: allowed.install,
        })
    }

    fn add(&mut self, install: Option<InstallId>) {
        self.running += 1;
        let Some(install) = install else { return };
        match self.installs.iter_mut().find(|(known, _)| *known == install) {
            Some((_, count)) => *count += 1,
            None => self.installs.push((install, 1)),
        }
    }

    fn remove(&mut self, install: Option<InstallId>) {
        self.running = self.running.saturating_sub(1);
        if let Some(position) = self.installs.iter().position(|(known, _)| Some(*known) == install) {
            self.installs[position].1 -= 1;
            if self.installs[position].1 == 0 {
                self.installs.swap_remove(position);
            }
        }
    }
}

impl Admission {
    /// Takes a place, and waits for one at most this long.
    pub(crate) async fn enter(&self, who: Who, allowed: AtOnce, patience: Duration) -> Result<Place, Full> {
        let (full, place) = {
            let mut accounts = self.0.lock();
            let account = accounts.entry((who.tenant, who.world)).or_default();
            let Some(full) = account.full(who.install, allowed) else {
                account.add(who.install);
                return Ok(Place { admission: self.clone(), who });
            };
            let (give, place) = oneshot::channel();
            account.line.push_back(Waiting { install: who.install, allowed, place: give });
            (full, place)
        };
        let waited = tokio::time::timeout(patience, place).await;
        if let Ok(Ok(place)) = waited {
            return Ok(place);
        }
        self.forget_who_left(who);
        Err(full)
    }

    /// How many of a tenant's runs go on, and how many wait.
    pub(crate) fn counts(&self, tenant: TenantId, world: World) -> (u32, usize) {
        self.0.lock().get(&(tenant, world)).map_or((0, 0), |account| (account.running, account.line.len()))
    }

    fn forget_who_left(&self, who: Who) {
        let mut accounts = self.0.lock();
        if let Some(account) = accounts.get_mut(&(who.tenant, who.world)) {
            account.line.retain(|waiting| !waiting.place.is_closed());
            if account.running == 0 && account.line.is_empty() {
                accounts.remove(&(who.tenant, who.world));
            }
        }
    }

    /// Gives a place back, and lets those in who fit now.
    fn leave(&self, who: Who) {
        // Who left in this moment gives back what it was given once more, which must not happen under the lock.
        let mut refused = Vec::new();
        {
            let mut accounts = self.0.lock();
            let Some(account) = accounts.get_mut(&(who.tenant, who.world)) else { return };
            account.remove(who.install);
            let mut next = 0;
            while let Some(waiting) = account.line.get(next) {
                match account.full(waiting.install, waiting.allowed) {
                    Some(Full { name: "runs_at_once", .. }) => break,
                    // Others of the tenant go on beside a busy install.
                    Some(_) => next += 1,
                    None => {
                        let Some(waiting) = account.line.remove(next) else { break };
                        if waiting.place.is_closed() {
                            continue;
                        }
                        account.add(waiting.install);
                        let place =
                            Place { admission: self.clone(), who: Who { install: waiting.install, ..who } };
                        refused.extend(waiting.place.send(place).err());
                    }
                }
            }
            if account.running == 0 && account.line.is_empty() {
                accounts.remove(&(who.tenant, who.world));
            }
        }
        drop(refused);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const LONG: Duration = Duration::from_secs(3_600);

    fn plugin(tenant: TenantId, install: InstallId) -> Who {
        Who { tenant, world: World::Plugin, install: Some(install) }
    }

    fn allowed() -> AtOnce {
        AtOnce { tenant: 3, install: 2 }
    }

    impl Admission {
        #[track_caller]
        fn enter_now(&self, who: Who) -> Place {
            self.enter(who, allowed(), LONG).now_or_never().expect("there is a place").unwrap()
        }
    }

    #[tokio::test]
    async fn so_many_run_and_no_more_and_who_waits_comes_in_turn() {
        let admission = Admission::default();
        let tenant = TenantId::new();
        let installs: Vec<_> = (0..5).map(|_| InstallId::new()).collect();
        let mut places: Vec<_> =
            installs[..3].iter().map(|install| admission.enter_now(plugin(tenant, *install))).collect();
        let mut fourth = Box::pin(admission.enter(plugin(tenant, installs[3]), allowed(), LONG));
        let mut fifth = Box::pin(admission.enter(plugin(tenant, installs[4]), allowed(), LONG));
        assert!(futures::poll!(&mut fourth).is_pending() && futures::poll!(&mut fifth).is_pending());
        assert_eq!(admission.counts(tenant, World::Plugin), (3, 2));

        let other = admission.enter_now(plugin(TenantId::new(), installs[0]));
        let gateway = admission.enter_now(Who { tenant, world: World::Gateway, install: None });
        drop((other, gateway));
        assert!(futures::poll!(&mut fourth).is_pending(), "others' places are no use");

        places.pop();
        let fourth = fourth.await.unwrap();
        assert!(futures::poll!(&mut fifth).is_pending());
        drop(fourth);
        drop(fifth.await.unwrap());
        drop(places);
        assert_eq!(admission.counts(tenant, World::Plugin), (0, 0));
        assert!(admission.0.lock().is_empty(), "who has nothing running takes no memory");
    }

    #[tokio::test]
    async fn a_busy_install_does_not_keep_its_tenants_others_waiting() {
        let admission = Admission::default();
        let (tenant, busy, other) = (TenantId::new(), InstallId::new(), InstallId::new());
        let first = admission.enter_now(plugin(tenant, busy));
        let _second = admission.enter_now(plugin(tenant, busy));
        let mut third = Box::pin(admission.enter(plugin(tenant, busy), allowed(), LONG));
        assert!(futures::poll!(&mut third).is_pending());
        let _neighbour = admission.enter_now(plugin(tenant, other));
        // All of the tenant's places are taken now, and two wait.
        let mut fourth = Box::pin(admission.enter(plugin(tenant, other), allowed(), LONG));
        assert!(futures::poll!(&mut fourth).is_pending());
        drop(first);
        assert!(third.now_or_never().is_some(), "in the order in which they came");
        drop(fourth);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waited_in_vain_is_told_which_limit_and_leaves_nothing_behind() {
        let admission = Admission::default();
        let (tenant, install) = (TenantId::new(), InstallId::new());
        let places =
            [admission.enter_now(plugin(tenant, install)), admission.enter_now(plugin(tenant, install))];
        let full = admission.enter(plugin(tenant, install), allowed(), LONG).await.unwrap_err();
        assert_eq!(full, Full { name: "runs_at_once_per_install", used: 2, allowed: 2 });
        let trouble = full.trouble();
        let limit = trouble.limit.unwrap();
        assert_eq!((trouble.code.as_str(), limit.used, limit.allowed), ("concurrency_exceeded", 2, 2));
        assert_eq!(admission.counts(tenant, World::Plugin), (2, 0));
        drop(places);
        assert!(admission.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_place_for_someone_who_has_left_goes_to_the_next() {
        let admission = Admission::default();
        let (tenant, install) = (TenantId::new(), InstallId::new());
        let first = admission.enter_now(plugin(tenant, install));
        let second = admission.enter_now(plugin(tenant, install));
        let mut given_up = Box::pin(admission.enter(plugin(tenant, install), allowed(), LONG));
        let mut given_then_dropped = Box::pin(admission.enter(plugin(tenant, install), allowed(), LONG));
        let mut patient = Box::pin(admission.enter(plugin(tenant, install), allowed(), LONG));
        for waiting in [&mut given_up, &mut given_then_dropped, &mut patient] {
            assert!(futures::poll!(waiting).is_pending());
        }
        drop(given_up);
        drop(first);
        drop(given_then_dropped);
        let third = patient.now_or_never().expect("the place came round").unwrap();
        drop((second, third));
        assert!(admission.0.lock().is_empty());
    }
}
