//! The time in seconds without a system call for each record: a page fault should not pay for a
//! precise clock, as a resolution of 16 seconds is enough.
//!
//! A thread reads the machine's clock once, and again when the processor's tick count has advanced
//! by [`FRESH_TICKS`] or seems to have gone back, as it may on another CPU. Between two reads the
//! time stands still, so it is never ahead and lags by a second or so; on a CPU whose tick count is
//! behind another's, the lag also includes that difference.

/// Ticks for which an answer is good: a quarter of a second at 4 GHz, a second at 1 GHz.
const FRESH_TICKS: u64 = 1 << 30;

const NS_PER_S: u64 = 1_000_000_000;

/// One thread's view of the time.
#[derive(Debug, Default)]
pub(crate) struct CoarseClock {
    last: Option<Answer>,
}

/// What the machine's clock said.
#[derive(Clone, Copy, Debug)]
struct Answer {
    seconds: u32,
    ticks: u64,
}

impl CoarseClock {
    /// Returns whole seconds of `now_ns`, which is asked only if the last answer is no longer good at
    /// `ticks`. They wrap after 136 years.
    pub(crate) fn seconds(&mut self, ticks: u64, now_ns: impl FnOnce() -> u64) -> u32 {
        let good = self.last.filter(|last| ticks.wrapping_sub(last.ticks) < FRESH_TICKS);
        let ask = || Answer { seconds: (now_ns() / NS_PER_S) as u32, ticks };
        self.last.insert(good.unwrap_or_else(ask)).seconds
    }
}

#[cfg(test)]
mod tests {
    use super::{CoarseClock, FRESH_TICKS};

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn the_clock_is_asked_once_while_its_answer_is_good() {
        let mut clock = CoarseClock::default();
        assert_eq!(clock.seconds(7, || 3 * SECOND), 3);
        assert_eq!(clock.seconds(7 + FRESH_TICKS - 1, || unreachable!("it is not asked")), 3);
    }

    #[test]
    fn the_clock_is_asked_again_when_its_answer_is_old() {
        let mut clock = CoarseClock::default();
        assert_eq!(clock.seconds(7, || 3 * SECOND), 3);
        assert_eq!(clock.seconds(7 + FRESH_TICKS, || 9 * SECOND + 1), 9);
        assert_eq!(clock.seconds(8 + FRESH_TICKS, || unreachable!("it is not asked")), 9);
    }

    #[test]
    fn the_clock_is_asked_again_on_a_cpu_whose_ticks_lie_behind() {
        let mut clock = CoarseClock::default();
        assert_eq!(clock.seconds(1000, || 3 * SECOND), 3);
        assert_eq!(clock.seconds(999, || 4 * SECOND), 4);
    }
}
