//! The slot map of one area: the state of each swap slot, and which free slot is given out next.
//!
//! A slot has two bytes (`word`), shared with the kernel's hooks (`entries`), plus one bit each in
//! the map of free slots and in that of pending free notices, which only the pager uses. The table
//! shows the transitions; `u` is how many page-table entries name the slot. Every other pair is a
//! bug of the pager and is refused, by an error that closes the pager ([`Invariant`]):
//!
//! | state | `take_free` | `stored` | `abandon` | `discard` | `begin_load` | `end_load` | `replaced`, `drop_user` | `add_user` | `collect` |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | Free | Storing 1 | | | | | | | | |
//! | Storing u | | Stored u, Noticed if 0 | Free, Lost u if not 0 | Noticed, Lost u if not 0 | | | Storing u-1 | in flight | |
//! | Stored u | | | | | Loading u, Taking 1, nobody if 0 | | Stored u-1 | Stored u+1 | Noticed if 0 |
//! | Loading u | | | | | | see [`LoadEnd`] | Loading u-1 | Loading u+1 | |
//! | Taking u | | | | | | see [`LoadEnd`] | Taking u-1 | in flight | |
//! | Lost u | | | | | | | Lost u-1 | Lost u+1 | Noticed if 0 |
//! | Noticed | `take_notice`: Noticing | | | | | | | | |
//! | Noticing | `notice_done`: Free; `notice_failed`: Noticed | | | | | | | | |
//!
//! The pager itself calls `replaced` when it has put a page back in an entry's place. The hooks
//! call `drop_user` and `add_user`, at any moment, without the pager's lock. So a slot that is
//! given up while a hook has yet to report that its entry is gone is Lost until then. A slot can be
//! given out only when it is Free: neither while a notice is pending nor while it is in flight
//! (DESIGN 8.5).
//!
//! Slots are used from the first one on, and words are allocated by chunks when they are needed, so
//! the size of a map depends on the most that was ever stored, not on the device's size.

use alloc::sync::Arc;

use crate::entry::{AreaIndex, SwapEntry, SwapSlot};
use crate::invariant::Invariant;
use crate::memory::NoMemory;
use crate::places::bitmap::Bitmap;
use crate::places::entries::{CHUNK_SLOTS, Entries, Turned};
pub(crate) use crate::places::word::{Slot, USERS_MAX};

/// Bytes that a chunk of slots takes: words, marks, and a bit in two maps.
pub(crate) const CHUNK_BYTES: usize = CHUNK_SLOTS as usize * 2 + CHUNK_SLOTS as usize / 8 * 3;

/// How a LOAD or TAKE ended. Whether the page was mapped was said before, by `replaced`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadEnd {
    /// The page came: after LOAD Stored u, after TAKE Free, for the daemon has forgotten it (Lost u if
    /// not 0).
    Came,
    /// It did not come; the daemon still has it: Stored u.
    Aborted,
    /// It will never come: Lost u.
    Lost,
}

/// What a page-in of a slot is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum LoadBegin {
    /// One user is all it has: the daemon may forget it.
    Take,
    /// Others need it too.
    Load,
    /// Nobody names it any more; it is as it was.
    Nobody,
}

/// All slots of one area.
#[derive(Debug)]
pub(crate) struct SlotMap {
    area: AreaIndex,
    entries: Arc<Entries>,
    /// Slots that the area may use. Others above, which it was to give up, may still be used.
    size: u32,
    /// Slots that were ever used, and are in the maps.
    known: u32,
    /// Known slots below `size` that are free.
    free: Bitmap,
    noticed: Bitmap,
    noticing: u32,
    used: u32,
}

/// What is used above the end of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Above {
    /// So many slots.
    pub(crate) used: u32,
    /// None of them is named by anybody: replies are all that is to be awaited.
    pub(crate) is_forgotten: bool,
}

/// Why there is no free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// All are used.
    Used,
    /// There is no memory for more of the map.
    Table,
}

impl SlotMap {
    /// Returns a map of `size` free slots, without words as yet.
    pub(crate) fn new(area: AreaIndex, entries: Arc<Entries>, size: u32) -> Self {
        let (free, noticed) = (Bitmap::default(), Bitmap::default());
        Self { area, entries, size, known: 0, free, noticed, noticing: 0, used: 0 }
    }

    fn entry(&self, slot: SwapSlot) -> SwapEntry {
        SwapEntry { area: self.area, slot }
    }

    /// Returns what the slot is doing; a slot that does not exist is Free.
    pub(crate) fn get(&self, slot: SwapSlot) -> Slot {
        self.entries.slot(self.entry(slot))
    }

    /// Returns how many slots are not free.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// Returns how many slots there are.
    pub(crate) fn count(&self) -> u32 {
        self.size
    }

    /// Returns the bytes that the map takes.
    pub(crate) fn size_bytes(&self) -> usize {
        self.chunks().saturating_mul(CHUNK_BYTES)
    }

