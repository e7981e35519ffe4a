//! A compressor: an algorithm at one of its levels.
//!
//! Levels are Linux's for the same algorithm. The level of `lz4` is LZ4's acceleration: 1 is the
//! densest and the default; from 2 on a quicker tier of the encoder is used, and the higher the
//! level, the larger its steps over bytes that do not repeat. `pagelz` is ours and counts as zstd
//! does: 1 is the quickest and the default, 2 looks at every place, 3 to 5 choose among all ways to
//! cut the page, and 6 to 9 are the parses of 2 to 5 with coded blocks, which load more slowly. Any
//! block of an algorithm can be decoded, whatever level made it.

use core::ops::RangeInclusive;

use super::{Algorithm, pagelz};

/// What a device compresses with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compressor {
    algorithm: Algorithm,
    level: i32,
}

/// The algorithm has no such level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchLevel;

impl Compressor {
    /// What a device has unless it is told otherwise.
    pub const DEFAULT: Self = Self::of(Algorithm::DEFAULT);

    /// Returns the algorithm at its default level.
    #[must_use]
    pub const fn of(algorithm: Algorithm) -> Self {
        Self { algorithm, level: *algorithm.levels().start() }
    }

    /// Returns the algorithm at `level`.
    ///
    /// # Errors
    /// [`NoSuchLevel`] for one that is not in [`Algorithm::levels`].
    pub fn with_level(algorithm: Algorithm, level: i32) -> Result<Self, NoSuchLevel> {
        let is_legal = algorithm.levels().contains(&level);
        is_legal.then_some(Self { algorithm, level }).ok_or(NoSuchLevel)
    }

    /// Returns the algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        self.algorithm
    }

    /// Returns the level.
    #[must_use]
    pub const fn level(self) -> i32 {
        self.level
    }
}

impl Algorithm {
    /// Returns the levels that the algorithm has; the first is the default.
    #[must_use]
    pub const fn levels(self) -> RangeInclusive<i32> {
        /// LZ4's own end (`LZ4_ACCELERATION_MAX`).
        const ACCELERATION_MAX: i32 = 65_537;
        match self {
            Self::Pagelz => 1..=pagelz::LEVEL_MAX,
            Self::Lz4 => 1..=ACCELERATION_MAX,
            Self::Lz4Safe => 1..=1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Compressor, NoSuchLevel};
    use crate::Algorithm;

    #[test]
    fn every_algorithm_has_its_default_level_and_none_outside_its_range() {
        for &algorithm in Algorithm::ALL {
            let default = Compressor::of(algorithm);
            assert_eq!(Compressor::with_level(algorithm, default.level()), Ok(default));
            assert_eq!(Compressor::with_level(algorithm, 0), Err(NoSuchLevel));
            let above = algorithm.levels().end() + 1;
            assert_eq!(Compressor::with_level(algorithm, above), Err(NoSuchLevel));
        }
    }
}
