//! The slot table: a directory of leaves, each allocated when one of its slots is first stored.
//!
//! A device of 100 GiB costs 200 KiB until it is used. A leaf is 1024 slots in chunks of 16: two
//! cache lines of words and one of ages, so a slot's word and age are neighbours and a leaf is
//! three pages. Leaves are not given back while the table is shared: a reader needs no lock to walk
//! them. A table grows while others use it; to shrink it takes having it alone (`&mut`).
//!
//! Memory orders: a word is published with Release and read with Acquire, so whoever sees a word
//! sees the object written before it. The number of slots is published with Release after the
//! directory has grown, so whoever sees a slot finds its place. Ages are Relaxed: an age is a hint
//! that nothing is decided by together with another field.

use core::array;
use core::sync::atomic::AtomicU32;

use super::directory::Directory;
use super::{SlotState, SlotWord};
use crate::sync::{self, AtomicU64, Ordering};
use crate::{NoMemory, StoredAbove, memory};

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
    directory: Directory<Leaf>,
    slot_count: sync::AtomicU32,
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
        let directory = Directory::new(leaves_for(slot_count))?;
        Ok(Self { directory, slot_count: sync::AtomicU32::new(slot_count) })
    }

    /// Returns how many slots there are; while the table is shared this only ever grows.
    pub(crate) fn slot_count(&self) -> u32 {
        // Pairs with the Release in `grow`.
        self.slot_count.load(Ordering::Acquire)
    }

    /// Adds free slots until there are `slot_count`; fewer than there are change nothing.
    ///
    /// # Errors
    /// [`NoMemory`], with nothing changed.
    pub(crate) fn grow(&self, slot_count: u32) -> Result<(), NoMemory> {
        self.directory.grow(leaves_for(slot_count))?;
        // Release: see the header.
        self.slot_count.fetch_max(slot_count, Ordering::Release);
        Ok(())
    }

    /// Takes the slots from `slot_count` on away, if nothing is stored there.
    ///
    /// # Errors
    /// [`StoredAbove`], with nothing changed.
    pub(crate) fn shrink(&mut self, slot_count: u32) -> Result<(), StoredAbove> {
        let mut is_stored = false;
        let free = SlotWord::from(SlotState::Free);
        self.for_each(slot_count, u32::MAX, |_, entry| is_stored |= entry.load() != free);
        if is_stored {
            return Err(StoredAbove);
        }
        self.directory.shrink(leaves_for(slot_count));
        // Relaxed: nobody else has the table now, and sharing it publishes this with the rest.
        self.slot_count.fetch_min(slot_count, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the slot if its leaf is there. Without a leaf, the slot is free.
    pub(crate) fn get(&self, slot: u32) -> Option<Entry<'_>> {
        let leaf = self.directory.place(leaf_of(slot))?.get()?;
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
        let slot_count = self.slot_count();
        assert!(slot < slot_count, "slot {slot} of {slot_count}");
        let place = self.directory.place(leaf_of(slot));
        let place = place.expect("the directory is as large as the table");
        let leaf = place.get_or_try_init(|| memory::boxed_array(Chunk::free))?;
        Ok(entry(leaf, slot))
    }

    /// Calls `visit` with every slot of `first..end` whose leaf is there.
    pub(crate) fn for_each(&self, first: u32, end: u32, mut visit: impl FnMut(u32, Entry<'_>)) {
        let end = end.min(self.slot_count());
        let mut slot = first;
        while slot < end {
            let leaf_end = (slot / SLOTS_PER_LEAF as u32)
                .saturating_add(1)
                .saturating_mul(SLOTS_PER_LEAF as u32)
                .min(end);
            if let Some(leaf) = self.directory.place(leaf_of(slot)).and_then(|place| place.get()) {
                (slot..leaf_end).for_each(|slot| visit(slot, entry(leaf, slot)));
            }
            slot = leaf_end;
        }
    }

    /// Returns the bytes that directory and leaves take.
    pub(crate) fn metadata_bytes(&self) -> usize {
        self.directory.metadata_bytes() + self.directory.leaf_count() * size_of::<Leaf>()
    }
}

const fn leaf_of(slot: u32) -> usize {
    slot as usize / SLOTS_PER_LEAF
}

const fn leaves_for(slot_count: u32) -> usize {
    (slot_count as usize).div_ceil(SLOTS_PER_LEAF)
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
    pub(crate) fn last_access_seconds(&self) -> u32 {
        self.age.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOTS_PER_LEAF, SlotTable};
    use crate::StoredAbove;
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
    fn a_table_grows_while_it_is_shared_and_shrinks_to_above_what_is_stored() {
        const LEAF: u32 = SLOTS_PER_LEAF as u32;
        let mut table = SlotTable::new(LEAF).expect("memory");
        let before = table.metadata_bytes();
        table.grow(10 * LEAF + 1).expect("memory");
        assert_eq!(table.slot_count(), 10 * LEAF + 1);
        let last = table.get_or_allocate(10 * LEAF).expect("memory").swap(same_filled(7));
        assert_eq!(last, SlotWord::from(SlotState::Free));
        assert_eq!(table.shrink(10 * LEAF), Err(StoredAbove));
        assert_eq!(table.slot_count(), 10 * LEAF + 1);
        let last = table.get(10 * LEAF).expect("its leaf is there").swap(SlotState::Free);
        assert_eq!(last.decode(), Ok(same_filled(7)));
        assert_eq!(table.shrink(LEAF), Ok(()));
        assert_eq!((table.slot_count(), table.metadata_bytes()), (LEAF, before));
        table.grow(3).expect("memory");
        assert_eq!(table.slot_count(), LEAF, "growing takes nothing away");
    }

    #[test]
    fn an_access_is_remembered_in_seconds() {
        let table = SlotTable::new(1).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        entry.touch(77);
        assert_eq!(entry.last_access_seconds(), 77);
    }
}
