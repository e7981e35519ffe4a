//! When a device's pool is compacted without a request: the decisions, without the pool.
//!
//! Frees leave gaps, and a page of the pool is released only when it is empty. So the actor looks
//! at each device every [`LOOK_NS`], and less often while nothing changes. It has a pool compacted
//!
//! - once it is quiet, which it is when nothing changed between two looks, if enough has changed since
//!   the last time and more than a hundredth of the pool is gaps;
//! - while it is busy, when much more of it is gaps than after the last time.
//!
//! A compaction leaves some gaps, too: objects are rounded up to their class, and each class has a
//! page that is not full. The gaps that it left are what the next one can reach, so no compaction
//! is tried again in vain. This does not hold after a compaction that freed much: gaps that other
//! threads made meanwhile may lie where it had passed already. So another follows when the pool is
//! quiet, until one frees little.
//!
//! The work is cut into steps, and after each the actor rests for [`RESTS_PER_STEP`] times as long as it took,
//! so that programs keep the CPU. Neighbour: `compactions.rs` has the steps, `actor.rs` does them.

use zram::{PAGE_SIZE, Statistics};
use zram_lifecycle::DeviceId;

use crate::devices::DEVICES_MAX;

/// Between two looks at devices that change. A person who waits for memory to come back waits for two.
pub(super) const LOOK_NS: u64 = 1_000_000_000;

/// Between two looks while no device has changed.
pub(super) const QUIET_LOOK_NS: u64 = 4_000_000_000;

/// The rest after a step, in steps: a fifth of one CPU is for compacting.
pub(super) const RESTS_PER_STEP: u64 = 4;

/// Gaps of a busy pool that are worth a compaction, beyond those the last one left: a sixteenth of the
/// pool.
const BUSY_PART: u64 = 16;

/// As few pages as nobody misses.
const FEW_PAGES: u64 = 8;

/// What is known of a pool at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    used_bytes: u64,
    stored_bytes: u64,
}

/// What was seen of one device.
#[derive(Clone, Copy, Debug, Default)]
struct Watched {
    /// At the last look.
    seen: Measure,
    /// After the last compaction.
    settled: Measure,
}

/// All devices, and when to look at them next.
#[derive(Debug)]
pub(super) struct Tidying {
    devices: [Watched; DEVICES_MAX],
    next_look_ns: u64,
    has_changed: bool,
}

impl From<Statistics> for Measure {
    fn from(statistics: Statistics) -> Self {
        let Statistics { mem_used_total, compr_data_size, .. } = statistics;
        Self { used_bytes: mem_used_total, stored_bytes: compr_data_size }
    }
}

impl Measure {
    /// No pool.
    const NONE: Self = Self { used_bytes: 0, stored_bytes: 0 };

    const fn gap_bytes(self) -> u64 {
        self.used_bytes.saturating_sub(self.stored_bytes)
    }

    /// Returns a two hundredth of the pool, or a few pages if that is more.
    fn much_bytes(self) -> u64 {
        (self.used_bytes / 200).max(FEW_PAGES * PAGE_SIZE as u64)
    }

    /// Returns whether more than that came or went.
    fn differs_much_from(self, other: Self) -> bool {
        let is_much = |now: u64, then: u64| now.abs_diff(then) > self.much_bytes();
        is_much(self.used_bytes, other.used_bytes) || is_much(self.stored_bytes, other.stored_bytes)
    }
}

impl Watched {
    /// Looks at the pool again; returns whether to compact it now.
    fn look(&mut self, now: Measure) -> bool {
        let is_quiet = now == self.seen;
        self.seen = now;
        let gap_bytes = now.gap_bytes();
        if is_quiet {
            return gap_bytes > now.used_bytes / 100 && now.differs_much_from(self.settled);
        }
        // What the last one left, of a pool as large as this one.
        let Measure { used_bytes, .. } = self.settled;
        let left_bytes = u128::from(self.settled.gap_bytes()) * u128::from(now.used_bytes);
        let left_bytes = left_bytes.checked_div(u128::from(used_bytes)).unwrap_or(0) as u64;
        let few_bytes = FEW_PAGES * PAGE_SIZE as u64;
        gap_bytes > left_bytes + (now.used_bytes / BUSY_PART).max(few_bytes)
    }
}

impl Tidying {
    /// Returns nothing seen yet.
    pub(super) const fn new() -> Self {
        let watched = Watched { seen: Measure::NONE, settled: Measure::NONE };
        Self { devices: [watched; DEVICES_MAX], next_look_ns: 0, has_changed: true }
    }

    /// Returns when the devices are to be looked at.
    pub(super) const fn next_look_ns(&self) -> u64 {
        self.next_look_ns
    }