    fn chunks(&self) -> usize {
        usize::try_from(self.known.div_ceil(CHUNK_SLOTS)).unwrap_or(usize::MAX)
    }

    /// Returns whether a slot is free for which the map has words.
    pub(crate) fn has_known_free(&self) -> bool {
        self.has_free_below() || (self.known < self.size && !self.known.is_multiple_of(CHUNK_SLOTS))
    }

    /// Returns whether a slot is free, with words or without.
    pub(crate) fn has_free(&self) -> bool {
        self.known < self.size || self.has_free_below()
    }

    fn has_free_below(&self) -> bool {
        // While slots above the size are given up, those among the free ones do not count.
        let above = if self.known > self.size { self.free.count_from(self.size) } else { 0 };
        self.free.count() > above
    }

    /// Takes or gives up slots at the end. Those that are used above the new end are still there, and
    /// no others are given: [`SlotMap::used_above`].
    pub(crate) fn resize(&mut self, size: u32) {
        self.size = size;
    }

    /// Returns how many slots above the end are used, and how many of them only the daemon has yet to
    /// forget, perhaps with others that it is being told of.
    pub(crate) fn used_above(&self) -> Above {
        let Some(known) = self.known.checked_sub(self.size) else { return Above::default() };
        let free = self.free.count_from(self.size);
        debug_assert!(free <= known, "{free} slots are free above the end, of {known}");
        let used = known.saturating_sub(free);
        let forgotten = self.noticed.count_from(self.size).saturating_add(self.noticing);
        Above { used, is_forgotten: used <= forgotten }
    }

    /// Forgets the slots above the end, none of which is used, and gives back the memory of whole
    /// chunks.
    pub(crate) fn cut(&mut self) {
        if self.known <= self.size {
            return;
        }
        self.free.clear_from(self.size);
        self.known = self.size;
        let kept = self.chunks();
        self.free.cut(kept);
        self.noticed.cut(kept);
        self.entries.clear(self.area, kept);
    }

    /// Returns how many notices wait to be sent.
    pub(crate) fn notices_pending(&self) -> u32 {
        self.noticed.count()
    }

    /// Returns how many slots nobody uses any more and the daemon has yet to forget.
    pub(crate) fn notices(&self) -> u32 {
        self.notices_pending().saturating_add(self.notices_in_flight())
    }

    /// Returns how many notices are in flight.
    pub(crate) fn notices_in_flight(&self) -> u32 {
        self.noticing
    }

