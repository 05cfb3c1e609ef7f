//! What a plugin's own doings lead to, one by another, must come to an end or at least slow down.
//!
//! Each execution knows how many of the plugin's own doings led to it (its depth). What comes from outside and what was made for
//! later has none.

use crate::troubles;
use std::time::Duration;
use twobot_domain::Timestamp;
use twobot_store::executions::{Appointment, Commit, LogLine};

/// Doings that may lead to one another. A plugin that reports its own failed message elsewhere needs one or two.
pub(crate) const MAX_DEPTH: u64 = 10;

/// An appointment that is due within this time continues what made it; a later one begins anew.
const SOON: Duration = Duration::from_secs(30);

/// Beyond [`MAX_DEPTH`] an appointment comes no sooner than this.
const PAUSE: Duration = Duration::from_secs(60);

fn later(now: Timestamp, time: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// Gives each new appointment its depth, and puts off what would go round and round.
pub(crate) fn slow_down(commit: &mut Commit, depth: u64, now: Timestamp) {
    let Commit { appointments, logs, .. } = commit;
    for appointment in appointments {
        let Appointment::Once { name, due_at, depth: led_by, .. } = appointment else { continue };
        if *due_at > later(now, SOON) {
            continue;
        }
        *led_by = depth.saturating_add(1);
        if *led_by > MAX_DEPTH {
            *due_at = later(now, PAUSE);
            let message = troubles::put_off(name, *due_at);
            logs.push(LogLine { at: now, level: "warn", message, fields: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(depth: u64, due_in: i64) -> (Timestamp, u64, usize) {
        let now = Timestamp(1_000_000);
        let appointment = Appointment::Once {
            name: "again".to_owned(),
            due_at: now.plus_millis(due_in),
            data: None,
            depth: 0,
        };
        let mut commit = Commit {
            appointments: vec![Appointment::Cancel { name: "other".to_owned() }, appointment],
            ..Commit::default()
        };
        slow_down(&mut commit, depth, now);
        let Appointment::Once { due_at, depth, .. } = commit.appointments[1] else { panic!() };
        (Timestamp(due_at.0 - now.0), depth, commit.logs.len())
    }

    #[test]
    fn what_wakes_itself_at_once_again_and_again_is_slowed_down() {
        // Due in, at which depth: when it comes, with which depth, and how many lines tell of it.
        let cases = [
            (0, -5_000, (-5_000, 1, 0)),
            (0, 30_000, (30_000, 1, 0)),
            (9, 0, (0, 10, 0)),
            (10, 0, (60_000, 11, 1)),
            (10, 30_000, (60_000, 11, 1)),
            (10, 30_001, (30_001, 0, 0)),
            (u64::MAX, 0, (60_000, u64::MAX, 1)),
        ];
        for (depth, due_in, (at, led_by, lines)) in cases {
            assert_eq!(made(depth, due_in), (Timestamp(at), led_by, lines), "{depth} {due_in}");
        }
    }
}
