//! Random numbers of a course: everyone who needs some has a row of their own, and all begin with one seed.
//!
//! With the same seed everyone draws the same numbers in the same order: which server is killed after how long and at which point, when a
//! person writes, which piece comes late, which call is answered badly. What the machine does meanwhile is not repeated, so that another
//! message may meet the same trouble.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Where all random numbers of a course begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds(pub(crate) u64);

impl Seeds {
    /// The numbers of one who draws some, by a name that nobody else has.
    pub(crate) fn of(self, name: &str) -> StdRng {
        // FNV-1a: the same in every build, unlike the standard library's hashers.
        let mixed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        StdRng::seed_from_u64(self.0 ^ mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    #[test]
    fn the_same_seed_and_name_draw_the_same() {
        let first = |seed: u64, name: &str| Seeds(seed).of(name).random::<u64>();
        assert_eq!(first(7, "fleet"), first(7, "fleet"));
        assert_ne!(first(7, "fleet"), first(7, "people"));
        assert_ne!(first(7, "fleet"), first(8, "fleet"));
    }
}
