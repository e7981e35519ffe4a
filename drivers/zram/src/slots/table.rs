//! The slot table: a directory of leaves, each allocated when one of its slots is first stored.
//!
//! A device of 100 GiB costs 200 KiB until it is used. A leaf is 1024 slots in chunks of 16: two
//! cache lines of words and one of ages, so a slot's word and age are neighbours and a leaf is three
//! pages. Leaves are never given back while the device lives: a reader needs no lock to walk them.
//!
//! Memory orders: a word is published with Release and read with Acquire, so whoever sees a word
//! sees the object written before it. Ages are Relaxed: an age is a hint that nothing is decided by
//! together with another field.

use alloc::vec::Vec;
use core::array;
use core::sync::atomic::AtomicU32;

use once_cell::race::OnceBox;

use super::{SlotState, SlotWord};
use crate::sync::{AtomicU64, Ordering};
use crate::{NoMemory, memory};

const SLOTS_PER_CHUNK: usize = 16;
/// Loom keeps a history for every word: a model gets as few as there can be.
const CHUNKS_PER_LEAF: usize = if cfg!(loom) { 1 } else { 64 };
const SLOTS_PER_LEAF: usize = SLOTS_PER_CHUNK * CHUNKS_PER_LEAF;

/// Words and ages of 16 slots.
#[derive(Debug)]
#[repr(align(64))]
struct Chunk {
    words: [AtomicU64; SLOTS_PER_CHUNK],
    ages: [AtomicU32; SLOTS_PER_CHUNK],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Chunk>() == 3 * 64, "a chunk is three cache lines");

type Leaf = [Chunk; CHUNKS_PER_LEAF];

/// The slots of one device.
#[derive(Debug)]
pub(crate) struct SlotTable {
    directory: Vec<OnceBox<Leaf>>,
    slot_count: u32,
}

/// One slot of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    word: &'a AtomicU64,
    age: &'a AtomicU32,
}

impl SlotTable {
    /// Returns a table of `slot_count` free slots.
    pub(crate) fn new(slot_count: u32) -> Result<Self, NoMemory> {
        let leaf_count = (slot_count as usize).div_ceil(SLOTS_PER_LEAF);
        Ok(Self { directory: memory::filled(leaf_count, OnceBox::new)?, slot_count })
    }

    /// Returns how many slots there are.
    pub(crate) fn slot_count(&self) -> u32 {
        self.slot_count
    }

    /// Returns the slot if its leaf is there. Without a leaf, the slot is free.
    pub(crate) fn get(&self, slot: u32) -> Option<Entry<'_>> {
        let leaf = self.directory.get(slot as usize / SLOTS_PER_LEAF)?.get()?;
        Some(entry(leaf, slot))
    }

    /// Returns the slot, whose leaf is allocated if need be.
    ///
    /// # Errors
    /// [`NoMemory`] when there is none for the leaf (12 KiB).
    ///
    /// # Panics
    /// If there is no such slot: the caller has checked that.
    pub(crate) fn get_or_allocate(&self, slot: u32) -> Result<Entry<'_>, NoMemory> {
        assert!(slot < self.slot_count, "slot {slot} of {}", self.slot_count);
        let place = &self.directory[slot as usize / SLOTS_PER_LEAF];
        let leaf = place.get_or_try_init(|| memory::boxed_array(Chunk::free))?;
        Ok(entry(leaf, slot))
    }

    /// Calls `visit` with every slot of `first..end` whose leaf is there.
    pub(crate) fn for_each(&self, first: u32, end: u32, mut visit: impl FnMut(u32, Entry<'_>)) {
        let end = end.min(self.slot_count);
        let mut slot = first;
        while slot < end {
            let leaf_end = (slot / SLOTS_PER_LEAF as u32)
                .saturating_add(1)
                .saturating_mul(SLOTS_PER_LEAF as u32)
                .min(end);
            if let Some(leaf) = self.directory[slot as usize / SLOTS_PER_LEAF].get() {
                (slot..leaf_end).for_each(|slot| visit(slot, entry(leaf, slot)));
            }
            slot = leaf_end;
        }
    }

    /// Returns the bytes that directory and leaves take.
    pub(crate) fn metadata_bytes(&self) -> usize {
        let leaves = self.directory.iter().filter(|place| place.get().is_some()).count();
        size_of_val(self.directory.as_slice()) + leaves * size_of::<Leaf>()
    }
}

