//! What a benchmark found: rows of one table.

use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// One line of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The number of the target that it belongs to, where there is one.
    target_id: Option<&'static str>,
    /// What is measured.
    what: String,
    ours: String,
    /// What it is compared with, and that one's figure.
    peer: String,
    /// The comparison, in words that a number begins.
    ratio: String,
    target: String,
    /// Whether the target is reached, where there is one.
    reached: Option<bool>,
}

impl Row {
    /// A row without a target.
    pub fn new(what: impl Into<String>, ours: impl Into<String>) -> Self {
        Self {
            target_id: None,
            what: what.into(),
            ours: ours.into(),
            peer: String::new(),
            ratio: String::new(),
            target: String::new(),
            reached: None,
        }
    }

    /// What it is compared with.
    #[must_use]
    pub fn beside(mut self, peer: impl Into<String>) -> Self {
        self.peer = peer.into();
        self
    }

    /// We take so many times as long, or use so many times as much.
    #[must_use]
    pub fn times(mut self, ratio: f64) -> Self {
        self.ratio = if ratio >= 0.1 { format!("{ratio:.2} ×") } else { format!("{ratio:.4} ×") };
        self
    }

    /// We are so many times as fast, or use so many times less.
    #[must_use]
    pub fn better_by(mut self, ratio: f64, word: &str) -> Self {
        self.ratio = format!("{ratio:.1} × {word}");
        self
    }

    /// The target that this row answers.
    #[must_use]
    pub fn target(mut self, id: &'static str, target: &str, reached: bool) -> Self {
        self.target_id = Some(id);
        self.target = target.to_owned();
        self.reached = Some(reached);
        self
    }
}

/// Prints rows.
pub fn show(rows: &[Row]) {
    for row in rows {
        print!("  {:<60} {}", row.what, row.ours);
        if !row.peer.is_empty() {
            print!("  |  {}", row.peer);
        }
        if !row.ratio.is_empty() {
            print!("  |  {}", row.ratio);
        }
        if let (Some(id), Some(reached)) = (row.target_id, row.reached) {
            print!("  |  {id} {}: {}", row.target, if reached { "reached" } else { "MISSED" });
        }
        println!();
    }
}

/// Keeps rows for whoever makes the table.
pub fn keep(name: &str, rows: &[Row]) -> Result<()> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(rows)?)?;
    Ok(())
}

/// Where results lie.
fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../target/benches/results"].iter().collect()
}

/// A duration with three digits.
pub fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..10.0 => format!("{micros:.2} µs"),
        10.0..100.0 => format!("{micros:.1} µs"),
        100.0..1e3 => format!("{micros:.0} µs"),
        1e3..1e5 => format!("{:.1} ms", micros / 1e3),
        1e5..1e6 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

/// How often something happens in a second that takes so long.
pub fn rate(time: Duration) -> String {
    format!("{} a second", thousands((1.0 / time.as_secs_f64()) as u64))
}

/// A whole number with commas.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes, in the unit that fits.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        ..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} KB", bytes / 1_024),
        _ => format!("{} MB", bytes / (1_024 * 1_024)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(time(Duration::from_nanos(23_456)), "23.5 µs");
        assert_eq!(time(Duration::from_micros(4_321)), "4.3 ms");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(12), "12");
        assert_eq!(rate(Duration::from_micros(20)), "50,000 a second");
    }
}
