//! The size of a program that fits into a machine with compressed swap, computed before it starts.
//!
//! Of a program of S bytes, the share that compresses too badly to be stored (see
//! [`crate::corpus::Profile`]) stays in memory; the rest can be swapped out at the sample's ratio,
//! made a little worse by the pool's rounding and the tables. The system's own needs are subtracted
//! beforehand. This is an estimate for choosing a size; the real result is measured.

use crate::corpus::Profile;

/// What kernel, daemon, shell, the sample and the pager's reserve take, in MiB, whatever the size.
const SYSTEM_MIB: f64 = 24.0;

/// Part of the machine's memory that goes to the kernel's heap and tables.
const SYSTEM_SHARE: f64 = 1.0 / 40.0;

/// What the program needs in memory at least to go on at a reasonable speed, in MiB.
const WORKING_SET_MIB: f64 = 16.0;

/// Compressed bytes become pool pages with this loss.
const POOL_LOSS: f64 = 1.06;

/// A page of one repeated word is one no more in the program, where a stamp tells it from the others; it
/// then compresses to some 60 bytes.
const SAME_FILLED_COST: f64 = 0.02;

/// Tables of pager and daemon, as a part of what is stored.
const METADATA_SHARE: f64 = 0.006;

/// The numbers behind a decision about a program's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Memory that programs and the store share, in MiB.
    pub usable_mib: f64,
    /// What one MiB of the program costs when all that can leave has left.
    pub cost_per_mib: f64,
}

impl Budget {
    /// Returns the budget of a machine for programs that look like the sample.
    pub fn new(memory_mib: u32, sample: Profile) -> Self {
        let memory = f64::from(memory_mib);
        let usable_mib = memory - memory * SYSTEM_SHARE - SYSTEM_MIB - WORKING_SET_MIB;
        let stays = sample.incompressible_share;
        let same = sample.same_filled_share();
        let stored = (1.0 - stays - same) * POOL_LOSS / sample.ratio
            + same * SAME_FILLED_COST
            + (1.0 - stays) * METADATA_SHARE;
        Self { usable_mib: usable_mib.max(0.0), cost_per_mib: stays + stored }
    }

    /// Returns the largest size that fits, in MiB.
    pub fn largest_mib(self) -> u32 {
        // Truncation is wanted, and the budget is positive and far below 2^32.
        (self.usable_mib / self.cost_per_mib) as u32
    }

    /// Returns the arithmetic for `size_mib` in words.
    pub fn arithmetic(self, size_mib: u32) -> String {
        format!(
            "{size_mib} MiB x {:.3} = {:.0} MiB when all that can leave memory has left it; \
             {:.0} MiB are usable, so at most {} MiB fit",
            self.cost_per_mib,
            f64::from(size_mib) * self.cost_per_mib,
            self.usable_mib,
            self.largest_mib()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ratio: f64, incompressible_share: f64) -> Profile {
        Profile { pages: 1024, same_filled: 0, ratio, incompressible_share }
    }

    #[test]
    fn one_and_a_half_times_the_memory_fits_at_an_ordinary_ratio() {
        assert!(Budget::new(256, sample(2.5, 0.05)).largest_mib() >= 384);
        assert!(Budget::new(128, sample(2.5, 0.05)).largest_mib() >= 166);
    }

    #[test]
    fn twice_the_memory_fits_at_the_ratio_of_ordinary_programs() {
        assert!(Budget::new(256, sample(2.85, 0.016)).largest_mib() >= 512);
    }

    #[test]
    fn a_sample_of_zeros_is_stored_in_next_to_nothing() {
        let zeros = Profile { same_filled: 1024, ..sample(1.0, 0.0) };
        assert!(Budget::new(256, zeros).largest_mib() > 2048);
    }

    #[test]
    fn badly_compressing_pages_lower_the_size_below_what_was_asked() {
        let budget = Budget::new(256, sample(1.3, 0.4));
        assert!(budget.largest_mib() < 384);
        assert!(budget.arithmetic(384).contains("at most"));
    }

    #[test]
    fn a_machine_too_small_for_the_system_has_nothing_to_give() {
        assert_eq!(Budget::new(16, sample(2.5, 0.0)).largest_mib(), 0);
    }
}
