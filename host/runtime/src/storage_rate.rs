//! How fast a tenant's plugins may work on the store.
//!
//! Each tenant has an account of operations that fills at its plan's rate, up to a burst: keys that are read from the database and
//! keys that are written to it. What a run reads twice or writes twice is counted once, since the second time does not get there.
//! Who finds the account empty waits for its turn, in the order of asking; it fails only where it would wait for longer than its
//! run may take. A run may ask for more than a burst at once, which is why this is not a limiter that one can buy: those refuse that.

use crate::sandbox::stopwatch::Stopwatch;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use twobot_domain::{Limits, TenantId, Trouble};

/// Accounts that are kept before those that are full are dropped: a full one is as good as none.
const ACCOUNTS: usize = 4_096;

/// How fast a tenant's plugins may work on the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageRate {
    /// Operations a second in the long run.
    pub per_second: u32,
    /// Operations at once, after a quiet while.
    pub burst: u32,
}

impl StorageRate {
    /// Under a plan.
    #[must_use]
    pub const fn of(limits: &Limits) -> Self {
        Self { per_second: limits.storage_operations_per_second, burst: limits.storage_burst }
    }

    /// Operations a second; never 0, which the catalogue does not allow either.
    fn speed(self) -> f64 {
        f64::from(self.per_second.max(1))
    }
}

/// A run would have to wait for longer than it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateExceeded {
    operations: usize,
    rate: StorageRate,
}

impl RateExceeded {
    /// The stable code.
    pub(crate) const CODE: &'static str = "storage_rate_exceeded";

    /// One line for a plugin.
    pub(crate) fn message(&self) -> String {
        format!(
            "{} more keys than the store may be asked for in the time that this run has left; {} a second are allowed",
            self.operations, self.rate.per_second
        )
    }

    /// Words for the plugin's owner.
    pub(crate) fn trouble(&self) -> Trouble {
        let (operations, allowed) = (self.operations as u64, u64::from(self.rate.per_second));
        Trouble::new(
            Self::CODE,
            "Used the storage too fast",
            format!("It came to {operations} keys on top of what your plugins read and wrote just before. {allowed} a second are allowed in the long run, and waiting for that would take longer than a run may. Nothing of this run was kept."),
            "Let it read and write fewer keys in one run, or run it less often. If the plugin is not yours, tell its author.",
        )
        .with_limit("storage_operations_per_second", operations, allowed, "operations")
    }
}

/// The accounts of all tenants. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct StorageAccounts(Arc<Mutex<HashMap<TenantId, Account>>>);

#[derive(Debug)]
struct Account {
    /// Operations that may be done now; negative where some that wait are promised already.
    balance: f64,
    at: Instant,
}

impl StorageAccounts {
    /// Books operations, and says how long to wait before they may be done. Books nothing where that is longer than `patience`.
    fn book(
        &self,
        tenant: TenantId,
        rate: StorageRate,
        operations: usize,
        patience: Duration,
        now: Instant,
    ) -> Result<Duration, RateExceeded> {
        let (speed, burst) = (rate.speed(), f64::from(rate.burst.max(1)));
        let mut accounts = self.0.lock();
        if accounts.len() > ACCOUNTS {
            let is_full = |account: &Account| {
                account.balance + now.saturating_duration_since(account.at).as_secs_f64() * speed >= burst
            };
            accounts.retain(|_, account| !is_full(account));
        }
        let account = accounts.entry(tenant).or_insert(Account { balance: burst, at: now });
        let earned = now.saturating_duration_since(account.at).as_secs_f64() * speed;
        account.balance = (account.balance + earned).min(burst);
        account.at = now;
        let after = account.balance - operations as f64;
        let wait = Duration::try_from_secs_f64((-after / speed).max(0.0)).unwrap_or(Duration::MAX);
        if wait > patience {
            return Err(RateExceeded { operations, rate });
        }
        account.balance = after;
        Ok(wait)
    }
}

