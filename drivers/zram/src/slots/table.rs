//! The slot table: a directory of leaves, each allocated when one of its slots is first stored.
//!
//! A device of 100 GiB costs 200 KiB until it is used. A leaf is the words of 1024 slots, two
//! pages. Leaves are not freed while the table is shared: a reader needs no lock to walk them. A
//! table can grow while other threads use it; shrinking needs exclusive access (`&mut`).
//!
//! Memory orders: a word is published with Release and read with Acquire, so whoever sees a word
//! sees the object written before it. The number of slots is published with Release after the
//! directory has grown, so whoever sees a slot finds its place.

use super::directory::Directory;
use super::{Age, Ages, SlotState, SlotWord};
use crate::sync::{self, AtomicU64, Ordering};
use crate::{NoMemory, StoredAbove, memory};

/// Loom keeps a history for every word: a model gets few.
const SLOTS_PER_LEAF: usize = if cfg!(loom) { 16 } else { 1024 };

type Leaf = [AtomicU64; SLOTS_PER_LEAF];

#[cfg(not(loom))]
const _: () = assert!(size_of::<Leaf>() == 8 * SLOTS_PER_LEAF, "a slot is 8 bytes");

/// The slots of one device.
#[derive(Debug)]
pub(crate) struct SlotTable {
    directory: Directory<Leaf>,
    slot_count: sync::AtomicU32,
    ages: Ages,
}

/// One slot of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    word: &'a AtomicU64,
}

