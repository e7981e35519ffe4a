//! The slot map of one area: what the pager knows of each swap slot.
//!
//! A slot is two bytes (state and count of users), plus one bit each in the map of free slots and
//! in the map of pending free notices. Users are page-table entries that name the slot; fork adds
//! one, and the last to go frees it. The table of transitions; every other pair is a bug of ours
//! and is refused, by an error that closes the pager ([`Invariant`]):
//!
//! | state | `take_free` | `stored` | `abandon` | `discard` | `begin_load` | `end_load` | `drop_user` |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | Free | Storing | | | | | | |
//! | Storing | | Stored 1 | Free | Noticed | | | |
//! | Stored u | | | | | Loading u | | Stored u-1, or Noticed |
//! | Loading u | | | | | | see [`LoadEnd`] | Loading u-1 |
//! | Lost u | | | | | | | Lost u-1, or Noticed |
//! | Noticed | `take_notices`: Noticing | | | | | | |
//! | Noticing | `notice_done`: Free; `notice_failed`: Noticed | | | | | | |
//!
//! A slot is allocatable only when Free: neither while a notice is pending nor while it is in
//! flight (DESIGN 8.5). All under the pager's lock; nothing here allocates after construction.

use alloc::vec::Vec;

use crate::entry::SwapSlot;
use crate::invariant::Invariant;
use crate::memory::NoMemory;
use crate::places::bitmap::Bitmap;

/// What a swap slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nobody's; the daemon holds nothing under it.
    Free,
    /// Named by one entry, its page is on the way out.
    Storing,
    /// The daemon holds the page for this many users.
    Stored(u16),
    /// A LOAD or TAKE is in flight; users may all have gone meanwhile.
    Loading(u16),
    /// The page is lost; this many entries still name it.
    Lost(u16),
    /// The daemon has yet to be told that it may forget the slot.
    Noticed,
    /// The daemon is being told.
    Noticing,
}

/// How a LOAD or TAKE ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadEnd {
    /// The page was mapped for one user (LOAD): one user less.
    Mapped,
    /// The page came and the daemon forgot it (TAKE).
    Taken,
    /// It came but nobody was there to have it (LOAD).
    Unwanted,
    /// It did not come; the daemon still has it.
    Aborted,
    /// It will never come.
    Lost,
}

/// Most users of a slot: 13 bits; one per address space is the real bound.
pub(crate) const USERS_MAX: u16 = 0x1fff;

const USERS_BITS: u32 = 13;

impl Slot {
    fn pack(self) -> u16 {
        let (tag, users) = match self {
            Self::Free => (0_u16, 0),
            Self::Storing => (1, 0),
            Self::Stored(users) => (2, users),
            Self::Loading(users) => (3, users),
            Self::Lost(users) => (4, users),
            Self::Noticed => (5, 0),
            Self::Noticing => (6, 0),
        };
        tag << USERS_BITS | users & USERS_MAX
    }

    fn unpack(word: u16) -> Self {
        let users = word & USERS_MAX;
        match word >> USERS_BITS {
            0 => Self::Free,
            1 => Self::Storing,
            2 => Self::Stored(users),
            3 => Self::Loading(users),
            4 => Self::Lost(users),
            5 => Self::Noticed,
            _ => Self::Noticing,
        }
    }
}

/// All slots of one area.
#[derive(Debug)]
pub(crate) struct SlotMap {
    words: Vec<u16>,
    free: Bitmap,
    noticed: Bitmap,
    noticing: u32,
}

impl SlotMap {
    /// Returns a map of `count` free slots.
    ///
    /// # Errors
    ///
    /// [`NoMemory`]; nothing is kept then.
    pub(crate) fn new(count: u32) -> Result<Self, NoMemory> {
        let size = usize::try_from(count).map_err(|_| NoMemory)?;
        let mut words = Vec::new();
        words.try_reserve_exact(size).map_err(|_| NoMemory)?;
        words.resize(size, Slot::Free.pack());
        let mut free = Bitmap::new(count).ok_or(NoMemory)?;
        free.set_all();
        let noticed = Bitmap::new(count).ok_or(NoMemory)?;
        Ok(Self { words, free, noticed, noticing: 0 })
    }

    /// Returns what the slot is doing; a slot that does not exist is Free.
    pub(crate) fn get(&self, slot: SwapSlot) -> Slot {
        let index = usize::try_from(slot.0).unwrap_or(usize::MAX);
        self.words.get(index).copied().map_or(Slot::Free, Slot::unpack)
    }

    fn put(&mut self, slot: SwapSlot, state: Slot) {
        let index = usize::try_from(slot.0).unwrap_or(usize::MAX);
        if let Some(word) = self.words.get_mut(index) {
            *word = state.pack();
        }
    }

    /// Returns how many slots are not free.
    pub(crate) fn used(&self) -> u32 {
        self.count().saturating_sub(self.free.count())
    }