    /// Looks at a device; returns whether its pool is to be compacted.
    pub(super) fn look(&mut self, id: DeviceId, now: Measure) -> bool {
        let watched = &mut self.devices[id.index()];
        self.has_changed |= watched.seen != now;
        watched.look(now)
    }

    /// Ends a look at all devices.
    pub(super) fn looked(&mut self, now_ns: u64) {
        let pause_ns = if self.has_changed { LOOK_NS } else { QUIET_LOOK_NS };
        self.next_look_ns = now_ns.saturating_add(pause_ns);
        self.has_changed = false;
    }

    /// Notes what a compaction has left that gave so many pages back.
    pub(super) fn settled(&mut self, id: DeviceId, now: Measure, released_pages: u64) {
        let is_settled = released_pages * PAGE_SIZE as u64 <= now.much_bytes();
        let settled = if is_settled { now } else { Measure::NONE };
        self.devices[id.index()] = Watched { seen: now, settled };
    }

    /// Forgets a device whose pool is gone.
    pub(super) fn forget(&mut self, id: DeviceId) {
        self.devices[id.index()] = Watched { seen: Measure::NONE, settled: Measure::NONE };
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOK_NS, Measure, QUIET_LOOK_NS, Tidying, Watched};
    use zram_lifecycle::DeviceId;

    const MIB: u64 = 1 << 20;

    fn measure(used_bytes: u64, stored_bytes: u64) -> Measure {
        Measure { used_bytes, stored_bytes }
    }

    #[test]
    fn a_pool_is_compacted_once_it_is_quiet_and_not_again_until_it_changes() {
        let mut watched = Watched::default();
        // Some gaps, but it is being filled.
        assert!(!watched.look(measure(50 * MIB, 48 * MIB)));
        assert!(!watched.look(measure(100 * MIB, 95 * MIB)));
        assert!(watched.look(measure(100 * MIB, 95 * MIB)), "nothing has changed");
        let left = measure(97 * MIB, 95 * MIB);
        watched = Watched { seen: left, settled: left };
        for _ in 0..3 {
            assert!(!watched.look(left), "two hundredths are what it could not gain");
        }
        let later = measure(96 * MIB, 85 * MIB);
        assert!(!watched.look(measure(96 * MIB, 91 * MIB)));
        assert!(watched.look(later), "an eighth is gaps, so it is time though it is busy");
    }

    #[test]
    fn a_pool_without_gaps_or_without_pages_is_left_alone() {
        let mut watched = Watched::default();
        for pool in [measure(0, 0), measure(100 * MIB, 100 * MIB - 1), measure(0, 0)] {
            assert!(!watched.look(pool));
            assert!(!watched.look(pool));
        }
    }

    #[test]
    fn the_pool_of_a_program_that_has_ended_is_within_a_hundredth() {
        let left = measure(100 * MIB, 99 * MIB);
        let mut watched = Watched { seen: left, settled: left };
        // Whatever was freed and left gaps, it is seen within two looks.
        for freed_mib in 1..99 {
            let now = measure(100 * MIB - freed_mib * MIB / 2, (99 - freed_mib) * MIB);
            let is_seen = watched.look(now) || watched.look(now);
            let is_within = now.gap_bytes() <= now.used_bytes / 100;
            assert!(is_seen || is_within, "{freed_mib} MiB freed");
            watched = Watched { seen: left, settled: left };
        }
    }

    #[test]
    fn gaps_that_were_made_during_a_compaction_are_seen_after_it() {
        let id = DeviceId::new(0).unwrap();
        let mut tidying = Tidying::new();
        // Most of what was stored went while the pool was compacted, behind where that was.
        let left = measure(3 * MIB, MIB);
        tidying.settled(id, left, 9000);
        assert!(tidying.look(id, left), "two thirds are gaps, and nothing changes");
        let rest = measure(MIB + MIB / 8, MIB);
        tidying.settled(id, rest, 480);
        assert!(tidying.look(id, rest), "it may not have been the end");
        tidying.settled(id, rest, 1);
        for _ in 0..3 {
            assert!(!tidying.look(id, rest), "an eighth is what it could not gain");
        }
    }

    #[test]
    fn looks_are_rarer_while_nothing_changes() {
        let id = DeviceId::new(0).unwrap();
        let mut tidying = Tidying::new();
        let mut pauses = Vec::new();
        for used_mib in [1, 1, 1, 2, 2] {
            tidying.look(id, measure(used_mib * MIB, MIB));
            tidying.looked(0);
            pauses.push(tidying.next_look_ns());
        }
        assert_eq!(pauses, [LOOK_NS, QUIET_LOOK_NS, QUIET_LOOK_NS, LOOK_NS, QUIET_LOOK_NS]);
    }
}
