//! Schedules and appointments: fires what is due.

use crate::dispatch::lane_of;
use crate::engine::Engine;
use crate::nodes::Kinds;
use crate::plugins::grants;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::Cron;
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
/// Five fields (POSIX crontab) in an IANA time zone. Where a line names its hours and minutes, a local time that a change of clocks
/// skips or repeats fires once: a skipped one at the first moment after it. Where one of the two is open (`*`, also in `*/15`), what is
/// meant is a distance of time, and each one fires that comes, as in Vixie cron.
pub(crate) fn next(cron: &str, time_zone: &str, after: Timestamp) -> Result<Timestamp, String> {
    let zone: Tz = time_zone
        .parse()
        .map_err(|_| format!("`{time_zone}` is no IANA time zone, such as Europe/Berlin"))?;
    let line = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(cron)
        .map_err(|error| format!("`{cron}` is no crontab line of five fields: {error}"))?;
    let after = after.to_datetime();
    let next = if cron.split_whitespace().take(2).any(|field| field.contains('*')) {
        let next = line.find_next_occurrence(&after.with_timezone(&zone), false);
        next.map_err(|error| error.to_string())?.to_utc()
    } else {
        next_on_the_clock(&line, zone, after)?
    };
    Ok(Timestamp(next.timestamp_millis()))
}

/// The next time that a clock in the zone shows what a line names, for the first time.
fn next_on_the_clock(line: &Cron, zone: Tz, after: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    // The clock is taken for one that never changes, and what it shows is looked up afterwards.
    let mut shown = after.with_timezone(&zone).naive_local().and_utc();
    loop {
        shown = line.find_next_occurrence(&shown, false).map_err(|error| error.to_string())?;
        let next = first_shown(zone, shown.naive_utc()).ok_or("it is too far away")?;
        // What the clock shows for the second time, after it was put back.
        if next > after {
            return Ok(next);
        }
    }
}

/// When a clock first shows a time; for one that it skips, when it goes on behind it. None where it never does.
fn first_shown(zone: Tz, mut time: NaiveDateTime) -> Option<DateTime<Utc>> {
    // The longest skip that there was is a day.
    for _ in 0..=24 * 60 {
        if let Some(first) = zone.from_local_datetime(&time).earliest() {
            return Some(first.to_utc());
        }
        time += TimeDelta::minutes(1);
    }
    None
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
        let fired = match occurrence(engine, &due) {
            Ok((event, execution)) => {
                engine.under(&hold).store().fire(&due, next_at, &event, &execution).await
            }
            Err(error) => Err(error),
        };
        match fired {
            Ok(true) => engine.wake_executions(due.scope),
            // It was fired, or is another node's to fire.
            Ok(false) | Err(StoreError::Fenced) => {}
            // It is tried again with the next look; what is due besides need not wait for it.
            Err(error) => {
                let (schedule, tenant) = (due.id, due.scope.tenant());
                tracing::error!(%error, %schedule, %tenant, "a schedule could not be fired; it is tried again");
            }
        }
    }
    Ok(())
}

fn occurrence(engine: &Engine, due: &Due) -> Result<(NewEvent, NewExecution), StoreError> {
    let payload = Payload::Scheduled(Scheduled {
        name: due.name.clone(),
        due_at: due.due_at.millis(),
        data: due.data.clone(),
    });
    let source = format!("schedule/{}", due.name);
    let manifest = engine.catalogue().plugin(&due.slug).map(|component| &component.manifest);
    let event = NewEvent {
        id: EventId::new(),
        gateway: None,
        inbound: None,
        kind: EventKind::Scheduled.as_str(),
        lane: format!("{}/{source}", due.install),
        payload: serde_json::to_string(&payload).map_err(|error| StoreError::Corrupt(error.to_string()))?,
        occurred_at: due.due_at,
    };
    let execution = NewExecution {
        id: ExecutionId::new(),
        install: due.install,
        event: Some(event.id),
        cause: Cause::Schedule,
        event_kind: EventKind::Scheduled.as_str().to_owned(),
        lane: lane_of(manifest, due.install, &source),
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
    fn each_named_time_comes_once_a_day_also_where_clocks_change() {
        // Cairo skips the first hour of a day, Lord Howe half an hour, and Apia once skipped all of 30 December 2011.
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"] {
            for (cron, a_day) in [("30 2,14 * * *", 2), ("0,30 0-3 * * *", 8), ("30 0 * * *", 1)] {
                let year = times(cron, zone, "2025-12-31T23:59:59+02:00", "2026-12-31T23:59:59+02:00");
                let skipped = 365 * a_day - year.len();
                // Several times of one skipped hour are one moment.
                assert!(skipped <= 2, "{cron} {zone}: {skipped}");
                assert!(year.windows(2).all(|two| two[0] < two[1]), "{cron} {zone}");
            }
        }
        let spring = times("30 2,14 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z");
        assert_eq!(
            spring,
            [at("2026-03-29T01:00:00Z"), at("2026-03-29T12:30:00Z")],
            "02:30 is skipped, and made up for at 03:00"
        );
        let autumn = times("30 2,14 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z");
        assert_eq!(
            autumn,
            [at("2026-10-25T00:30:00Z"), at("2026-10-25T13:30:00Z")],
            "02:30 comes twice, and fires once"
        );
        let leap = times("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z");
        assert_eq!(leap.len(), 4, "the day that was skipped is made up for: {leap:?}");
        // Between two passes of the same hour.
        assert_eq!(
            next("30 2,14 * * *", "Europe/Berlin", at("2026-10-25T01:10:00Z")).unwrap(),
            at("2026-10-25T13:30:00Z")
        );
    }

    #[test]
    fn an_open_field_means_a_distance_of_time() {
        let of = |cron, from, until| times(cron, "Europe/Berlin", from, until).len();
        for (from, until, hours) in [
            ("2026-03-28T22:59:59Z", "2026-03-29T21:59:59Z", 23),
            ("2026-03-29T21:59:59Z", "2026-03-30T21:59:59Z", 24),
            ("2026-10-24T21:59:59Z", "2026-10-25T22:59:59Z", 25),
        ] {
            assert_eq!(of("0 * * * *", from, until), hours, "each hour from {from}");
            assert_eq!(of("*/15 * * * *", from, until), hours * 4, "each quarter from {from}");
        }
    }

    #[test]
    fn wrong_lines_and_zones_say_what_would_be_right() {
        assert!(next("0 6 * *", "UTC", at("2026-01-01T00:00:00Z")).unwrap_err().contains("five fields"));
        assert!(next("0 0 6 * * *", "UTC", at("2026-01-01T00:00:00Z")).is_err(), "no seconds");
        assert!(next("0 6 * * *", "Mars/Olympus", at("2026-01-01T00:00:00Z")).unwrap_err().contains("IANA"));
    }
}