    /// Returns how many slots there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.words.len()).unwrap_or(u32::MAX)
    }

    /// Returns the bytes that the map takes.
    pub(crate) fn size_bytes(&self) -> usize {
        let words = self.words.len().saturating_mul(size_of::<u16>());
        words.saturating_add(self.free.size_bytes()).saturating_add(self.noticed.size_bytes())
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

    /// Free to Storing: returns a free slot near the last one, so that a batch lies together.
    pub(crate) fn take_free(&mut self) -> Option<SwapSlot> {
        let slot = SwapSlot(self.free.take_first()?);
        self.put(slot, Slot::Storing);
        Some(slot)
    }

    fn release(&mut self, slot: SwapSlot) {
        self.put(slot, Slot::Free);
        self.free.set(slot.0);
    }

    fn notice(&mut self, slot: SwapSlot) {
        self.put(slot, Slot::Noticed);
        self.noticed.set(slot.0);
    }

    /// Storing to Stored: the daemon has it, one entry names it.
    pub(crate) fn stored(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Storing)?;
        self.put(slot, Slot::Stored(1));
        Ok(())
    }

    /// Storing to Free: the daemon never had it, no entry names it.
    pub(crate) fn abandon(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Storing)?;
        self.release(slot);
        Ok(())
    }

    /// Storing to Noticed: the daemon has it, but no entry names it any more.
    pub(crate) fn discard(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Storing)?;
        self.notice(slot);
        Ok(())
    }

    /// Stored to Loading; returns whether one user is all it has, so that TAKE will do.
    pub(crate) fn begin_load(&mut self, slot: SwapSlot) -> Result<bool, Invariant> {
        let Slot::Stored(users) = self.get(slot) else { return Err(Invariant::SlotTransition) };
        self.put(slot, Slot::Loading(users));
        Ok(users == 1)
    }

    /// Loading to what `end` says.
    pub(crate) fn end_load(&mut self, slot: SwapSlot, end: LoadEnd) -> Result<(), Invariant> {
        let Slot::Loading(users) = self.get(slot) else { return Err(Invariant::SlotTransition) };
        match end {
            LoadEnd::Taken => self.release(slot),
            LoadEnd::Mapped => self.keep(slot, Slot::Stored(one_less(users)?)),
            LoadEnd::Unwanted | LoadEnd::Aborted => self.keep(slot, Slot::Stored(users)),
            LoadEnd::Lost => self.keep(slot, Slot::Lost(users)),
        }
        Ok(())
    }

    /// One entry less names the slot.
    pub(crate) fn drop_user(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        match self.get(slot) {
            Slot::Stored(users) => self.keep(slot, Slot::Stored(one_less(users)?)),
            Slot::Lost(users) => self.keep(slot, Slot::Lost(one_less(users)?)),
            Slot::Loading(users) => self.put(slot, Slot::Loading(one_less(users)?)),
            Slot::Free | Slot::Storing | Slot::Noticed | Slot::Noticing => {
                return Err(Invariant::SlotTransition);
            }
        }
        Ok(())
    }

    /// One entry more names the slot; returns false, and changes nothing, at [`USERS_MAX`].
    pub(crate) fn add_user(&mut self, slot: SwapSlot) -> Result<bool, Invariant> {
        let (users, state): (u16, fn(u16) -> Slot) = match self.get(slot) {
            Slot::Stored(users) => (users, Slot::Stored),
            Slot::Lost(users) => (users, Slot::Lost),
            Slot::Loading(users) => (users, Slot::Loading),
            Slot::Free | Slot::Storing | Slot::Noticed | Slot::Noticing => {
                return Err(Invariant::SlotTransition);
            }
        };
        if users >= USERS_MAX {
            return Ok(false);
        }
        let more = users.checked_add(1).ok_or(Invariant::CountsAgree)?;
        self.put(slot, state(more));
        Ok(true)
    }

    fn keep(&mut self, slot: SwapSlot, state: Slot) {
        match state {
            Slot::Stored(0) | Slot::Lost(0) => self.notice(slot),
            Slot::Free
            | Slot::Storing
            | Slot::Stored(_)
            | Slot::Loading(_)
            | Slot::Lost(_)
            | Slot::Noticed
            | Slot::Noticing => self.put(slot, state),
        }
    }

    /// Noticed to Noticing: returns a slot to tell the daemon of.
    pub(crate) fn take_notice(&mut self) -> Option<SwapSlot> {
        // Never more than there are slots, whose count has the same type.
        let noticing = self.noticing.checked_add(1)?;
        let slot = SwapSlot(self.noticed.take_first()?);
        self.put(slot, Slot::Noticing);
        self.noticing = noticing;
        Some(slot)
    }

    /// Noticing to Free: the daemon has forgotten it.
    pub(crate) fn notice_done(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Noticing)?;
        self.noticing = self.noticing.checked_sub(1).ok_or(Invariant::CountsAgree)?;
        self.release(slot);
        Ok(())
    }

    /// Noticing to Noticed: nobody knows whether the daemon heard.
    pub(crate) fn notice_failed(&mut self, slot: SwapSlot) -> Result<(), Invariant> {
        self.expect(slot, Slot::Noticing)?;
        self.noticing = self.noticing.checked_sub(1).ok_or(Invariant::CountsAgree)?;
        self.notice(slot);
        Ok(())
    }

    /// All pending notices to Free: there is no daemon left to tell.
    pub(crate) fn forget_notices(&mut self) {
        while let Some(index) = self.noticed.take_first() {
            self.release(SwapSlot(index));
        }
    }

    /// Expects the slot in the one state that an event is allowed in; else it stays as it is.
    fn expect(&self, slot: SwapSlot, state: Slot) -> Result<(), Invariant> {
        if self.get(slot) == state { Ok(()) } else { Err(Invariant::SlotTransition) }
    }
}

fn one_less(users: u16) -> Result<u16, Invariant> {
    users.checked_sub(1).ok_or(Invariant::CountsAgree)
}

#[cfg(test)]
mod tests;
