//! The owner of swap entries: how many entries name each slot, counted without the pager's lock.
//!
//! A kernel removes entries from page tables (unmap, exit) and copies them (fork) with its own
//! locks held, among them those of an address space, which the pager's ports take under the pager's
//! lock. If the kernel called the pager there, this would be a deadlock. So the kernel calls
//! [`Entries`], which it shares with the pager: users are counted in the slot's word, entries in a
//! number per space, and a slot whose last user goes is marked. The pager collects the marks at its
//! next call ([`Pager::tick`](crate::Pager::tick) at the latest), and only then may the slot change
//! its state; so a late hook never finds another page under its entry.
//!
//! | who | what | how |
//! | --- | --- | --- |
//! | hook | [`Entries::drop_user`] | word less one; if none is left: mark, then the chunk's flag, then `has_news` |
//! | hook | [`Entries::add_user`] | word plus one, unless the page is in flight or the count is full |
//! | hook | [`Entries::space_gone`] | the space's bit, then `has_news` |
//! | pager | `collect` | flags and marks the other way round, then looks at the word again |
//! | pager | `change` | every other transition of a word, by compare-and-set |
//! | pager | `extend`, `clear` | chunks come and go, under the list's write lock |
//!
//! A mark is only a hint to look at the word, so a mark too many does no harm; the loom models in
//! `entries/interleavings.rs` show that no mark is lost. Words are in chunks, which are allocated
//! when the first slot of a chunk is used. The lock of the list of chunks is a leaf ([`Leaf`]): a
//! hook that holds it may use the word's memory while it does, and waits for nothing.

use alloc::vec::Vec;
use core::fmt;

use crate::entry::{AreaIndex, SwapEntry, SwapSlot};
use crate::invariant::Invariant;
use crate::memory::{NoMemory, made};
use crate::places::areas::AREAS_MAX_U32;
use crate::places::word::{NoUser, Slot};
use crate::ports::SpaceId;
use crate::sync::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Leaf, Ordering};

/// Slots whose words come and go together: 8 KiB of words.
pub(crate) const CHUNK_SLOTS: u32 = if cfg!(loom) { 2 } else { 4096 };

const MARK_BITS: u32 = u64::BITS;

/// Words of marks in a chunk.
const MARKS: u32 = CHUNK_SLOTS.div_ceil(MARK_BITS);

/// What became of a copy of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Duplicate {
    /// It is counted, and may stand in the other page table.
    Counted,
    /// The page is in flight, and the daemon will keep it for nobody or for one only: the copy must
    /// not stand there. Fork begins anew, with [`Pager::fork_begin`](crate::Pager::fork_begin).
    InFlight,
    /// As many entries name the slot as can be counted (8191): the copy must not stand there, and
    /// the fork fails (ENOMEM), nothing of it kept. A kernel with fewer spaces never sees this.
    Full,
}

/// Words of slots that follow one another, and which of them have lost their last user.
#[derive(Debug)]
struct Chunk {
    words: Vec<AtomicU16>,
    marks: Vec<AtomicU64>,
    has_marks: AtomicBool,
}

/// Who names which slot. One for a pager, shared with the kernel's hooks.
pub struct Entries {
    areas: Vec<Leaf<Vec<Chunk>>>,
    /// Entries in each space.
    counts: Vec<AtomicU32>,
    /// Spaces that are gone, a bit each.
    gone: Vec<AtomicU64>,
    /// The first rule that a hook has found broken.
    broken: AtomicU8,
    /// There is something to collect.
    has_news: AtomicBool,
}

impl fmt::Debug for Entries {
    /// Without the words, which are thousands.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { areas: _, counts, gone, broken, has_news } = self;
        let mut all = to.debug_struct("Entries");
        all.field("counts", counts).field("gone", gone).field("broken", broken);
        all.field("has_news", has_news).finish()
    }
}

impl Chunk {
    fn new() -> Result<Self, NoMemory> {
        let words = made(CHUNK_SLOTS, || AtomicU16::new(Slot::Free.pack()))?;
        let marks = made(MARKS, || AtomicU64::new(0))?;
        Ok(Self { words, marks, has_marks: AtomicBool::new(false) })
    }

    fn word(&self, slot: SwapSlot) -> Option<&AtomicU16> {
        self.words.get(index_of(slot.0 % CHUNK_SLOTS))
    }

