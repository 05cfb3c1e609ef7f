//! Tells people of limits that are nearly used up, and of gateways that are down.
//!
//! Of limits: whoever used something in the minutes that were summed is looked at, so that those who do nothing cost nothing. What is told
//! already is known to the store, so that to look twice is as good as once.
//! Of gateways: what failed for a minute is down, and what works for a minute is well again. So nobody is told of a moment's trouble.

use crate::engine::Engine;
use crate::live::LiveEvent;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use twobot_domain::{Limits, Timestamp};
use twobot_store::warnings::{LimitWarning, Outage};
use twobot_store::{StoreError, TenantScope};

/// How often is looked for gateways.
const LOOK: Duration = Duration::from_secs(15);

/// How often is looked at the limits of those who used something meanwhile: some reads for each of them.
const LOOK_AT_LIMITS: Duration = Duration::from_secs(300);

/// For how long a gateway has failed, or worked again, when its people are told.
const SETTLED_MS: i64 = 60_000;

/// Gateways that are told of without a look at anything else.
const BATCH: u32 = 100;

/// Minutes whose users are looked at once more after a start: what was summed last may not have been looked at.
const LATELY: u32 = 15;

/// The thresholds that are told, in percent, the largest first.
const THRESHOLDS: [u8; 4] = [100, 95, 85, 70];

/// Who is to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    used: Mutex<HashSet<TenantScope>>,
}

impl Warnings {
    /// These have used something.
    pub(crate) fn used(&self, tenants: HashSet<TenantScope>) {
        self.used.lock().extend(tenants);
    }
}

/// A limit, what of it is used, and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Used {
    limit: &'static str,
    words: &'static str,
    period: i64,
    used: u64,
    allowed: u64,
}

/// Looks until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked: Option<Instant> = None;
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = look.tick() => {}
        }
        // Several nodes would find the same.
        if !engine.inner.nodes.is_first() {
            looked = None;
            continue;
        }
        let work = async {
            engine.tell_outages(Timestamp::now().plus_millis(-SETTLED_MS)).await?;
            if looked.is_some_and(|last| last.elapsed() < LOOK_AT_LIMITS) {
                return Ok(());
            }
            if looked.is_none() {
                engine.inner.warnings.used(engine.store().used_lately(LATELY).await?);
            }
            looked = Some(Instant::now());
            engine.warn_of_limits().await
        };
        tokio::select! {
            () = engine.stopped() => return,
            told = work => if let Err(error) = told {
                tracing::error!(%error, "people could not be told of limits and gateways; it is tried again");
            },
        }
    }
}