fn entry(leaf: &Leaf, slot: u32) -> Entry<'_> {
    let index = slot as usize % SLOTS_PER_LEAF;
    let chunk = &leaf[index / SLOTS_PER_CHUNK];
    let index = index % SLOTS_PER_CHUNK;
    Entry { word: &chunk.words[index], age: &chunk.ages[index] }
}

impl Chunk {
    fn free() -> Self {
        Self {
            words: array::from_fn(|_| AtomicU64::new(0)),
            ages: array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

impl Entry<'_> {
    /// Returns the word as it is now.
    pub(crate) fn load(&self) -> SlotWord {
        // Pairs with the Release in `swap` and `replace`.
        SlotWord(self.word.load(Ordering::Acquire))
    }

    /// Installs `state` and returns the word that was there: its object is now the caller's.
    #[must_use = "the old word's object must be freed"]
    pub(crate) fn swap(&self, state: SlotState) -> SlotWord {
        // Release publishes the new object; Acquire pairs with it for the old one.
        SlotWord(self.word.swap(SlotWord::from(state).0, Ordering::AcqRel))
    }

    /// Installs `state` if the word still is `seen`, and returns whether it was.
    #[must_use = "nothing happened if the word had changed"]
    pub(crate) fn replace(&self, seen: SlotWord, state: SlotState) -> bool {
        let new = SlotWord::from(state).0;
        // As in `swap`. A failure reads nothing that is used, so it may be Relaxed.
        self.word.compare_exchange(seen.0, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Records an access.
    pub(crate) fn touch(&self, now_seconds: u32) {
        self.age.store(now_seconds, Ordering::Relaxed);
    }

    /// Returns the time of the last access, in seconds of the caller's clock.
    #[cfg(test)]
    pub(crate) fn last_access_seconds(&self) -> u32 {
        self.age.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOTS_PER_LEAF, SlotTable};
    use crate::slots::{Fill, SlotState, SlotWord};

    fn same_filled(word: u64) -> SlotState {
        SlotState::SameFilled(Fill::new(word).expect("fits"))
    }

    #[test]
    fn a_leaf_appears_with_the_first_store_into_it() {
        let table = SlotTable::new(3 * SLOTS_PER_LEAF as u32).expect("memory");
        let empty = table.metadata_bytes();
        assert!(table.get(1024).is_none());
        let word = table.get_or_allocate(1024).expect("memory").swap(same_filled(9));
        assert_eq!(word, SlotWord::from(SlotState::Free));
        assert!(table.get(1024).is_some() && table.get(1023).is_none());
        assert_eq!(table.metadata_bytes(), empty + 1024 * 12);
    }

    #[test]
    fn a_hundred_gibibytes_cost_a_directory_of_200_kib() {
        let table = SlotTable::new((100_u64 << 30 >> 12) as u32).expect("memory");
        assert_eq!(table.metadata_bytes(), 200 << 10);
    }

    #[test]
    fn a_walk_visits_exactly_the_slots_of_the_range_that_have_a_leaf() {
        let table = SlotTable::new(2500).expect("memory");
        for slot in [0, 2048] {
            table.get_or_allocate(slot).expect("memory");
        }
        let mut visited = alloc::vec::Vec::new();
        table.for_each(1000, u32::MAX, |slot, _| visited.push(slot));
        assert!(visited.iter().copied().eq((1000..1024).chain(2048..2500)));
    }

    #[test]
    fn a_word_is_replaced_only_if_it_is_the_one_seen() {
        let table = SlotTable::new(1).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        let free = entry.load();
        assert!(entry.replace(free, same_filled(1)));
        assert!(!entry.replace(free, same_filled(2)));
        assert_eq!(entry.load().decode(), Ok(same_filled(1)));
    }

    #[test]
    fn an_access_is_remembered_in_seconds() {
        let table = SlotTable::new(1).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        entry.touch(77);
        assert_eq!(entry.last_access_seconds(), 77);
    }
}
