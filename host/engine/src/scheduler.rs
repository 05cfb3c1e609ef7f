//! Schedules and appointments: fires what is due.

use crate::engine::Engine;
use crate::nodes::Kinds;
use crate::plugins::grants;
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds};
use std::time::Duration;
use twobot_domain::manifest::{EventKind, ScheduleSpec};
use twobot_domain::{EventId, ExecutionId, Timestamp};
use twobot_runtime::contract::Payload;
use twobot_runtime::contract::events::Scheduled;
use twobot_store::StoreError;
use twobot_store::events::NewEvent;
use twobot_store::executions::{Cause, NewExecution};
use twobot_store::schedules::{Due, NewSchedule};

/// How often is looked whether something is due. Schedules have minutes, appointments milliseconds but no promise.
const LOOK: Duration = Duration::from_secs(1);

/// How often is looked for what was held too long.
const LOOK_AT_HELD: Duration = Duration::from_secs(300);

/// Schedules that are fired in one look.
const BATCH: u32 = 200;

/// The next time of a schedule after a moment.
///
/// Five fields (POSIX crontab) in an IANA time zone. A local time that a change of clocks skips or repeats fires once.
pub(crate) fn next(cron: &str, time_zone: &str, after: Timestamp) -> Result<Timestamp, String> {
    let zone: Tz = time_zone
        .parse()
        .map_err(|_| format!("`{time_zone}` is no IANA time zone, such as Europe/Berlin"))?;
    let cron = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(cron)
        .map_err(|error| format!("`{cron}` is no crontab line of five fields: {error}"))?;
    let after = after.to_datetime().with_timezone(&zone);
    let next = cron.find_next_occurrence(&after, false).map_err(|error| error.to_string())?;
    Ok(Timestamp(next.timestamp_millis()))
}

/// The schedules of a manifest, with their first times.
pub(crate) fn first_times(schedules: &[ScheduleSpec]) -> Vec<NewSchedule> {
    let now = Timestamp::now();
    schedules
        .iter()
        .filter_map(|spec| {
            // The catalogue has checked them; one that has no next time at all (30 February) never fires.
            let due_at = next(&spec.cron, &spec.time_zone, now).ok()?;
            Some(NewSchedule {
                name: spec.name.clone(),
                cron: spec.cron.clone(),
                time_zone: spec.time_zone.clone(),
                due_at,
            })
        })
        .collect()
}

/// Fires what is due, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut look_at_held = tokio::time::interval(LOOK_AT_HELD);
    look_at_held.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = engine.stopped() => return,
            _ = look.tick() => {}
            // A tenant was taken: what is due for it need not wait for the next look.
            () = engine.inner.nodes.look_at_schedules.notified() => {}
            _ = look_at_held.tick(), if engine.inner.nodes.is_first() => {
                if let Err(error) = grants::give_up_held(&engine, Timestamp::now()).await {
                    tracing::error!(%error, "what was held too long could not be given up; it is tried again");
                }
            }
        }
        if let Err(error) = fire_due(&engine, Timestamp::now()).await {
            tracing::error!(%error, "schedules could not be fired; they are tried again");
        }
    }
}

/// Fires what is due at a moment. What was missed while the host was away fires once, however often it would have.
async fn fire_due(engine: &Engine, now: Timestamp) -> Result<(), StoreError> {
    for due in engine.store().due_schedules(now, BATCH).await? {
        // A schedule is fired where what it causes is done.
        let Some(hold) = engine.hold(due.scope) else {
            engine.look_after(due.scope, Kinds::SCHEDULES);
            continue;
        };
        let next_at = match &due.cron {
            Some(cron) => next(cron, &due.time_zone, now).ok(),
            None => None,
        };
        let (event, execution) = occurrence(&due)?;
        match engine.under(&hold).store().fire(&due, next_at, &event, &execution).await {
            Ok(true) => engine.wake_executions(due.scope),
            // It was fired, or is another node's to fire.
            Ok(false) | Err(StoreError::Fenced) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn occurrence(due: &Due) -> Result<(NewEvent, NewExecution), StoreError> {
    let payload = Payload::Scheduled(Scheduled {
        name: due.name.clone(),
        due_at: due.due_at.millis(),
        data: due.data.clone(),
    });
    let lane = format!("{}/schedule/{}", due.install, due.name);
    let event = NewEvent {
        id: EventId::new(),
        gateway: None,
        inbound: None,
        kind: EventKind::Scheduled.as_str(),
        lane: lane.clone(),
        payload: serde_json::to_string(&payload).map_err(|error| StoreError::Corrupt(error.to_string()))?,
        occurred_at: due.due_at,
    };
    let execution = NewExecution {
        id: ExecutionId::new(),
        install: due.install,
        event: Some(event.id),
        cause: Cause::Schedule,
        event_kind: EventKind::Scheduled.as_str().to_owned(),
        lane,
        depth: due.depth,
    };
    Ok((event, execution))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    #[test]
    fn the_next_time_is_in_the_schedules_own_zone() {
        let check = |cron: &str, zone: &str, after: &str, expected: &str| {
            assert_eq!(next(cron, zone, at(after)).unwrap(), at(expected), "{cron} {zone} after {after}");
        };
        check("0 6 * * *", "UTC", "2026-01-01T05:59:59Z", "2026-01-01T06:00:00Z");
        check("0 6 * * *", "UTC", "2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z");
        check("0 6 * * *", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z");
        check("0 6 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T04:00:00Z");
        // 02:30 does not exist on 29 March 2026 in Berlin, and exists twice on 25 October.
        check("30 2 25 10 *", "Europe/Berlin", "2026-10-01T00:00:00Z", "2026-10-25T00:30:00Z");
        check("30 2 25 10 *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2027-10-25T00:30:00Z");
        check("30 2 * * *", "Europe/Berlin", "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z");
        check("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
        check("30 2 * * *", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z");
    }

    /// The times of a schedule from one moment to another, each found from the one before it.
    fn times(cron: &str, zone: &str, from: &str, until: &str) -> Vec<Timestamp> {
        let mut times = vec![];
        let mut after = at(from);
        loop {
            after = next(cron, zone, after).unwrap();
            if after > at(until) {
                return times;
            }
            times.push(after);
        }
    }

    #[test]
    fn a_day_has_one_daily_time_also_where_clocks_change() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"] {
            for cron in ["30 2 * * *", "0 3 * * *", "15 1 * * *", "0 0 * * *"] {
                let year = times(cron, zone, "2025-12-31T23:59:59Z", "2026-12-31T23:59:59Z");
                assert_eq!(year.len(), 365, "{cron} {zone}");
                let gaps = year.windows(2).map(|two| two[1].0 - two[0].0);
                assert!(gaps.clone().all(|gap| (22..=26).contains(&(gap / 3_600_000))), "{cron} {zone}");
            }
        }
    }

    #[test]
    fn wrong_lines_and_zones_say_what_would_be_right() {
        assert!(next("0 6 * *", "UTC", at("2026-01-01T00:00:00Z")).unwrap_err().contains("five fields"));
        assert!(next("0 0 6 * * *", "UTC", at("2026-01-01T00:00:00Z")).is_err(), "no seconds");
        assert!(next("0 6 * * *", "Mars/Olympus", at("2026-01-01T00:00:00Z")).unwrap_err().contains("IANA"));
    }
}
