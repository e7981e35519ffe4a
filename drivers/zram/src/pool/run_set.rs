//! A set of run numbers that knows its smallest member in three steps.
//!
//! Three levels of bits: a bit of an upper level says that the 64 bits below it are not all zero.
//! One bit per run and class, so it costs next to nothing.

use alloc::vec::Vec;

use crate::{NoMemory, memory};

/// Runs that a set can hold: three levels of 64.
pub(super) const RUNS_MAX: usize = 64 * 64 * 64;

/// A set of runs of one class.
#[derive(Debug, Default)]
pub(super) struct RunSet {
    /// From single runs to the top.
    levels: [Vec<u64>; 3],
}

impl RunSet {
    /// Makes room for runs below `count`.
    pub(super) fn reserve(&mut self, count: usize) -> Result<(), NoMemory> {
        let mut bits = count;
        for level in &mut self.levels {
            let words = bits.div_ceil(64);
            memory::grow(level, words, (0, words), || 0)?;
            bits = words;
        }
        Ok(())
    }

    /// Adds `run`, for which there is room.
    pub(super) fn insert(&mut self, run: usize) {
        let mut bit = run;
        for level in &mut self.levels {
            level[bit / 64] |= 1 << (bit % 64);
            bit /= 64;
        }
    }

    /// Takes `run` out.
    pub(super) fn remove(&mut self, run: usize) {
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

    /// Adds or takes out.
    pub(super) fn set(&mut self, run: usize, is_member: bool) {
        if is_member { self.insert(run) } else { self.remove(run) }
    }

    /// Returns the smallest member.
    pub(super) fn first(&self) -> Option<usize> {
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

    /// Returns the bytes of heap that the set takes.
    pub(super) fn metadata_bytes(&self) -> usize {
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
        set.insert(RUNS_MAX - 1);
        assert_eq!(set.first(), Some(RUNS_MAX - 1));
        set.insert(0);
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
