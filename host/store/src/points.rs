//! Named points at which a build for tests can be made to end, as by a power cut.
//!
//! Between a delivery and its answer there are moments in which something is done and not yet recorded, or recorded and not yet told.
//! A kill by the clock seldom meets them. The crash test names one of these points in `TWOBOT_CRASH_POINT=<point>:<n>`, and the process
//! ends when it comes there for the n-th time. In a release build there is nothing of this.

/// Every point, in the order in which a delivery passes them.
pub const POINTS: [&str; 11] = [
    "ingest-before-commit",
    "ingest-after-commit",
    "decode-before-commit",
    "decode-after-commit",
    "run-before-commit",
    "run-after-commit",
    "journal-after-intent",
    "journal-before-answer",
    "effect-after-intent",
    "effect-after-call",
    "effect-after-commit",
];

/// The variable that names a point and how often it is passed.
pub const VARIABLE: &str = "TWOBOT_CRASH_POINT";

/// The process ends here where that was asked for.
#[inline]
pub fn reach(point: &'static str) {
    debug_assert!(POINTS.contains(&point), "{point} is not in the list");
    #[cfg(debug_assertions)]
    asked::reach(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

/// Whether what [`VARIABLE`] says can be done.
///
/// # Errors
/// What is wrong with it: a point that is not known, no number, or a build that has no points.
pub fn check() -> Result<(), String> {
    let Ok(text) = std::env::var(VARIABLE) else { return Ok(()) };
    if !cfg!(debug_assertions) {
        return Err(format!("{VARIABLE} is for tests; this build has no such points"));
    }
    parse(&text).map(drop)
}

fn parse(text: &str) -> Result<(&'static str, u64), String> {
    let wrong =
        || format!("{VARIABLE}: `{text}` must be <point>:<n>, the point one of {}", POINTS.join(", "));
    let (point, times) = text.split_once(':').ok_or_else(wrong)?;
    let point = POINTS.into_iter().find(|known| *known == point).ok_or_else(wrong)?;
    let times = times.parse().ok().filter(|times| *times > 0).ok_or_else(wrong)?;
    Ok((point, times))
}

#[cfg(debug_assertions)]
mod asked {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static ASKED: LazyLock<Option<(&'static str, u64)>> =
        LazyLock::new(|| super::parse(&std::env::var(super::VARIABLE).ok()?).ok());
    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub(super) fn reach(point: &'static str) {
        if let Some((asked, times)) = *ASKED
            && asked == point
            && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == times
        {
            // Nothing is cleaned up and nothing is told, as when the power goes.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_and_a_number_are_asked_for() {
        assert_eq!(parse("run-before-commit:3"), Ok(("run-before-commit", 3)));
        for wrong in ["run-before-commit", "run-before-commit:0", "run-before-commit:x", "nowhere:1", ""] {
            assert!(parse(wrong).unwrap_err().contains("ingest-before-commit"), "{wrong}");
        }
    }
}
