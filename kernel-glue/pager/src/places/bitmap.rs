//! A bitmap with a count and a cursor: free slots, pending notices.
//!
//! `take_first` takes the lowest bit (first fit), because the daemon keeps tables for the part of a
//! device that was ever used; so that part is no larger than the most that was ever stored. The
//! bitmap grows by pieces of as many bits as a chunk of slots has ([`CHUNK_SLOTS`]), and never
//! moves one; the slot map uses it.

use alloc::vec::Vec;

use crate::memory::{NoMemory, filled};
use crate::places::entries::CHUNK_SLOTS;

const WORD_BITS: u32 = u64::BITS;

/// Words of a piece.
const PIECE_WORDS: u32 = CHUNK_SLOTS.div_ceil(WORD_BITS);

/// Bits in pieces, with a count of those set.
#[derive(Debug, Default)]
pub(crate) struct Bitmap {
    pieces: Vec<Vec<u64>>,
    count: u32,
    /// No bit is set in the words before this one.
    cursor: u32,
}

impl Bitmap {
    /// Adds a piece of clear bits.
    ///
    /// # Errors
    ///
    /// [`NoMemory`]; nothing changes then.
    pub(crate) fn extend(&mut self) -> Result<(), NoMemory> {
        let piece = filled(PIECE_WORDS, 0)?;
        self.pieces.try_reserve(1).map_err(|_| NoMemory)?;
        self.pieces.push(piece);
        Ok(())
    }

    /// Takes all pieces away but the first `kept`; no bit is set in the others.
    pub(crate) fn cut(&mut self, kept: usize) {
        self.pieces.truncate(kept);
        if kept == 0 {
            self.pieces = Vec::new();
        }
        self.cursor = 0;
    }

    /// Returns how many bits are set.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Sets a bit; beyond the end, nothing.
    pub(crate) fn set(&mut self, index: u32) {
        let at = index / WORD_BITS;
        let Some(word) = word_mut(&mut self.pieces, at) else { return };
        let bit = 1_u64 << (index % WORD_BITS);
        if *word & bit == 0 {
            *word |= bit;
            // No more bits than indices, which have this type.
            self.count = self.count.wrapping_add(1);
            self.cursor = self.cursor.min(at);
        }
    }

    /// Clears a bit; returns whether it was set.
    pub(crate) fn clear(&mut self, index: u32) -> bool {
        let Some(word) = word_mut(&mut self.pieces, index / WORD_BITS) else { return false };
        let bit = 1_u64 << (index % WORD_BITS);
        let was_set = *word & bit != 0;
        if was_set {
            *word &= !bit;
            self.count = self.count.wrapping_sub(1);
        }
        was_set
    }

    /// Returns the lowest bit that is set.
    pub(crate) fn first(&mut self) -> Option<u32> {
        if self.count == 0 {
            return None;
        }
        loop {
            let word = word_mut(&mut self.pieces, self.cursor)?;
            if *word != 0 {
                return self.cursor.checked_mul(WORD_BITS)?.checked_add(word.trailing_zeros());
            }
            self.cursor = self.cursor.checked_add(1)?;
        }
    }

    /// Clears and returns the lowest bit that is set, if it is below `end`.
    pub(crate) fn take_first_below(&mut self, end: u32) -> Option<u32> {
        let index = self.first().filter(|index| *index < end)?;
        self.clear(index);
        Some(index)
    }

    /// Clears and returns the lowest bit that is set.
    pub(crate) fn take_first(&mut self) -> Option<u32> {
        self.take_first_below(u32::MAX)
    }

    /// Returns how many bits are set from `index` on. Looks at each word behind it.
    pub(crate) fn count_from(&self, index: u32) -> u32 {
        let mut words = self.pieces.iter().flatten();
        let skipped = usize::try_from(index / WORD_BITS).unwrap_or(usize::MAX);
        let rest = match skipped.checked_sub(1) {
            None => words.next(),
            Some(before) => words.nth(before).and_then(|_| words.next()),
        };
        let above = rest.map_or(0, |word| (word >> (index % WORD_BITS)).count_ones());
        words.map(|word| word.count_ones()).fold(above, u32::wrapping_add)
    }

    /// Clears all bits from `index` on.
    pub(crate) fn clear_from(&mut self, index: u32) {
        let size = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX).saturating_mul(CHUNK_SLOTS);
        (index..size).for_each(|index| {
            self.clear(index);
        });
    }
}

fn word_mut(pieces: &mut [Vec<u64>], at: u32) -> Option<&mut u64> {
    let piece = pieces.get_mut(usize::try_from(at / PIECE_WORDS).ok()?)?;
    piece.get_mut(usize::try_from(at % PIECE_WORDS).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn of_pieces(count: u32) -> Bitmap {
        let mut map = Bitmap::default();
        (0..count).for_each(|_| map.extend().unwrap());
        map
    }

    #[test]
    fn a_full_map_gives_each_bit_once() {
        let mut map = of_pieces(2);
        (0..2 * CHUNK_SLOTS).rev().for_each(|bit| map.set(bit));
        let taken: Vec<u32> = core::iter::from_fn(|| map.take_first()).collect();
        assert_eq!(taken, (0..2 * CHUNK_SLOTS).collect::<Vec<_>>());
        assert_eq!(map.count(), 0);
    }

    #[test]
    fn bits_that_come_and_go_stay_at_the_beginning() {
        let mut map = of_pieces(1);
        (0..1000).for_each(|bit| map.set(bit));
        let mut taken: Vec<u32> = (0..100).filter_map(|_| map.take_first()).collect();
        for turn in 0..10_000 {
            map.set(taken.swap_remove(turn * 7 % 100));
            taken.extend(map.take_first());
        }
        assert!(taken.iter().all(|&bit| bit < 100), "{taken:?}");
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_set(
            operations in prop::collection::vec(any::<(u8, u32)>(), 1..200),
            from in 0..2 * CHUNK_SLOTS,
        ) {
            let (mut map, size) = (of_pieces(2), 2 * CHUNK_SLOTS);
            let mut model = BTreeSet::new();
            for (operation, number) in operations {
                let index = number % (size + 50);
                match operation % 3 {
                    0 => prop_assert_eq!(map.take_first(), model.pop_first()),
                    1 => prop_assert_eq!(map.clear(index), model.remove(&index)),
                    _ => {
                        map.set(index);
                        if index < size {
                            model.insert(index);
                        }
                    }
                }
                prop_assert_eq!(map.count() as usize, model.len());
            }
            prop_assert_eq!(map.count_from(from) as usize, model.range(from..).count());
            map.clear_from(from);
            prop_assert_eq!(map.count() as usize, model.range(..from).count());
        }
    }
}