    /// Free to Storing 1: returns the first free slot, so that a batch lies together. Takes another
    /// chunk's memory if it must and `may_grow`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn take_free(&mut self, may_grow: bool) -> Result<SwapSlot, NoSlot> {
        let slot = match self.free.take_first_below(self.size) {
            Some(index) => SwapSlot(index),
            None => self.learn(may_grow)?,
        };
        // A slot in the map of free ones is Free; one that is not is taken out of it for good.
        let taken = self.turn(slot, |state| {
            if state == Slot::Free { Ok(Slot::Storing(1)) } else { Err(Invariant::SlotTransition) }
        });
        taken.map_err(|_| NoSlot::Used)?;
        self.used = self.used.saturating_add(1);
        Ok(slot)
    }

    /// Returns the next slot that was never used.
    fn learn(&mut self, may_grow: bool) -> Result<SwapSlot, NoSlot> {
        let slot = SwapSlot(self.known);
        let next = self.known.checked_add(1).filter(|next| *next <= self.size);
        let next = next.ok_or(NoSlot::Used)?;
        if slot.0.is_multiple_of(CHUNK_SLOTS) {
            if !may_grow {
                return Err(NoSlot::Table);
            }
            self.extend().map_err(|NoMemory| NoSlot::Table)?;
        }
        self.known = next;
        Ok(slot)
    }

    fn extend(&mut self) -> Result<(), NoMemory> {
        let kept = self.chunks();
        let extended = self
            .free
            .extend()
            .and_then(|()| self.noticed.extend())
            .and_then(|()| self.entries.extend(self.area));
        if extended.is_err() {
            self.free.cut(kept);
            self.noticed.cut(kept);
        }
        extended
    }

    fn turn(
        &self,
        slot: SwapSlot,
        to: impl Fn(Slot) -> Result<Slot, Invariant>,
    ) -> Result<Turned, Invariant> {
        self.entries.turn(self.entry(slot), to)
    }

    /// Turns a slot that is in use, and does what the maps need.
    fn turn_used(
        &mut self,
        slot: SwapSlot,
        to: impl Fn(Slot) -> Result<Slot, Invariant>,
    ) -> Result<Slot, Invariant> {
        let Turned { before, after } = self.turn(slot, to)?;
        match after {
            Slot::Free => {
                self.used = self.used.checked_sub(1).ok_or(Invariant::CountsAgree)?;
                self.free.set(slot.0);
            }
            Slot::Noticed => self.noticed.set(slot.0),
            Slot::Storing(_)
            | Slot::Stored(_)
            | Slot::Loading(_)
            | Slot::Taking(_)
            | Slot::Lost(_)
            | Slot::Noticing => {}
        }
        Ok(before)
    }

    /// The daemon has it.
    pub(crate) fn stored(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.turn_storing(slot, |users| Slot::Stored(users).collected())
    }

    /// The daemon never had it.
    pub(crate) fn abandon(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.turn_storing(slot, |users| if users == 0 { Slot::Free } else { Slot::Lost(users) })
    }

    /// The daemon may have it, but nobody is to have it from there.
    pub(crate) fn discard(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.turn_storing(slot, |users| Slot::Lost(users).collected())
    }

    fn turn_storing(&mut self, slot: SwapSlot, to: fn(u16) -> Slot) -> Result<(), Invariant> {
        let turned = self.turn_used(slot, |state| {
            let Slot::Storing(users) = state else { return Err(Invariant::SlotTransition) };
            Ok(to(users))
        });
        turned.map(|_| ())
    }

    /// The pager has put a page, or nothing, in the place of an entry.
    pub(crate) fn replaced(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.turn_used(slot, |state| Ok(state.less_one()?.collected())).map(|_| ())
    }

    /// A page-in begins, unless nobody names the slot any more.
    pub(crate) fn begin_load(&mut self, slot: SwapSlot) -> Result<LoadBegin, Invariant> {
        let before = self.turn_used(slot, |state| {
            let Slot::Stored(users) = state else { return Err(Invariant::SlotTransition) };
            Ok(match users {
                0 => state,
                1 => Slot::Taking(1),
                2.. => Slot::Loading(users),
            })
        })?;
        Ok(if before == Slot::Stored(0) {
            LoadBegin::Nobody
        } else if before == Slot::Stored(1) {
            LoadBegin::Take
        } else {
            LoadBegin::Load
        })
    }

    /// What `begin_load` began has ended.
    pub(crate) fn end_load(&mut self, slot: SwapSlot, end: LoadEnd) -> Result<(), Invariant> {
        let turned = self.turn_used(slot, |state| match (state, end) {
            (Slot::Taking(0), LoadEnd::Came) => Ok(Slot::Free),
            (Slot::Taking(users), LoadEnd::Came) => Ok(Slot::Lost(users)),
            (Slot::Loading(users), LoadEnd::Came)
            | (Slot::Loading(users) | Slot::Taking(users), LoadEnd::Aborted) => {
                Ok(Slot::Stored(users).collected())
            }
            (Slot::Loading(users) | Slot::Taking(users), LoadEnd::Lost) => {
                Ok(Slot::Lost(users).collected())
            }
            _ => Err(Invariant::SlotTransition),
        });
        turned.map(|_| ())
    }

    /// Collects what the hooks have left without a user, about `most` slots, which it lessens.
    pub(crate) fn collect(&mut self, most: &mut u32) {
        let noticed = &mut self.noticed;
        self.entries.collect(self.area, most, |slot| noticed.set(slot.0));
    }

    /// Noticed to Noticing: returns a slot to tell the daemon of.
    pub(crate) fn take_notice(&mut self) -> Option<SwapSlot> {
        // Never more than there are slots, whose count has the same type.
        let noticing = self.noticing.checked_add(1)?;
        let slot = SwapSlot(self.noticed.take_first()?);
        self.expect(slot, Slot::Noticed, Slot::Noticing).ok()?;
        self.noticing = noticing;
        Some(slot)
    }

    /// Noticing to Free: the daemon has forgotten it.
    pub(crate) fn notice_done(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Noticing, Slot::Free)?;
        self.noticing = self.noticing.checked_sub(1).ok_or(Invariant::CountsAgree)?;
        Ok(())
    }

    /// Noticing to Noticed: nobody knows whether the daemon heard.
    pub(crate) fn notice_failed(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Noticing, Slot::Noticed)?;
        self.noticing = self.noticing.checked_sub(1).ok_or(Invariant::CountsAgree)?;
        Ok(())
    }

    /// All pending notices to Free: there is no daemon left to tell.
    pub(crate) fn forget_notices(&mut self) -> Result<(), Invariant> {
        while let Some(index) = self.noticed.take_first() {
            self.expect(SwapSlot(index), Slot::Noticed, Slot::Free)?;
        }
        Ok(())
    }

    fn expect(&mut self, slot: SwapSlot, from: Slot, to: Slot) -> Result<(), Invariant> {
        let turned = self.turn_used(slot, |state| {
            if state == from { Ok(to) } else { Err(Invariant::SlotTransition) }
        });
        turned.map(|_| ())
    }
}

impl Drop for SlotMap {
    /// The area is gone, and with it the memory of its words.
    fn drop(&mut self) {
        self.entries.clear(self.area, 0);
    }
}

#[cfg(test)]
mod tests;