    /// Marks a slot that has lost its last user.
    fn mark(&self, slot: SwapSlot) {
        let Mark { word: at, bit } = Mark::of(slot.0 % CHUNK_SLOTS);
        if let Some(word) = self.marks.get(at) {
            // Pairs with the Acquire in `collect_chunk`: who finds the mark sees the slot's word.
            word.fetch_or(bit, Ordering::Release);
        }
        // Pairs with the Acquire in `collect`: who finds the flag finds the mark.
        self.has_marks.store(true, Ordering::Release);
    }

    /// Hands out slots that have lost their last user and are Noticed from now on; returns false if
    /// `most` were not enough.
    fn collect(&self, most: &mut u32, mut noticed: impl FnMut(u32)) -> bool {
        for (at, word) in (0_u32..).zip(&self.marks) {
            if word.load(Ordering::Relaxed) == 0 {
                // Whoever marks now sets the flag behind it, so that the next turn looks again.
                continue;
            }
            if *most == 0 {
                return false;
            }
            let mut marks = word.swap(0, Ordering::Acquire);
            while marks != 0 {
                let index = at.saturating_mul(MARK_BITS).saturating_add(marks.trailing_zeros());
                marks &= marks.wrapping_sub(1);
                *most = most.saturating_sub(1);
                let Some(word) = self.words.get(index_of(index)) else { continue };
                let turned = change(word, |slot| Ok::<_, Invariant>(slot.collected()));
                if turned.is_ok_and(|turned| turned.before != turned.after) {
                    noticed(index);
                }
            }
        }
        true
    }
}

/// What a slot was, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turned {
    pub(crate) before: Slot,
    pub(crate) after: Slot,
}

