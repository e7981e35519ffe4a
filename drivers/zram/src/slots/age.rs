//! Ages: when a slot was last used, in the few bits that a slot word has room for.
//!
//! A word keeps the time of its last store or load in units of 64 seconds, modulo 2^12, so the
//! stored value wraps around every three days (a round). To keep an old page from looking young
//! after that, a sweep walks the table four times a round ([`Ages::begin_sweep`]) and sets every
//! age of more than half a round (36 hours) to half a round. So an age stops growing at some time
//! between 36 and 55 hours.
//!
//! Why the bits of an age mean one moment only: after a sweep no age is older than half a round,
//! and no age later than a quarter of a round after that sweep is ever written. So all ages in the
//! table lie within three quarters of a round, whatever the time is now. Only stores sweep: a load
//! never waits for a walk. A load that comes more than a quarter after the sweep writes the latest
//! allowed age, until the next store sweeps.
//!
//! No page can be lost by a wrong age, so memory orders are Relaxed throughout. A walk that runs
//! beside other threads may leave some ages unchanged until the next walk.

use core::sync::atomic::{AtomicU32, Ordering};

/// Seconds of a unit.
const UNIT_SECONDS: u32 = 64;

/// Bits of an age.
pub(super) const AGE_BITS: u32 = 12;

/// Units after which the ages begin anew.
const ROUND: u32 = 1 << AGE_BITS;

/// Age at which a sweep stops the count.
const OLD: u32 = ROUND / 2;

/// Units from one sweep to the next.
const SWEEP: u32 = ROUND / 4;

const _: () = assert!(OLD + SWEEP < ROUND, "an age means one moment");

/// A moment in units, of which the upper bits are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Age(u16);

impl Age {
    pub(super) const fn new(units: u32) -> Self {
        Self((units % ROUND) as u16)
    }

    /// Returns the age of which [`Self::bits`] gave the lowest [`AGE_BITS`] bits; others are left out.
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits as u16 % ROUND as u16)
    }

    /// Returns the age as a number of [`AGE_BITS`] bits.
    pub(super) fn bits(self) -> u64 {
        u64::from(self.0)
    }
}

/// What the ages of one table are counted from.
#[derive(Debug, Default)]
pub(crate) struct Ages {
    /// When the last sweep began, in units.
    swept: AtomicU32,
}

/// A walk over a table that is due.
#[derive(Debug)]
#[must_use = "no other walk comes for this one"]
pub(crate) struct AgeSweep {
    /// When the sweep before this one began, in units.
    before: u32,
    /// When this one begins, in units.
    now: u32,
}

impl Ages {
    /// Returns the age of an access at `now_seconds`.
    pub(crate) fn at(&self, now_seconds: u32) -> Age {
        Age::new((now_seconds / UNIT_SECONDS).min(self.latest()))
    }

    /// Returns the moment of an age, in seconds of the clock that [`Self::at`] was given.
    pub(crate) fn seconds(&self, age: Age) -> u32 {
        moment(age, self.latest()).saturating_mul(UNIT_SECONDS)
    }

    /// Returns the walk that is due at `now_seconds`, to one caller.
    pub(crate) fn begin_sweep(&self, now_seconds: u32) -> Option<AgeSweep> {
        let (before, now) = (self.swept.load(Ordering::Relaxed), now_seconds / UNIT_SECONDS);
        if now < before.saturating_add(SWEEP) {
            return None;
        }
        let claim = self.swept.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed);
        claim.is_ok().then_some(AgeSweep { before, now })
    }

    /// Returns the latest moment that an age can mean, in units.
    fn latest(&self) -> u32 {
        self.swept.load(Ordering::Relaxed).saturating_add(SWEEP)
    }
}

impl AgeSweep {
    /// Returns what an age is to become, if it is too old to stay.
    pub(crate) fn settled(&self, age: Age) -> Option<Age> {
        let oldest = self.now.saturating_sub(OLD);
        let is_old = moment(age, self.before.saturating_add(SWEEP)) < oldest;
        is_old.then(|| Age::new(oldest))
    }
}

/// Returns the last moment up to `latest` that `age` can mean, in units; 0 if that was before all time.
fn moment(age: Age, latest: u32) -> u32 {
    let since = latest.wrapping_sub(u32::from(age.0)) % ROUND;
    latest.saturating_sub(since)
}

#[cfg(test)]
mod tests {
    use super::{Age, Ages, OLD, ROUND, SWEEP, UNIT_SECONDS};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use std::vec::Vec;

    fn seconds(units: u32) -> u32 {
        units * UNIT_SECONDS
    }

    #[test]
    fn an_age_is_exact_to_64_seconds() {
        let ages = Ages::default();
        assert_eq!(ages.seconds(ages.at(1000)), 960);
        assert_eq!(ages.at(960), ages.at(1023));
        assert_ne!(ages.at(1023), ages.at(1024));
    }

    #[test]
    fn a_sweep_is_due_a_quarter_of_a_round_after_the_last_and_for_one_caller() {
        let ages = Ages::default();
        assert!(ages.begin_sweep(seconds(SWEEP) - 1).is_none());
        assert!(ages.begin_sweep(seconds(SWEEP)).is_some());
        assert!(ages.begin_sweep(seconds(SWEEP)).is_none());
    }

    #[test]
    fn an_access_long_after_the_last_sweep_gets_the_latest_age() {
        let ages = Ages::default();
        assert_eq!(ages.seconds(ages.at(seconds(10 * ROUND))), seconds(SWEEP));
    }

    #[test]
    fn a_device_that_is_made_late_has_true_ages_after_its_first_store() {
        let (ages, now) = (Ages::default(), seconds(100 * ROUND) + 77);
        assert!(ages.begin_sweep(now).is_some());
        assert!(now - ages.seconds(ages.at(now)) < UNIT_SECONDS);
    }

    proptest! {
        /// One slot is touched now and then, at steps of any length; each time a store may sweep.
        #[test]
        fn an_age_is_true_until_it_is_old_and_then_stays_old(
            steps in proptest::collection::vec((0..2 * ROUND, proptest::bool::ANY), 1..40),
        ) {
            let (ages, mut slot, mut touched, mut now) = (Ages::default(), Age::default(), 0, 0);
            let sweep = |ages: &Ages, slot: &mut Age, now| {
                let sweep = ages.begin_sweep(seconds(now));
                *slot = sweep.and_then(|it| it.settled(*slot)).unwrap_or(*slot);
            };
            for (step, is_touch) in steps {
                now += step;
                sweep(&ages, &mut slot, now);
                if is_touch {
                    (slot, touched) = (ages.at(seconds(now)), now);
                }
                let said = ages.seconds(slot) / UNIT_SECONDS;
                if now - touched < OLD {
                    prop_assert_eq!(said, touched);
                } else {
                    prop_assert!(said >= touched && now - said >= OLD, "{} {} {}", now, touched, said);
                }
            }
        }
    }

    #[test]
    fn every_age_survives_its_bits() {
        let all: Vec<Age> = (0..ROUND).map(Age::new).collect();
        assert!(all.iter().all(|age| Age::from_bits(age.bits()) == *age));
        assert_eq!(Age::new(ROUND), Age::new(0));
    }
}