impl SlotTable {
    /// Returns a table of `slot_count` free slots.
    pub(crate) fn new(slot_count: u32) -> Result<Self, NoMemory> {
        let directory = Directory::new(leaves_for(slot_count))?;
        let slot_count = sync::AtomicU32::new(slot_count);
        Ok(Self { directory, slot_count, ages: Ages::default() })
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
        self.for_each(slot_count, u32::MAX, |_, entry| {
            is_stored |= entry.load() != SlotWord::FREE;
        });
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
    /// [`NoMemory`] when there is none for the leaf (8 KiB).
    ///
    /// # Panics
    /// If there is no such slot: the caller has checked that.
    pub(crate) fn get_or_allocate(&self, slot: u32) -> Result<Entry<'_>, NoMemory> {
        let slot_count = self.slot_count();
        assert!(slot < slot_count, "slot {slot} of {slot_count}");
        let place = self.directory.place(leaf_of(slot));
        let place = place.expect("the directory is as large as the table");
        let leaf = place.get_or_try_init(|| memory::boxed_array(|| AtomicU64::new(0)))?;
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

    /// Returns the age of an access at `now_seconds`.
    pub(crate) fn age_at(&self, now_seconds: u32) -> Age {
        self.ages.at(now_seconds)
    }

    /// Returns the moment of an age, in seconds of the clock that [`Self::age_at`] was given.
    pub(crate) fn seconds(&self, age: Age) -> u32 {
        self.ages.seconds(age)
    }

    /// Walks the table if that is due at `now_seconds`, so that no age is taken for a younger one: once
    /// in 18 hours, a millisecond for each GiB of slots in use.
    pub(crate) fn settle_ages(&self, now_seconds: u32) {
        if let Some(sweep) = self.ages.begin_sweep(now_seconds) {
            self.for_each(0, u32::MAX, |_, entry| {
                entry.change(entry.load(), |word| Some(word.aged(sweep.settled(word.age()?)?)));
            });
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
    Entry { word: &leaf[slot as usize % SLOTS_PER_LEAF] }
}

impl Entry<'_> {
    /// Returns the word as it is now.
    pub(crate) fn load(&self) -> SlotWord {
        // Pairs with the Release in `swap` and `change`.
        SlotWord(self.word.load(Ordering::Acquire))
    }

    /// Installs `state`, used at `age`, and returns the word that was there: its object is now the
    /// caller's.
    #[must_use = "the old word's object must be freed"]
    pub(crate) fn swap(&self, state: SlotState, age: Age) -> SlotWord {
        // Release publishes the new object; Acquire pairs with it for the old one.
        SlotWord(self.word.swap(SlotWord::new(state, age).0, Ordering::AcqRel))
    }

    /// Makes the slot free and returns the word that was there: its object is now the caller's.
    #[must_use = "the old word's object must be freed"]
    pub(crate) fn clear(&self) -> SlotWord {
        self.swap(SlotState::Free, Age::default())
    }

    /// Installs `state` if the content still is the one `seen`, and returns whether it was. The age
    /// stays.
    #[must_use = "nothing happened if the word had changed"]
    pub(crate) fn replace(&self, seen: SlotWord, state: SlotState) -> bool {
        self.change(seen, |now| {
            now.has_content_of(seen).then(|| SlotWord::new(state, now.age().unwrap_or_default()))
        })
    }

    /// Notes a use of whatever the slot holds, unless that is its age already.
    pub(crate) fn touch(&self, seen: SlotWord, age: Age) {
        self.change(seen, |now| (now.aged(age) != now).then(|| now.aged(age)));
    }

    /// Installs what `next` makes of the word, beginning with the one `seen`, until it makes nothing
    /// or nobody was faster. Returns whether something was installed.
    fn change(&self, seen: SlotWord, next: impl Fn(SlotWord) -> Option<SlotWord>) -> bool {
        let mut now = seen;
        while let Some(new) = next(now) {
            // As in `swap`. A failure reads nothing that is used, so it may be Relaxed.
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match self.word.compare_exchange(now.0, new.0, order.0, order.1) {
                Ok(_) => return true,
                Err(other) => now = SlotWord(other),
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOTS_PER_LEAF, SlotTable};
    use crate::StoredAbove;
    use crate::slots::{Age, Fill, SlotState, SlotWord};

    const AGE: Age = Age::new(5);

    fn same_filled(word: u64) -> SlotState {
        SlotState::SameFilled(Fill::new(word).expect("fits"))
    }

    #[test]
    fn a_leaf_appears_with_the_first_store_into_it() {
        let table = SlotTable::new(3 * SLOTS_PER_LEAF as u32).expect("memory");
        let empty = table.metadata_bytes();
        assert!(table.get(1024).is_none());
        let word = table.get_or_allocate(1024).expect("memory").swap(same_filled(9), AGE);
        assert_eq!(word, SlotWord::FREE);
        assert!(table.get(1024).is_some() && table.get(1023).is_none());
        assert_eq!(table.metadata_bytes(), empty + 1024 * 8);
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
        let last = table.get_or_allocate(10 * LEAF).expect("memory").swap(same_filled(7), AGE);
        assert_eq!(last, SlotWord::FREE);
        assert_eq!(table.shrink(10 * LEAF), Err(StoredAbove));
        assert_eq!(table.slot_count(), 10 * LEAF + 1);
        let last = table.get(10 * LEAF).expect("its leaf is there").clear();
        assert_eq!(last.decode(), Ok(same_filled(7)));
        assert_eq!(table.shrink(LEAF), Ok(()));
        assert_eq!((table.slot_count(), table.metadata_bytes()), (LEAF, before));
        table.grow(3).expect("memory");
        assert_eq!(table.slot_count(), LEAF, "growing takes nothing away");
    }

    #[test]
    fn a_use_changes_the_age_and_a_later_change_of_the_content_keeps_it() {
        let table = SlotTable::new(1).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        assert_eq!(entry.swap(same_filled(1), AGE), SlotWord::FREE);
        let seen = entry.load();
        entry.touch(seen, Age::from_bits(77));
        assert_eq!(entry.load(), SlotWord::new(same_filled(1), Age::from_bits(77)));
        assert!(entry.replace(seen, same_filled(2)), "an age is no content");
        assert_eq!(entry.load(), SlotWord::new(same_filled(2), Age::from_bits(77)));
    }

    #[test]
    fn an_age_that_would_be_taken_for_a_younger_one_stops_at_half_a_round() {
        let day = 86_400;
        let table = SlotTable::new(2).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        assert_eq!(entry.swap(same_filled(1), table.age_at(0)), SlotWord::FREE);
        let used = |now: u32| {
            table.settle_ages(now);
            table.seconds(entry.load().age().expect("a small word has one"))
        };
        assert_eq!(used(day), 0);
        for days in 2..30 {
            let age = days * day - used(days * day);
            assert!((131_072..200_000).contains(&age), "{age} s after {days} days");
        }
        assert_eq!(table.get(1).map(|it| it.load()), Some(SlotWord::FREE));
    }

    #[test]
    fn a_use_of_what_is_gone_leaves_a_free_slot_free() {
        let table = SlotTable::new(1).expect("memory");
        let entry = table.get_or_allocate(0).expect("memory");
        assert_eq!(entry.swap(same_filled(1), AGE), SlotWord::FREE);
        let seen = entry.load();
        assert!(entry.replace(seen, SlotState::Free));
        entry.touch(seen, Age::from_bits(77));
        assert_eq!(entry.load(), SlotWord::FREE);
    }
}
