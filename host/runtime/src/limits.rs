//! What one call may use, and the memory that a tenant's live sandboxes use in sum.

use crate::admission::AtOnce;
use crate::storage_rate::StorageRate;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use twobot_domain::{Limits, TenantId, plan};
use wasmtime::ResourceLimiter;

/// Bytes that an element of a table counts for: what the engine keeps for it.
const TABLE_ELEMENT_BYTES: u64 = 16;

/// The most elements of one table. Room for that many is set aside for every table of every sandbox; the functions of a large
/// language runtime fill a half of it.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// The largest memory that any sandbox may have, in bytes: that of a workflow.
pub(crate) const LARGEST_MEMORY: usize = 256 * 1024 * 1024;

/// What one call may use.
#[derive(Clone, Copy, Debug)]
pub struct RunLimits {
    /// WebAssembly fuel.
    pub fuel: u64,
    /// Processors: the rate at which the tenant's sandboxes may compute together, and their weight against those of others.
    pub vcpu: f64,
    /// Bytes of all memories and tables of the sandbox together.
    pub memory_bytes: u64,
    /// Bytes of all the tenant's live sandboxes together.
    pub tenant_memory_bytes: u64,
    /// Wall-clock time of the guest's own running: waiting for inline effects is not counted.
    pub own_time: Duration,
    /// Wall-clock time, whatever it waits for: a place among its tenant's runs, effects, the store.
    pub total_time: Duration,
    /// Bytes that the files in the directory of an install may come to.
    pub directory_bytes: u64,
    /// How many of its tenant's run at the same time.
    pub at_once: AtOnce,
    /// How fast its tenant may work on the store.
    pub storage: StorageRate,
}

impl RunLimits {
    /// What a plugin may use under a plan.
    #[must_use]
    pub fn plugin(limits: &Limits) -> Self {
        Self::of(limits, plan::PLUGIN_MEMORY_BYTES, AtOnce::plugins(limits))
    }

    /// What a gateway may use under a plan.
    #[must_use]
    pub fn gateway(limits: &Limits) -> Self {
        Self::of(limits, plan::GATEWAY_MEMORY_BYTES, AtOnce::gateways(limits))
    }

    fn of(limits: &Limits, memory_bytes: u64, at_once: AtOnce) -> Self {
        Self {
            fuel: limits.fuel_per_execution(),
            // The catalogue allows nothing outside of this; a division by it must never go wrong.
            vcpu: limits.vcpu.clamp(0.01, 1_024.0),
            memory_bytes: memory_bytes.min(limits.memory_bytes()),
            tenant_memory_bytes: limits.memory_bytes(),
            own_time: Duration::from_secs(plan::HANDLER_SECONDS),
            total_time: Duration::from_secs(plan::EXECUTION_SECONDS),
            directory_bytes: limits.directory_bytes(),
            at_once,
            storage: StorageRate::of(limits),
        }
    }
}

/// The memory of each tenant's live sandboxes, in sum.
#[derive(Clone, Debug, Default)]
pub struct TenantMemory(Arc<Mutex<HashMap<TenantId, Arc<AtomicU64>>>>);

impl TenantMemory {
    /// The account of one tenant.
    pub(crate) fn account(&self, tenant: TenantId) -> Arc<AtomicU64> {
        let mut tenants = self.0.lock();
        // Accounts of tenants with no live sandbox are dropped now and then, so that the map stays as small as what lives.
        if tenants.len() > 1_024 && tenants.len().is_power_of_two() {
            tenants.retain(|_, account| Arc::strong_count(account) > 1);
        }
        Arc::clone(tenants.entry(tenant).or_default())
    }

    /// Bytes that a tenant's live sandboxes use now.
    #[must_use]
    pub fn used(&self, tenant: TenantId) -> u64 {
        self.0.lock().get(&tenant).map_or(0, |account| account.load(Ordering::Relaxed))
    }

    /// Bytes that all live sandboxes use now.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.0.lock().values().map(|account| account.load(Ordering::Relaxed)).sum()
    }
}

/// Which memory limit a sandbox ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryExceeded {
    pub(crate) name: &'static str,
    pub(crate) wanted: u64,
    pub(crate) allowed: u64,
}

/// Meters the memory of one sandbox: all of its memories and tables together.
#[derive(Debug)]
pub(crate) struct MemoryMeter {
    used: u64,
    peak: u64,
    allowed: u64,
    tenant: Arc<AtomicU64>,
    tenant_allowed: u64,
    exceeded: Option<MemoryExceeded>,
}

impl MemoryMeter {
    pub(crate) const fn new(limits: &RunLimits, tenant: Arc<AtomicU64>) -> Self {
        Self {
            used: 0,
            peak: 0,
            allowed: limits.memory_bytes,
            tenant,
            tenant_allowed: limits.tenant_memory_bytes,
            exceeded: None,
        }
    }

    /// The most bytes that were in use.
    pub(crate) const fn peak(&self) -> u64 {
        self.peak
    }

    /// The limit that was run into, if one was. A guest may live through it, so that this alone is no failure.
    pub(crate) const fn exceeded(&self) -> Option<MemoryExceeded> {
        self.exceeded
    }