/// What one run goes by when it works on the store.
#[derive(Clone, Debug)]
pub(crate) struct StoragePace {
    accounts: StorageAccounts,
    tenant: TenantId,
    rate: StorageRate,
    total_time: Duration,
    watch: Stopwatch,
}

impl StoragePace {
    pub(crate) fn new(
        accounts: StorageAccounts,
        tenant: TenantId,
        rate: StorageRate,
        total_time: Duration,
        watch: Stopwatch,
    ) -> Self {
        Self { accounts, tenant, rate, total_time, watch }
    }

    /// Waits until so many operations may be done. That is not the guest's own running.
    pub(crate) async fn take(&self, operations: usize) -> Result<(), RateExceeded> {
        if operations == 0 {
            return Ok(());
        }
        let patience = self.total_time.saturating_sub(self.watch.elapsed());
        let wait = self.accounts.book(self.tenant, self.rate, operations, patience, Instant::now())?;
        if !wait.is_zero() {
            let _pause = self.watch.pause();
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    const RATE: StorageRate = StorageRate { per_second: 100, burst: 1_000 };
    const LONG: Duration = Duration::from_secs(120);

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_at_the_plans_rate() {
        let (accounts, tenant, now) = (StorageAccounts::default(), TenantId::new(), Instant::now());
        let book = |operations, at| accounts.book(tenant, RATE, operations, LONG, at);
        assert_eq!(book(1_000, now), Ok(Duration::ZERO));
        assert_eq!(book(50, now), Ok(Duration::from_millis(500)));
        assert_eq!(book(50, now), Ok(Duration::from_secs(1)), "behind what was promised before");
        assert_eq!(book(100, now + Duration::from_secs(2)), Ok(Duration::ZERO));
        // A long quiet while saves up one burst and no more.
        let later = now + Duration::from_secs(3_600);
        assert_eq!(book(1_100, later), Ok(Duration::from_secs(1)));
        assert_eq!(
            accounts.book(TenantId::new(), RATE, 1_000, LONG, now),
            Ok(Duration::ZERO),
            "nobody else waits"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_take_too_long_is_refused_and_costs_nothing() {
        let (accounts, tenant, now) = (StorageAccounts::default(), TenantId::new(), Instant::now());
        let refused = accounts.book(tenant, RATE, 13_001, LONG, now).unwrap_err();
        assert_eq!(accounts.book(tenant, RATE, 13_000, LONG, now), Ok(LONG));
        let limit = refused.trouble().limit.unwrap();
        assert_eq!((limit.used, limit.allowed), (13_001, 100));
        assert!(accounts.book(tenant, RATE, usize::MAX, LONG, now).is_err());
        let nothing = StorageRate { per_second: 0, burst: 0 };
        assert_eq!(accounts.book(TenantId::new(), nothing, 2, LONG, now), Ok(Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_not_the_guests_own_running() {
        let (begun, watch) = (Instant::now(), Stopwatch::start());
        let pace = StoragePace::new(StorageAccounts::default(), TenantId::new(), RATE, LONG, watch.clone());
        pace.take(1_000).now_or_never().expect("the burst does not wait").unwrap();
        pace.take(6_000).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(60));
        assert_eq!(watch.own(), Duration::ZERO);
        // A minute of the run is left.
        assert!(pace.take(6_001).await.is_err());
        assert!(pace.take(6_000).await.is_ok());
    }

    #[test]
    fn accounts_of_quiet_tenants_are_dropped() {
        let (accounts, now) = (StorageAccounts::default(), Instant::now());
        for _ in 0..=ACCOUNTS {
            accounts.book(TenantId::new(), RATE, 1, LONG, now).unwrap();
        }
        accounts.book(TenantId::new(), RATE, 1, LONG, now + Duration::from_secs(1)).unwrap();
        assert_eq!(accounts.0.lock().len(), 1);
    }
}