impl Entries {
    /// Returns an owner of no entries, for so many spaces.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new(spaces: u32) -> Result<Self, NoMemory> {
        Ok(Self {
            areas: made(AREAS_MAX_U32, || Leaf::new(Vec::new()))?,
            counts: made(spaces, || AtomicU32::new(0))?,
            gone: made(spaces.div_ceil(MARK_BITS), || AtomicU64::new(0))?,
            broken: AtomicU8::new(0),
            has_news: AtomicBool::new(false),
        })
    }

    /// An entry of `space` was taken out of a page table (unmap, exit).
    ///
    /// # Context
    ///
    /// Any, with whatever lock of the kernel's held. Call it once for each entry, after it was taken
    /// out; best under the same lock of the space, so that a page that comes just then finds both
    /// done or neither.
    pub fn drop_user(&self, space: SpaceId, entry: SwapEntry) {
        self.holds(self.remove(space));
        let dropped = self.with_chunk(entry, |chunk| {
            let turned = change(chunk.word(entry.slot)?, Slot::less_one);
            // What is in flight needs no mark: the pager looks at the word when it ends.
            if turned.is_ok_and(|turned| turned.after.collected() != turned.after) {
                chunk.mark(entry.slot);
                self.tell();
            }
            Some(turned.map(|_| ()))
        });
        self.holds(dropped.unwrap_or(Err(Invariant::EntryHasSlot)));
    }

    /// A copy of `entry` is about to stand in a page table of `space` (fork).
    ///
    /// # Context
    ///
    /// As [`Entries::drop_user`], with the space locked that the entry is copied from; before the copy
    /// is there, so that nobody meets one that is not counted.
    pub fn add_user(&self, space: SpaceId, entry: SwapEntry) -> Duplicate {
        let added = self.with_chunk(entry, |chunk| {
            Some(change(chunk.word(entry.slot)?, Slot::more_one).map(|_| ()))
        });
        match added.unwrap_or(Err(NoUser::Broken(Invariant::EntryHasSlot))) {
            Ok(()) => {
                self.holds(self.add(space));
                Duplicate::Counted
            }
            Err(NoUser::InFlight) => Duplicate::InFlight,
            Err(NoUser::Full) => Duplicate::Full,
            Err(NoUser::Broken(invariant)) => {
                self.broke(invariant);
                Duplicate::Full
            }
        }
    }

    /// The space is gone, each entry of it dropped. Its number may be used again when
    /// [`Entries::is_gone`] does not say so any more: when the pager has heard of it.
    ///
    /// # Context
    ///
    /// Any, as [`Entries::drop_user`].
    pub fn space_gone(&self, space: SpaceId) {
        let Mark { word: at, bit } = Mark::of(space.0);
        if let Some(word) = self.gone.get(at) {
            // Pairs with the Acquire in `take_gone`: what the space did is seen before its end is.
            word.fetch_or(bit, Ordering::Release);
        }
        self.tell();
    }

    /// Returns whether the space has gone and the pager has yet to hear of it.
    pub fn is_gone(&self, space: SpaceId) -> bool {
        let Mark { word: at, bit } = Mark::of(space.0);
        // Relaxed: who makes a new space of this number has nothing to see of the old one.
        self.gone.get(at).is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0)
    }

    /// Returns how many entries the space has.
    pub fn count(&self, space: SpaceId) -> u32 {
        // Relaxed: a size for people, and for who chooses a victim.
        self.counts.get(index_of(space.0)).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// One entry more in a space; the pager placed it, or a hook has counted it.
    pub(crate) fn add(&self, space: SpaceId) -> Result<(), Invariant> {
        self.recount(space, |count| count.checked_add(1))
    }

    /// One entry less.
    pub(crate) fn remove(&self, space: SpaceId) -> Result<(), Invariant> {
        self.recount(space, |count| count.checked_sub(1))
    }

    fn recount(&self, space: SpaceId, to: fn(u32) -> Option<u32>) -> Result<(), Invariant> {
        let count = self.counts.get(index_of(space.0)).ok_or(Invariant::CountsAgree)?;
        // Relaxed: the number stands for itself; that a space ends with 0 is read after the Acquire
        // of its end.
        let changed = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, to);
        changed.map(|_| ()).map_err(|_| Invariant::CountsAgree)
    }

    /// Returns what the slot is doing; one that was never used is Free.
    pub(crate) fn slot(&self, entry: SwapEntry) -> Slot {
        let seen = self.with_chunk(entry, |chunk| {
            Some(Slot::unpack(chunk.word(entry.slot)?.load(Ordering::Acquire)))
        });
        seen.unwrap_or(Slot::Free)
    }

    /// Has the pager turn a slot.
    ///
    /// # Errors
    ///
    /// What `to` says; nothing is changed then. A slot that was never used has no word.
    pub(crate) fn turn(
        &self,
        entry: SwapEntry,
        to: impl Fn(Slot) -> Result<Slot, Invariant>,
    ) -> Result<Turned, Invariant> {
        let turned = self.with_chunk(entry, |chunk| Some(change(chunk.word(entry.slot)?, to)));
        turned.unwrap_or(Err(Invariant::SlotTransition))
    }

    /// Adds a chunk of free slots to an area.
    ///
    /// # Errors
    ///
    /// [`NoMemory`]; nothing changes then.
    pub(crate) fn extend(&self, area: AreaIndex) -> Result<(), NoMemory> {
        let chunk = Chunk::new()?;
        let list = self.list(area).ok_or(NoMemory)?;
        let (length, room) = list.read(|chunks| (chunks.len(), chunks.capacity()));
        // Allocated and freed outside of the lock, which is a leaf.
        let mut larger = Vec::new();
        if length == room {
            let wanted = length.saturating_mul(2).max(4);
            larger.try_reserve_exact(wanted).map_err(|_| NoMemory)?;
        }
        list.write(|chunks| {
            if chunks.len() == chunks.capacity() {
                larger.append(chunks);
                core::mem::swap(chunks, &mut larger);
            }
            chunks.push(chunk);
        });
        Ok(())
    }

    /// Takes all chunks of an area away but the first `kept`: no page table names a slot of them.
    pub(crate) fn clear(&self, area: AreaIndex, kept: usize) {
        let Some(list) = self.list(area) else { return };
        loop {
            // One at a time, each freed outside of the lock.
            let last = list.write(|chunks| if chunks.len() > kept { chunks.pop() } else { None });
            if last.is_none() {
                break;
            }
        }
        if kept == 0 {
            let empty = list.write(core::mem::take);
            drop(empty);
        }
    }

    /// Returns whether there is something to collect.
    pub(crate) fn have_news(&self) -> bool {
        // Relaxed: whoever misses it comes again; `hear` is what sees what it stands for.
        self.has_news.load(Ordering::Relaxed)
    }

    /// The pager looks at what is to be collected; what is told from now on is for its next turn.
    pub(crate) fn hear(&self) {
        // Pairs with the Release in `tell`.
        self.has_news.swap(false, Ordering::Acquire);
    }

    /// There is something to collect, from now on or still.
    pub(crate) fn tell(&self) {
        // Pairs with the Acquire in `hear`: whoever hears finds flags, bits and words as they were.
        self.has_news.store(true, Ordering::Release);
    }

    /// Hands out slots of the area that have lost their last user and are Noticed from now on, about
    /// as many as `most`, which it lessens. What is left is there for the next turn.
    pub(crate) fn collect(
        &self,
        area: AreaIndex,
        most: &mut u32,
        mut noticed: impl FnMut(SwapSlot),
    ) {
        let Some(list) = self.list(area) else { return };
        let all = list.read(|chunks| {
            for (number, chunk) in (0_u32..).zip(chunks) {
                if !chunk.has_marks.load(Ordering::Relaxed) {
                    continue;
                }
                // Pairs with the Release in `mark`.
                chunk.has_marks.swap(false, Ordering::Acquire);
                let first = number.saturating_mul(CHUNK_SLOTS);
                if !chunk.collect(most, |index| noticed(SwapSlot(first.saturating_add(index)))) {
                    chunk.has_marks.store(true, Ordering::Release);
                    return false;
                }
            }
            true
        });
        if !all {
            self.tell();
        }
    }

    /// Returns a space that has gone, and hands it out once.
    pub(crate) fn take_gone(&self) -> Option<SpaceId> {
        for (at, word) in (0_u32..).zip(&self.gone) {
            let seen = word.load(Ordering::Relaxed);
            if seen != 0 {
                let bit = seen & seen.wrapping_neg();
                // Pairs with the Release in `space_gone`.
                word.fetch_and(!bit, Ordering::Acquire);
                let number = at.saturating_mul(MARK_BITS).saturating_add(bit.trailing_zeros());
                return Some(SpaceId(number));
            }
        }
        None
    }

    /// Returns the first rule that a hook has found broken, and hands it out once.
    pub(crate) fn take_broken(&self) -> Option<Invariant> {
        // Relaxed: the number is all that is told.
        let code = self.broken.swap(0, Ordering::Relaxed);
        Invariant::from_code(code)
    }

    fn broke(&self, invariant: Invariant) {
        // Only the first is kept; relaxed, because nothing else is told with it.
        let code = invariant.code();
        let _ = self.broken.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
        self.tell();
    }

    fn holds(&self, result: Result<(), Invariant>) {
        if let Err(invariant) = result {
            self.broke(invariant);
        }
    }

    fn list(&self, area: AreaIndex) -> Option<&Leaf<Vec<Chunk>>> {
        self.areas.get(usize::from(area.0))
    }

    /// Looks at the chunk of the entry's slot, which stays for so long.
    fn with_chunk<T>(&self, entry: SwapEntry, look: impl FnOnce(&Chunk) -> Option<T>) -> Option<T> {
        let index = index_of(entry.slot.0 / CHUNK_SLOTS);
        self.list(entry.area)?.read(|chunks| look(chunks.get(index)?))
    }
}

/// Turns a word by compare-and-set; each time that fails, somebody else has turned it.
fn change<E>(word: &AtomicU16, to: impl Fn(Slot) -> Result<Slot, E>) -> Result<Turned, E> {
    let mut seen = word.load(Ordering::Acquire);
    loop {
        let before = Slot::unpack(seen);
        let after = to(before)?;
        // Pairs with itself: who sees a state sees what was done before it was reached.
        let set =
            word.compare_exchange_weak(seen, after.pack(), Ordering::AcqRel, Ordering::Acquire);
        match set {
            Ok(_) => return Ok(Turned { before, after }),
            Err(now) => seen = now,
        }
    }
}

/// One bit in an array of words.
struct Mark {
    /// The index of the word.
    word: usize,
    bit: u64,
}

impl Mark {
    fn of(index: u32) -> Self {
        Self { word: index_of(index / MARK_BITS), bit: 1 << (index % MARK_BITS) }
    }
}

fn index_of(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

#[cfg(all(test, loom))]
mod interleavings;
#[cfg(test)]
mod tests;