    /// Counts memory of the host that the guest causes, such as values that it reads and writes, until the sandbox ends.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        // The guest is told, and may go on with less: that is no limit that it ran into for good.
        let exceeded = self.exceeded;
        let fits = self.grow(bytes as u64);
        self.exceeded = exceeded;
        fits
    }

    /// Gives back what was held and is no longer.
    pub(crate) fn let_go(&mut self, bytes: usize) {
        let bytes = self.used.min(bytes as u64);
        self.used -= bytes;
        self.tenant.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn grow(&mut self, bytes: u64) -> bool {
        let wanted = self.used.saturating_add(bytes);
        if wanted > self.allowed {
            self.exceeded =
                Some(MemoryExceeded { name: "memory_per_execution", wanted, allowed: self.allowed });
            return false;
        }
        let tenant = self.tenant.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if tenant > self.tenant_allowed {
            self.tenant.fetch_sub(bytes, Ordering::Relaxed);
            let allowed = self.tenant_allowed;
            self.exceeded = Some(MemoryExceeded { name: "memory_per_tenant", wanted: tenant, allowed });
            return false;
        }
        self.used = wanted;
        self.peak = self.peak.max(wanted);
        true
    }
}

impl Drop for MemoryMeter {
    fn drop(&mut self) {
        self.tenant.fetch_sub(self.used, Ordering::Relaxed);
    }
}

/// Whether a guest asks for more than it said that it ever would. The engine refuses that in any case, after having asked here: it
/// must not be counted.
fn beyond(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(!beyond(desired, maximum) && self.grow(desired.saturating_sub(current) as u64))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| (elements as u64).saturating_mul(TABLE_ELEMENT_BYTES);
        if desired > TABLE_ELEMENTS {
            let (wanted, allowed) = (bytes(desired), bytes(TABLE_ELEMENTS));
            self.exceeded = Some(MemoryExceeded { name: "table_size", wanted, allowed });
            return Ok(false);
        }
        Ok(!beyond(desired, maximum) && self.grow(bytes(desired.saturating_sub(current))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(memory_bytes: u64, tenant_memory_bytes: u64) -> RunLimits {
        let second = Duration::from_secs(1);
        RunLimits {
            fuel: 1,
            vcpu: 1.0,
            memory_bytes,
            tenant_memory_bytes,
            own_time: second,
            total_time: second,
            directory_bytes: 0,
            at_once: AtOnce { tenant: 1, install: 1 },
            storage: StorageRate { per_second: 1, burst: 1 },
        }
    }

    #[test]
    fn memories_and_tables_of_a_sandbox_count_together() {
        let mut meter = MemoryMeter::new(&limits(1_000, 10_000), Arc::default());
        assert!(meter.memory_growing(0, 600, None).unwrap());
        assert!(meter.memory_growing(0, 300, None).unwrap(), "a second memory");
        assert!(!meter.table_growing(0, 10, None).unwrap(), "160 bytes of table do not fit");
        assert_eq!(
            meter.exceeded(),
            Some(MemoryExceeded { name: "memory_per_execution", wanted: 1_060, allowed: 1_000 })
        );
        assert_eq!(meter.peak(), 900);
    }

    #[test]
    fn memory_of_the_host_counts_too() {
        let tenant = Arc::<AtomicU64>::default();
        let mut meter = MemoryMeter::new(&limits(1_000, 10_000), Arc::clone(&tenant));
        assert!(meter.hold(700));
        assert!(!meter.hold(400));
        assert_eq!(meter.exceeded(), None, "the guest is told, and may go on");
        meter.let_go(300);
        assert!(meter.hold(400));
        assert_eq!((meter.peak(), tenant.load(Ordering::Relaxed)), (800, 800));
        meter.let_go(usize::MAX);
        assert_eq!(tenant.load(Ordering::Relaxed), 0, "never more than was held");
    }

    #[test]
    fn what_the_engine_will_refuse_is_not_counted() {
        let mut meter = MemoryMeter::new(&limits(u64::MAX, u64::MAX), Arc::default());
        assert!(!meter.memory_growing(100, 300, Some(200)).unwrap());
        assert!(!meter.table_growing(1, 3, Some(2)).unwrap());
        assert_eq!((meter.peak(), meter.exceeded()), (0, None), "no limit of the platform's");
        assert!(!meter.table_growing(1, TABLE_ELEMENTS + 1, None).unwrap());
        assert_eq!((meter.peak(), meter.exceeded().map(|limit| limit.name)), (0, Some("table_size")));
    }

    #[test]
    fn sandboxes_of_a_tenant_count_together_and_give_back() {
        let memory = TenantMemory::default();
        let (tenant, other) = (TenantId::new(), TenantId::new());
        let mut first = MemoryMeter::new(&limits(1_000, 1_000), memory.account(tenant));
        assert!(first.memory_growing(0, 700, None).unwrap());
        let mut second = MemoryMeter::new(&limits(1_000, 1_000), memory.account(tenant));
        assert!(!second.memory_growing(0, 400, None).unwrap());
        assert_eq!(second.exceeded().map(|limit| limit.name), Some("memory_per_tenant"));
        let mut neighbour = MemoryMeter::new(&limits(1_000, 1_000), memory.account(other));
        assert!(neighbour.memory_growing(0, 900, None).unwrap(), "another tenant is not affected");
        drop(first);
        assert!(second.memory_growing(0, 400, None).unwrap());
        assert_eq!(memory.used(tenant), 400);
        drop(second);
        assert_eq!(memory.used(tenant), 0);
    }
}
