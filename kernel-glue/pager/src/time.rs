//! The pager's own time: the kernel's clock, or ticks when that clock stands still.
//!
//! Deadlines (a stuck daemon, a rest, a grant that is not fetched) must also pass on a machine
//! whose clock the kernel cannot read. So when the clock has not moved for [`STILL_TICKS`] ticks,
//! each further one counts as [`TICK_NS`]. A moving clock is never made faster by this.
//!
//! For the daemon another time counts: that in which it could have run ([`Time::served`]). If a
//! machine was stopped for an hour, or a kernel was busy with one long call, the next tick is late,
//! and the daemon could not run before it. So no more than [`TICK_MOST_NS`] of each tick count.

/// What a tick counts when the clock stands still. Ticks of all CPUs count, so this is on the slow
/// side: one of 250 a second on one CPU takes four times as long as the clock would.
pub const TICK_NS: u64 = 1_000_000;

/// What a tick counts at most as time that the daemon had. Ticks come every few milliseconds while programs
/// run.
pub const TICK_MOST_NS: u64 = 100_000_000;

/// Ticks without a move of the clock that a coarse one may have.
const STILL_TICKS: u32 = 64;

/// What is added to the clock.
#[derive(Debug, Default)]
pub(crate) struct Time {
    last_ns: u64,
    still: u32,
    added_ns: u64,
    served_ns: u64,
}

impl Time {
    /// Returns the time when the clock says `clock_ns`.
    pub(crate) fn at(&self, clock_ns: u64) -> u64 {
        clock_ns.saturating_add(self.added_ns)
    }

    /// Returns how much time the daemon has had when the clock says `clock_ns`.
    pub(crate) fn served(&self, clock_ns: u64) -> u64 {
        let since_ns = self.at(clock_ns).saturating_sub(self.at(self.last_ns));
        self.served_ns.saturating_add(since_ns.min(TICK_MOST_NS))
    }

    /// The timer ticks.
    pub(crate) fn tick(&mut self, clock_ns: u64) {
        let before_ns = self.at(self.last_ns);
        self.count(clock_ns);
        let passed_ns = self.at(self.last_ns).saturating_sub(before_ns);
        self.served_ns = self.served_ns.saturating_add(passed_ns.min(TICK_MOST_NS));
    }

    fn count(&mut self, clock_ns: u64) {
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
    fn a_pause_counts_as_one_tick_of_the_daemons_time() {
        let mut time = Time::default();
        time.tick(1_000);
        time.tick(3_600_000_000_000);
        assert_eq!(time.served(3_600_000_000_000), 1_000 + TICK_MOST_NS);
    }

    #[test]
    fn what_has_passed_since_the_last_tick_is_the_daemons_time_too() {
        let mut time = Time::default();
        time.tick(1_000);
        assert_eq!(time.served(1_700), 1_700);
    }

    #[test]
    fn ticks_count_when_the_clock_stands_still() {
        let mut time = Time::default();
        (0..10_000 + STILL_TICKS).for_each(|_| time.tick(0));
        assert_eq!(time.at(0), 10_000 * TICK_NS);
    }
}
