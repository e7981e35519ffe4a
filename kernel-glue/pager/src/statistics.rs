//! What the pager has done, counted; and how long page-ins took.
//!
//! Statistics decide nothing. The histogram is log-linear: 32 steps to each power of two, so a
//! percentile is at most 1/32 too high, in constant space.

use alloc::vec::Vec;

use crate::memory::{NoMemory, filled};

/// Counts since the pager began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Pages stored.
    pub pages_out: u64,
    /// Pages offered to the daemon, whatever it answered.
    pub offered: u64,
    /// Nanoseconds from posting to reply, of all batches together.
    pub store_ns: u64,
    /// Pages brought back.
    pub pages_in: u64,
    /// Pages of zeros dropped without a request.
    pub zero_pages: u64,
    /// Pages that faulted or went while on the way out.
    pub cancelled: u64,
    /// Pages refused because they do not compress.
    pub refused_no_gain: u64,
    /// Pages refused because the pool had no frame, all of a batch behind the first one among them.
    pub refused_no_reserve: u64,
    /// Pages refused because of `mem_limit`.
    pub refused_limit: u64,
    /// Pages lost to damage or a dead daemon.
    pub lost: u64,
    /// Slots the daemon was told to forget.
    pub notices: u64,
    /// Address spaces killed because memory was gone.
    pub killed: u64,
    /// Replies that answered something else than was asked.
    pub bad_replies: u64,
}

const STEP_BITS: u32 = 5;
const STEPS: u32 = 1 << STEP_BITS;
/// Steps of the histogram that are told as one, so that all of them fit into one text.
const STEPS_TOLD_AS_ONE: usize = 2;
const POWERS: u32 = 40;
const BUCKETS: u32 = (POWERS - STEP_BITS + 1) * STEPS;

/// How often which latency was seen, up to 2^40 ns (18 minutes).
#[derive(Clone, Debug)]
pub struct Latencies {
    buckets: Vec<u32>,
    count: u64,
}

/// Latencies that are about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The longest of them in nanoseconds, a sixteenth above the shortest at most.
    pub upper_ns: u64,
    /// How many there were since the beginning.
    pub count: u64,
}

impl Latencies {
    /// Returns an empty histogram.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(super) fn new() -> Result<Self, NoMemory> {
        Ok(Self { buckets: filled(BUCKETS, 0)?, count: 0 })
    }

    pub(super) fn add(&mut self, latency_ns: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket_of(latency_ns)) {
            *bucket = bucket.saturating_add(1);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Returns how many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns each step in which there were some.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let pairs = self.buckets.chunks(STEPS_TOLD_AS_ONE).enumerate();
        pairs.filter_map(|(index, buckets)| {
            let count = buckets.iter().map(|&bucket| u64::from(bucket)).sum();
            let last = index.saturating_mul(STEPS_TOLD_AS_ONE).saturating_add(buckets.len());
            (count > 0).then(|| Step { upper_ns: upper_ns(last.saturating_sub(1)), count })
        })
    }

    /// Returns the nanoseconds that `percent` of them did not exceed; 0 if there were none.
    pub fn percentile_ns(&self, percent: u8) -> u64 {
        let wanted = self.count.saturating_mul(u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0_u64;
        for (index, bucket) in self.buckets.iter().enumerate() {
            seen = seen.saturating_add(u64::from(*bucket));
            if seen >= wanted {
                return upper_ns(index);
            }
        }
        0
    }
}

fn bucket_of(latency_ns: u64) -> usize {
    let power = latency_ns.max(1).ilog2().saturating_sub(STEP_BITS);
    let step = latency_ns >> power;
    let index = u64::from(power).saturating_mul(u64::from(STEPS)).saturating_add(step);
    usize::try_from(index.min(u64::from(BUCKETS.saturating_sub(1)))).unwrap_or(0)
}

fn upper_ns(bucket: usize) -> u64 {
    let next = u64::try_from(bucket).unwrap_or(u64::MAX).saturating_add(1);
    let steps = u64::from(STEPS);
    if next <= steps {
        return next.saturating_sub(1);
    }
    let power = u32::try_from(next >> STEP_BITS).unwrap_or(u32::MAX).saturating_sub(1);
    let step = (next & steps.saturating_sub(1)).saturating_add(steps);
    step.checked_shl(power).unwrap_or(u64::MAX).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_of_nothing_are_zero() {
        assert_eq!(Latencies::new().unwrap().percentile_ns(50), 0);
    }

    #[test]
    fn half_of_the_latencies_lie_at_or_below_the_median() {
        let mut latencies = Latencies::new().unwrap();
        (1..=1000).for_each(|latency| latencies.add(latency * 1000));
        let median = latencies.percentile_ns(50);
        assert!((500_000..=516_000).contains(&median), "{median}");
        let p99 = latencies.percentile_ns(99);
        assert!((990_000..=1_022_000).contains(&p99), "{p99}");
    }

    #[test]
    fn steps_tell_what_was_added_in_order_and_nothing_else() {
        let mut latencies = Latencies::new().unwrap();
        for latency in [0, 1, 5, 56_000, 56_001, 1 << 50] {
            latencies.add(latency);
        }
        let steps: Vec<_> = latencies.steps().collect();
        assert!(steps.is_sorted_by_key(|step| step.upper_ns), "{steps:?}");
        assert_eq!(steps.iter().map(|step| step.count).sum::<u64>(), 6);
        let first = [Step { upper_ns: 1, count: 2 }, Step { upper_ns: 5, count: 1 }];
        assert_eq!(steps[..2], first);
        let Step { upper_ns, count } = steps[2];
        assert!(count == 2 && (56_001..=56_000 + 56_000 / 16).contains(&upper_ns), "{upper_ns}");
    }

    proptest! {
        #[test]
        fn a_bucket_ends_at_most_a_thirty_second_above_its_latencies(latency in 0_u64..1 << 40) {
            let upper = upper_ns(bucket_of(latency));
            prop_assert!(upper >= latency);
            prop_assert!(upper <= latency + latency / 32 + 1);
        }
    }
}
