//! A bitmap with a count and a cursor: free slots, pending notices.
//!
//! `take_first` takes the lowest bit (first fit): the daemon keeps tables for the part of a device
//! that was ever used, which is so no larger than the most that was ever stored. Sized once; used by
//! the slot map.

use alloc::vec::Vec;

const WORD_BITS: u32 = u64::BITS;

/// Bits 0 to `size`, with a count of those set.
#[derive(Debug)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
    size: u32,
    count: u32,
    /// No bit is set in the words before this one.
    cursor: usize,
}

impl Bitmap {
    /// Returns a map of `size` clear bits, or nothing if there is no memory.
    pub(crate) fn new(size: u32) -> Option<Self> {
        let length = usize::try_from(size.div_ceil(WORD_BITS)).ok()?;
        let mut words = Vec::new();
        words.try_reserve_exact(length).ok()?;
        words.resize(length, 0);
        Some(Self { words, size, count: 0, cursor: 0 })
    }

    /// Returns the bytes that the map takes.
    pub(crate) fn size_bytes(&self) -> usize {
        self.words.len().saturating_mul(size_of::<u64>())
    }

    /// Sets every bit.
    pub(crate) fn set_all(&mut self) {
        self.words.fill(u64::MAX);
        let rest = self.size % WORD_BITS;
        if let (Some(last), true) = (self.words.last_mut(), rest != 0) {
            *last = (1_u64 << rest).wrapping_sub(1);
        }
        (self.count, self.cursor) = (self.size, 0);
    }

    /// Returns how many bits are set.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Sets a bit; beyond the end, nothing.
    pub(crate) fn set(&mut self, index: u32) {
        let Ok(at) = usize::try_from(index / WORD_BITS) else { return };
        if index >= self.size {
            return;
        }
        let Some(word) = self.words.get_mut(at) else { return };
        let bit = 1_u64 << (index % WORD_BITS);
        if *word & bit == 0 {
            *word |= bit;
            self.count = self.count.saturating_add(1);
            self.cursor = self.cursor.min(at);
        }
    }

    /// Clears and returns the lowest bit that is set.
    pub(crate) fn take_first(&mut self) -> Option<u32> {
        if self.count == 0 {
            return None;
        }
        let offset = self.words.get(self.cursor..)?.iter().position(|word| *word != 0)?;
        self.cursor = self.cursor.checked_add(offset)?;
        let word = self.words.get_mut(self.cursor)?;
        let bit = word.trailing_zeros();
        *word &= word.wrapping_sub(1);
        self.count = self.count.saturating_sub(1);
        u32::try_from(self.cursor).ok()?.checked_mul(WORD_BITS)?.checked_add(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    #[test]
    fn a_full_map_gives_each_bit_once() {
        let mut map = Bitmap::new(130).unwrap();
        map.set_all();
        let taken: Vec<u32> = core::iter::from_fn(|| map.take_first()).collect();
        assert_eq!(taken, (0..130).collect::<Vec<_>>());
        assert_eq!(map.count(), 0);
    }

    #[test]
    fn bits_that_come_and_go_stay_at_the_beginning() {
        let mut map = Bitmap::new(1000).unwrap();
        map.set_all();
        let mut taken: Vec<u32> = (0..100).filter_map(|_| map.take_first()).collect();
        for turn in 0..10_000 {
            map.set(taken.swap_remove(turn * 7 % 100));
            taken.extend(map.take_first());
        }
        assert!(taken.iter().all(|&bit| bit < 100), "{taken:?}");
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_set(operations in prop::collection::vec(any::<(bool, u32)>(), 1..200)) {
            let mut map = Bitmap::new(150).unwrap();
            let mut model = BTreeSet::new();
            for (set, index) in operations {
                if set {
                    map.set(index % 200);
                    if index % 200 < 150 {
                        model.insert(index % 200);
                    }
                } else {
                    prop_assert_eq!(map.take_first(), model.pop_first());
                }
                prop_assert_eq!(map.count() as usize, model.len());
            }
        }
    }
}
