//! Sides that are measured in turns, round by round.

use anyhow::Result;
use std::time::{Duration, Instant};

/// What one side of a race does in one round: gives the time of the part that counts.
pub type Side<'a> = Box<dyn FnMut() -> Result<Duration> + 'a>;

/// What came of a race: for each side the time of each round.
pub struct Times(Vec<Vec<Duration>>);

/// Lets all sides run once in each round, each round beginning with another one, after one round that does not count.
pub fn race<const N: usize>(rounds: u32, mut sides: [Side<'_>; N]) -> Result<Times> {
    let mut times = vec![Vec::new(); N];
    for side in &mut sides {
        side()?;
    }
    for round in 0..rounds as usize {
        for place in 0..N {
            let side = (round + place) % N;
            times[side].push(sides[side]()?);
        }
    }
    Ok(Times(times))
}

/// The time that something takes.
pub fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

impl Times {
    /// The times of a side, round by round.
    pub fn of(&self, side: usize) -> &[Duration] {
        &self.0[side]
    }

    /// A side's time for one of `count` equal pieces of its round: the median of the rounds.
    pub fn median(&self, side: usize, count: u32) -> Duration {
        median(self.0[side].iter().map(|time| time.as_secs_f64()).collect(), Duration::from_secs_f64) / count
    }

    /// How many times as long one side takes as another: the median of the ratios of neighbouring rounds, so that whatever
    /// slows a moment of the machine slows both.
    pub fn ratio(&self, side: usize, to: usize) -> f64 {
        let pairs = self.0[side].iter().zip(&self.0[to]);
        median(pairs.map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect(), |ratio| ratio)
    }
}

/// The middle of some numbers.
pub fn median<T>(mut numbers: Vec<f64>, into: impl FnOnce(f64) -> T) -> T {
    numbers.sort_by(f64::total_cmp);
    into(numbers.get(numbers.len() / 2).copied().unwrap_or_default())
}

/// The time below which `share` of all are.
pub fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    let place = (times.len() as f64 * share) as usize;
    times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_neighbouring_rounds() {
        let ms = |numbers: [u64; 3]| numbers.map(Duration::from_millis).to_vec();
        // The machine is slow in the second round, for both.
        let times = Times(vec![ms([20, 900, 20]), ms([10, 450, 11])]);
        assert!((times.ratio(0, 1) - 2.0).abs() < 1e-9);
        assert_eq!(times.median(0, 2), Duration::from_millis(10));
    }

    #[test]
    fn percentiles() {
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 0.5).as_millis(), 51);
        assert_eq!(percentile(&mut times, 0.99).as_millis(), 100);
    }
}
