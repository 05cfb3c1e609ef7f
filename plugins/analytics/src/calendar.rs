//! Days and hours. Small enough that a date library would be most of the component.

use std::fmt;
use std::str::FromStr;
use twobot::Timestamp;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The last day that has four digits for its year.
const LAST_YEAR: i64 = 9999;

/// A calendar day, as days since 1970-01-01. Written as `2026-01-31`, so that text and time sort alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// So many days before this one; no day is before 1970.
    pub(crate) fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days)).max(0))
    }

    /// Every day from this one to another, both included.
    pub(crate) fn until(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
}

/// The day and hour that a clock shows so many minutes ahead of UTC.
pub(crate) fn local(at: Timestamp, offset_minutes: i32) -> (Day, usize) {
    let last = days_before_year(LAST_YEAR + 1) * DAY - 1;
    let moment = i64::try_from(at).unwrap_or(last).saturating_add(i64::from(offset_minutes) * MINUTE);
    let moment = moment.clamp(0, last);
    let hour = usize::try_from(moment % DAY / HOUR).unwrap_or_default();
    (Day(moment / DAY), hour)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No year is longer than 366 days, so this guess is never too late.
        let mut year = 1970 + self.0 / 366;
        while days_before_year(year + 1) <= self.0 {
            year += 1;
        }
        let mut day = self.0 - days_before_year(year);
        let mut month = 1;
        while day >= days_in_month(year, month) {
            day -= days_in_month(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}", day + 1)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a day such as 2026-01-31";
        let number = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
        };
        let is_dashed = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (Some(year), Some(month), Some(day), true) =
            (number(0..4), number(5..7), number(8..10), is_dashed)
        else {
            return Err(WRONG);
        };
        if year < 1970 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
            return Err(WRONG);
        }
        let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
        Ok(Self(days_before_year(year) + months + day - 1))
    }
}

/// Days from 1970-01-01 to the first day of a year.
fn days_before_year(year: i64) -> i64 {
    let leap_years_to = |year: i64| year / 4 - year / 100 + year / 400;
    365 * (year - 1970) + leap_years_to(year - 1) - leap_years_to(1969)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_and_read() {
        let cases = [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_722, "2023-12-31"),
            (19_723, "2024-01-01"),
            (19_782, "2024-02-29"),
            (47_541, "2100-03-01"),
        ];
        for (days, text) in cases {
            assert_eq!(Day(days).to_string(), text);
            assert_eq!(text.parse(), Ok(Day(days)));
        }
        for days in (0..60_000).step_by(7) {
            assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-1-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "1969-12-31",
            "2026-01-+1",
            "2026/01/01",
            "26é01-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_offset_moves_the_day() {
        let at = 1_767_222_000_000; // 2025-12-31T23:00:00Z
        let shown = |offset| {
            let (day, hour) = local(at, offset);
            format!("{day} {hour}")
        };
        assert_eq!(shown(0), "2025-12-31 23");
        assert_eq!(shown(60), "2026-01-01 0");
        assert_eq!(shown(-660), "2025-12-31 12");
        assert_eq!(local(0, -60), (Day(0), 0));
        assert_eq!(local(u64::MAX, 0).0.to_string(), "9999-12-31");
    }
}
