//! The named points at which servers are made to end: each in its turn, and counted.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::collections::BTreeMap;
use twobot_store::points::POINTS;

/// How often a point is passed until a server ends there.
const PASSED: std::ops::Range<u32> = 1..12;

/// A course with so many kills must have met every point.
const ALL_ARE_MET: u32 = 50;

/// The points of a course.
pub(crate) struct Points {
    random: StdRng,
    /// Those of this round that are still to come.
    round: Vec<&'static str>,
    met: BTreeMap<&'static str, u32>,
}

impl Points {
    /// None was met yet. The order within a round is by chance.
    pub(crate) fn new(random: StdRng) -> Self {
        Self { random, round: Vec::new(), met: BTreeMap::new() }
    }

    /// The next one, and how often it is to be passed.
    pub(crate) fn next(&mut self) -> (&'static str, u32) {
        if self.round.is_empty() {
            self.round = POINTS.to_vec();
            self.round.shuffle(&mut self.random);
        }
        let times = self.random.random_range(PASSED);
        (self.round.pop().unwrap_or(POINTS[0]), times)
    }

    /// A server ended at one.
    pub(crate) fn was_met(&mut self, point: &'static str) {
        *self.met.entry(point).or_default() += 1;
    }

    /// How often each was met, in the order in which a delivery passes them.
    pub(crate) fn counts(&self) -> [(&'static str, u32); POINTS.len()] {
        POINTS.map(|point| (point, self.met.get(point).copied().unwrap_or_default()))
    }

    /// How often any was met.
    pub(crate) fn met(&self) -> u32 {
        self.met.values().sum()
    }

    /// Those that a course with so many kills should have met and did not.
    pub(crate) fn missed(&self, kills: u32) -> Vec<&'static str> {
        let counts = self.counts().into_iter().filter(|(_, times)| kills >= ALL_ARE_MET && *times == 0);
        counts.map(|(point, _)| point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn each_point_comes_once_in_a_round() {
        let mut points = Points::new(StdRng::seed_from_u64(1));
        for _ in 0..3 {
            let mut round: Vec<_> = POINTS.iter().map(|_| points.next().0).collect();
            round.sort_unstable();
            let mut all = POINTS;
            all.sort_unstable();
            assert_eq!(round, all);
        }
    }

    #[test]
    fn who_killed_often_enough_has_met_them_all() {
        let mut points = Points::new(StdRng::seed_from_u64(1));
        for point in &POINTS[1..] {
            points.was_met(point);
        }
        assert_eq!((points.met(), points.missed(49)), (10, vec![]));
        assert_eq!(points.missed(50), [POINTS[0]]);
    }
}
