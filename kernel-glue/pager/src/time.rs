//! The pager's own time: the kernel's clock, or ticks when that stands still.
//!
//! Deadlines (a stuck daemon, a rest, a grant that nobody fetches) must come also on a machine whose
//! clock the kernel cannot read. So when the clock has not moved for [`STILL_TICKS`] ticks, each
//! further one counts as [`TICK_NS`]. That never makes a moving clock go faster.

/// What a tick counts when the clock stands still. Ticks of all CPUs count, so this is on the slow
/// side: one of 250 a second on one CPU takes four times as long as the clock would.
pub const TICK_NS: u64 = 1_000_000;

/// Ticks without a move of the clock that a coarse one may have.
const STILL_TICKS: u32 = 64;

/// What is added to the clock.
#[derive(Debug, Default)]
pub(crate) struct Time {
    last_ns: u64,
    still: u32,
    added_ns: u64,
}

impl Time {
    /// Returns the time when the clock says `clock_ns`.
    pub(crate) fn at(&self, clock_ns: u64) -> u64 {
        clock_ns.saturating_add(self.added_ns)
    }

    /// The timer ticks.
    pub(crate) fn tick(&mut self, clock_ns: u64) {
        if clock_ns != self.last_ns {
            (self.last_ns, self.still) = (clock_ns, 0);
        } else if self.still < STILL_TICKS {
            self.still = self.still.wrapping_add(1);
        } else {
            self.added_ns = self.added_ns.saturating_add(TICK_NS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_moves_is_the_time() {
        let mut time = Time::default();
        (0..1000_u64).for_each(|tick| time.tick(tick / 10));
        assert_eq!(time.at(99), 99);
    }

    #[test]
    fn ticks_count_when_the_clock_stands_still() {
        let mut time = Time::default();
        (0..10_000 + STILL_TICKS).for_each(|_| time.tick(0));
        assert_eq!(time.at(0), 10_000 * TICK_NS);
    }
}
