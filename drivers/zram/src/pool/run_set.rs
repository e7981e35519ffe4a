//! A set of run numbers that knows its smallest member in at most four steps.
//!
//! The first 64 runs are the bits of one word, as most classes have no more and a set should cost
//! next to nothing. The others are in three levels of bits, from the heap: a bit of an upper level
//! says that the 64 bits below it are not all zero.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::NoMemory;
use crate::memory::{self, Growth};

/// Runs that a set can hold.
pub(super) const RUNS_MAX: usize = 1 << 16;

/// Runs that need no heap.
const FIRST_RUNS: usize = u64::BITS as usize;

const _: () = assert!(RUNS_MAX - FIRST_RUNS <= 64 * 64 * 64, "three levels hold the others");

/// A set of runs of one class.
#[derive(Debug, Default)]
pub(super) struct RunSet {
    first: u64,
    others: Option<Box<[Levels; 1]>>,
}

/// The members from [`FIRST_RUNS`] on, less that number.
#[derive(Debug, Default)]
struct Levels {
    /// From single runs to the top.
    levels: [Vec<u64>; 3],
}

impl RunSet {
    /// Makes room for runs below `count`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), NoMemory> {
        let Some(count) = count.checked_sub(FIRST_RUNS).filter(|count| *count > 0) else {
            return Ok(());
        };
        if self.others.is_none() {
            self.others = Some(memory::boxed_array(Levels::default)?);
        }
        self.others
            .iter_mut()
            .flat_map(|others| others.iter_mut())
            .try_for_each(|it| it.reserve(count))
    }

    /// Adds `run`, for which there is room, or takes it out.
    pub(super) fn set(&mut self, run: usize, is_member: bool) {
        if run < FIRST_RUNS {
            self.first = self.first & !(1 << run) | u64::from(is_member) << run;
        } else if let Some([others]) = self.others.as_deref_mut() {
            let run = run - FIRST_RUNS;
            if is_member { others.insert(run) } else { others.remove(run) }
        }
    }

    /// Returns the smallest member.
    pub(super) fn first(&self) -> Option<usize> {
        if self.first != 0 {
            return Some(self.first.trailing_zeros() as usize);
        }
        let [others] = self.others.as_deref()?;
        others.first().map(|run| run + FIRST_RUNS)
    }

    /// Returns the bytes of heap that the set takes.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.others.as_deref().map_or(0, |[others]| size_of::<Levels>() + others.metadata_bytes())
    }
}

impl Levels {
    fn reserve(&mut self, count: usize) -> Result<(), NoMemory> {
        let mut bits = count;
        for level in &mut self.levels {
            let words = bits.div_ceil(64);
            memory::grow(level, words, Growth { step: 0, end: words }, || 0)?;
            bits = words;
        }
        Ok(())
    }

    fn insert(&mut self, run: usize) {
        let mut bit = run;
        for level in &mut self.levels {
            level[bit / 64] |= 1 << (bit % 64);
            bit /= 64;
        }
    }

    fn remove(&mut self, run: usize) {
        let mut bit = run;
        for level in &mut self.levels {
            let Some(word) = level.get_mut(bit / 64) else { return };
            *word &= !(1 << (bit % 64));
            if *word != 0 {
                return;
            }
            bit /= 64;
        }
    }

    fn first(&self) -> Option<usize> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let word = level.get(at)?;
            if *word == 0 {
                return None;
            }
            at = at * 64 + word.trailing_zeros() as usize;
        }
        Some(at)
    }

    fn metadata_bytes(&self) -> usize {
        self.levels.iter().map(|level| level.capacity() * size_of::<u64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{RUNS_MAX, RunSet};
    use alloc::collections::BTreeSet;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn the_first_and_the_last_run_fit() {
        let mut set = RunSet::default();
        assert_eq!(set.first(), None);
        set.reserve(RUNS_MAX).expect("memory");
        set.set(RUNS_MAX - 1, true);
        assert_eq!(set.first(), Some(RUNS_MAX - 1));
        set.set(0, true);
        assert_eq!(set.first(), Some(0));
    }

    proptest! {
        #[test]
        fn it_agrees_with_an_ordered_set(steps in proptest::collection::vec((0_usize..5000, any::<bool>()), 0..300)) {
            let (mut set, mut model) = (RunSet::default(), BTreeSet::new());
            for (run, is_member) in steps {
                set.reserve(run + 1).expect("memory");
                set.set(run, is_member);
                if is_member { model.insert(run); } else { model.remove(&run); }
                prop_assert_eq!(set.first(), model.first().copied());
            }
        }
    }
}