impl Engine {
    /// Tells of gateways that have failed, or worked again, since a moment or longer.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn tell_outages(&self, since: Timestamp) -> Result<(), StoreError> {
        for outage in self.store().outages_to_tell(since, BATCH).await? {
            let (title, text) = outage_words(&outage);
            let told = self.store().tell_outage(outage.scope, &outage, &title, &text).await?;
            self.told(outage.scope, told);
        }
        Ok(())
    }

    /// Looks at the limits of these.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn look_at_limits_of(&self, tenants: HashSet<TenantScope>) -> Result<(), StoreError> {
        self.inner.warnings.used(tenants);
        self.warn_of_limits().await
    }

    /// Looks at the limits of everybody who used something since the last look.
    ///
    /// # Errors
    /// Only those of the database; who was not looked at then is looked at the next time.
    async fn warn_of_limits(&self) -> Result<(), StoreError> {
        loop {
            let Some(scope) = self.inner.warnings.used.lock().iter().next().copied() else { return Ok(()) };
            match self.warn_tenant(scope).await {
                // It is gone meanwhile.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
            self.inner.warnings.used.lock().remove(&scope);
        }
    }

    async fn warn_tenant(&self, scope: TenantScope) -> Result<(), StoreError> {
        let limits = self.limits(scope).await?;
        for used in self.used_of(scope, &limits).await? {
            let Some(percent) = reached(used.used, used.allowed) else { continue };
            let (title, text) = limit_words(&used, percent);
            let warning = LimitWarning {
                limit: used.limit,
                words: used.words,
                period: used.period,
                percent,
                used: used.used,
                allowed: used.allowed,
                title: &title,
                text: &text,
            };
            let told = self.store().warn_of_limit(scope, &warning).await?;
            self.told(scope, told);
        }
        Ok(())
    }

    /// What a tenant used of each limit that is counted.
    async fn used_of(&self, scope: TenantScope, limits: &Limits) -> Result<Vec<Used>, StoreError> {
        let now = Timestamp::now();
        let month = month_of(now);
        let kept = self.store().kv_totals(scope).await?;
        let mut all = vec![
            Used {
                limit: "kv_keys",
                words: "stored keys",
                period: month,
                used: kept.keys,
                allowed: limits.kv_keys,
            },
            Used {
                limit: "kv_bytes",
                words: "bytes of storage",
                period: month,
                used: kept.bytes,
                allowed: limits.kv_bytes.min(limits.storage_bytes()),
            },
        ];
        if let Some(allowed) = limits.executions_per_day {
            let used = self.store().executions_today(scope).await?;
            all.push(Used {
                limit: "executions_per_day",
                words: "executions today",
                period: now.day(),
                used,
                allowed,
            });
        }
        if let Some(allowed) = limits.ai_tokens_per_month {
            let used = crate::plugins::tokens_this_month(self, scope).await?;
            let words = "AI tokens this month";
            all.push(Used { limit: "ai_tokens_per_month", words, period: month, used, allowed });
        }
        Ok(all)
    }

    /// Lets those who look see it, and the mails go.
    fn told(&self, scope: TenantScope, told: bool) {
        if told {
            self.live().tell(scope, LiveEvent::Notification);
            self.mail_waits();
        }
    }
}

/// Months since 1970 began.
fn month_of(at: Timestamp) -> i64 {
    use chrono::Datelike as _;
    let date = at.to_datetime();
    i64::from(date.year() - 1970) * 12 + i64::from(date.month0())
}

/// The highest threshold that is reached, if one is. Of a limit of nothing nothing is told: there was never any.
fn reached(used: u64, allowed: u64) -> Option<u8> {
    let is_reached = |percent: &u8| u128::from(used) * 100 >= u128::from(allowed) * u128::from(*percent);
    THRESHOLDS.into_iter().find(|percent| allowed > 0 && is_reached(percent))
}

fn limit_words(used: &Used, percent: u8) -> (String, String) {
    let Used { words, used, allowed, .. } = used;
    if percent >= 100 {
        let text = format!(
            "{used} of {allowed} are used. What needs more is refused or waits until there is room again."
        );
        (format!("Your plan's {words} are used up"), text)
    } else {
        let text = format!("{used} of {allowed}. Above that, what needs more is refused or waits.");
        (format!("{percent} % of your plan's {words} are used"), text)
    }
}

fn outage_words(outage: &Outage) -> (String, String) {
    if outage.recovered {
        return (format!("{} works again", outage.name), String::new());
    }
    let title = format!("{} is down", outage.name);
    let text = outage
        .trouble
        .as_ref()
        .map(|trouble| format!("{}. {}\n\n{}", trouble.title, trouble.detail, trouble.advice));
    (title, text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_threshold_that_is_reached_is_told() {
        for (used, allowed, percent) in [
            (0, 100, None),
            (69, 100, None),
            (70, 100, Some(70)),
            (84, 100, Some(70)),
            (85, 100, Some(85)),
            (95, 100, Some(95)),
            (99, 100, Some(95)),
            (100, 100, Some(100)),
            (500, 100, Some(100)),
            (0, 0, None),
            (5, 0, None),
            (u64::MAX, u64::MAX, Some(100)),
        ] {
            assert_eq!(reached(used, allowed), percent, "{used} of {allowed}");
        }
    }

    #[test]
    fn months_are_counted_from_1970() {
        assert_eq!(month_of(Timestamp(0)), 0);
        assert_eq!(month_of(Timestamp(31 * 86_400_000)), 1);
        assert_eq!(month_of(Timestamp(1_795_000_000_000)), 56 * 12 + 10);
    }
}
