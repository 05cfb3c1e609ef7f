//! In which order tenants have their turns: by what they had before, and by the weight of their plans.
//!
//! Stride scheduling: each start moves a tenant on by a stride, which is the shorter the more its plan weighs, and whoever is furthest
//! behind is next. Who comes anew begins where the others are: nobody saves up turns, and nobody who waits is overtaken for ever.

use std::collections::{BTreeMap, HashMap};
use twobot_store::TenantScope;

/// The stride of a tenant of weight 1. All weights divide it, so that shares are exact.
const STRIDE: u64 = 60;

/// The most that a tenant is ahead of the others, whatever was started for it while nobody else waited: so much it waits for at most.
const MOST_AHEAD: u64 = 64 * STRIDE;

/// Tenants ahead of the others that are remembered before it is looked who still is.
const FEW_AHEAD: usize = 1_024;

/// Where a tenant stands, and in which order those came that stand in the same place.
type Turn = (u64, u64);

/// The tenants that wait for a turn.
#[derive(Debug, Default)]
pub(super) struct Round {
    ready: BTreeMap<Turn, TenantScope>,
    /// Those for whom there is no place as long as few are free.
    aside: BTreeMap<Turn, TenantScope>,
    turns: HashMap<TenantScope, Turn>,
    /// Where those stand that are ahead.
    ahead: HashMap<TenantScope, u64>,
    /// So many of them are remembered before those are forgotten that are not ahead any more.
    most_ahead: usize,
    /// Where the tenant stood that had its turn last.
    now: u64,
    /// How many came.
    came: u64,
}

impl Round {
    /// A tenant is to have a turn. Where it was set aside, it is looked at anew whether there is a place for it.
    pub(super) fn add(&mut self, scope: TenantScope) {
        if let Some(turn) = self.turns.get(&scope) {
            if let Some(scope) = self.aside.remove(turn) {
                self.ready.insert(*turn, scope);
            }
            return;
        }
        self.came += 1;
        let turn = (self.stands(scope), self.came);
        self.turns.insert(scope, turn);
        self.ready.insert(turn, scope);
    }

    /// Who is next. Where it is not open for all, those are set aside for whom it is not.
    pub(super) fn next(
        &mut self,
        is_for_all: bool,
        is_for: impl Fn(TenantScope) -> bool,
    ) -> Option<TenantScope> {
        let (turn, scope) = if is_for_all {
            let first = |of: &BTreeMap<Turn, _>| of.keys().next().copied();
            match (first(&self.ready), first(&self.aside)) {
                (Some(ready), Some(aside)) if aside < ready => self.aside.pop_first()?,
                (None, _) => self.aside.pop_first()?,
                (Some(_), _) => self.ready.pop_first()?,
            }
        } else {
            loop {
                let (turn, scope) = self.ready.pop_first()?;
                if is_for(scope) {
                    break (turn, scope);
                }
                self.aside.insert(turn, scope);
            }
        };
        self.turns.remove(&scope);
        self.now = self.now.max(turn.0);
        Some(scope)
    }

    /// So much was started for a tenant. To have looked in vain costs as much as one start: it takes a turn as well.
    pub(super) fn charge(&mut self, scope: TenantScope, weight: u32, starts: usize) {
        let stride = STRIDE / u64::from(weight.max(1));
        let cost = stride.saturating_mul(starts.max(1) as u64);
        let stands = self.stands(scope).saturating_add(cost).min(self.now.saturating_add(MOST_AHEAD));
        self.ahead.insert(scope, stands);
        if self.ahead.len() > self.most_ahead.max(FEW_AHEAD) {
            let now = self.now;
            self.ahead.retain(|_, stands| *stands > now);
            self.most_ahead = 2 * self.ahead.len();
        }
    }

    pub(super) fn contains(&self, scope: TenantScope) -> bool {
        self.turns.contains_key(&scope)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    fn stands(&self, scope: TenantScope) -> u64 {
        self.ahead.get(&scope).copied().unwrap_or(0).max(self.now)
    }
}
