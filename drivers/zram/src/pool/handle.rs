//! The name of an object: its size class, its run in the class and its place in the run.
//!
//! 32 bits: place 7 (at most 128 in a run), run 16, class 9. 2^16 runs are 256 MiB of objects of 32
//! bytes and 16 GiB of whole pages. When a class has no run left, objects go to the next larger
//! class; when the last class has none left either, the store is refused, with another error than
//! for missing memory. A handle read from damaged memory may name anything; the class checks every
//! part of it.

use super::layout::{CLASS_COUNT, PLACES_MAX};
use super::run_set::RUNS_MAX;

const PLACE_BITS: u32 = 7;
const RUN_BITS: u32 = 16;

const _: () = assert!(PLACES_MAX == 1 << PLACE_BITS, "places fit their field");
const _: () = assert!(RUNS_MAX == 1 << RUN_BITS, "runs fit their field");
const _: () = assert!(CLASS_COUNT <= 1 << (32 - RUN_BITS - PLACE_BITS), "classes fit theirs");

/// The opaque name of an object in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(u32);

impl Handle {
    pub(super) fn new(class: usize, run: usize, place: usize) -> Self {
        debug_assert!(class < CLASS_COUNT && run < RUNS_MAX && place < PLACES_MAX);
        Self(((class << RUN_BITS | run) << PLACE_BITS | place) as u32)
    }

    /// Returns the handle that [`Self::bits`] gave. Any other bits make a handle of no object.
    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Returns the handle as a number, for a slot word.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    pub(super) fn class(self) -> usize {
        (self.0 >> (RUN_BITS + PLACE_BITS)) as usize
    }

    pub(super) fn run(self) -> usize {
        (self.0 >> PLACE_BITS) as usize % RUNS_MAX
    }

    pub(super) fn place(self) -> usize {
        self.0 as usize % PLACES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::Handle;
    use crate::pool::layout::{CLASS_COUNT, PLACES_MAX};
    use crate::pool::run_set::RUNS_MAX;
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn every_field_survives(class in 0..CLASS_COUNT, run in 0..RUNS_MAX, place in 0..PLACES_MAX) {
            let handle = Handle::from_bits(Handle::new(class, run, place).bits());
            prop_assert_eq!((handle.class(), handle.run(), handle.place()), (class, run, place));
        }
    }
}
