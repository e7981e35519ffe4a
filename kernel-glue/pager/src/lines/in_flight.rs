//! Pages in flight: which pages a record of each kind carries.
//!
//! The table shows what may happen to a page that is being swapped out, and what the pager then
//! does (DESIGN 8.4). "Unmapping" is the time between leaving the page table and the shootdown's
//! acknowledgements, "storing" the time between the record and its reply; while storing, the window
//! holds a copy of the bytes:
//!
//! | event | unmapping | storing |
//! | --- | --- | --- |
//! | fault | mapped back | mapped back |
//! | fork | mapped back, then copied like any page | likewise |
//! | unmap, exit | frame freed at `reclaim_finish` | frame freed at the reply |
//! | swapoff | goes back at `reclaim_finish` | goes on, then comes back like any page |
//! | daemon dead | goes back at `reclaim_finish` | goes back at once |
//!
//! The slot of a page that went back is free at once if it was never offered to the daemon;
//! otherwise a free notice after the reply makes the daemon discard it. The hooks of unmap and exit
//! only count ([`Entries`](crate::Entries)), so the pager notices that an entry is gone when it
//! puts the page back or looks at the slot. A page that is being swapped in has no frame yet: a
//! thread that faults on it waits; after unmap and exit there is no entry to replace, so it is not
//! mapped; fork waits for a TAKE ([`Pager::fork_begin`](crate::Pager::fork_begin)), and swapoff
//! passes over the page.

use zram_abi::record::{ENTRIES_MAX, Operation, Record};
use zram_abi::verb::Cookie;

use crate::entry::{AreaIndex, SwapEntry, SwapSlot};
use crate::invariant::Invariant;
use crate::lines::fixed::Fixed;
use crate::ports::{Frame, Page, Place, SpaceId, Waiter};

/// Where a page on its way out belongs now. The frame is held by the batch unless `Returned`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Its swap entry stands in the page table, or was dropped and that has yet to be seen.
    Leaving,
    /// It went back, frame and all.
    Returned,
    /// Its entry is gone; only the frame is left to free.
    Dropped,
}

/// A page on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreItem {
    pub(crate) slot: SwapSlot,
    pub(crate) frame: Frame,
    pub(crate) space: SpaceId,
    pub(crate) page: Page,
    pub(crate) held: Held,
}

/// A batch on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    pub(crate) area: AreaIndex,
    pub(crate) ticket: u32,
    /// When it was posted.
    pub(crate) since_ns: u64,
    pub(crate) items: Fixed<StoreItem, ENTRIES_MAX>,
}

/// A page on its way in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadItem {
    pub(crate) slot: SwapSlot,
    pub(crate) frame: Frame,
    pub(crate) space: SpaceId,
    pub(crate) page: Page,
}

/// Pages on their way in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) area: AreaIndex,
    pub(crate) ticket: u32,
    /// TAKE, else LOAD.
    pub(crate) take: bool,
    /// When the fault happened.
    pub(crate) since_ns: u64,
    /// Who is to run first when it is there.
    pub(crate) first: Option<Waiter>,
    pub(crate) items: Fixed<LoadItem, ENTRIES_MAX>,
}

/// A free notice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice {
    pub(crate) area: AreaIndex,
    pub(crate) ticket: u32,
    pub(crate) slots: Fixed<SwapSlot, ENTRIES_MAX>,
}

/// What a queue carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    Store(Store),
    Load(Load),
    Notice(Notice),
}

impl StoreItem {
    /// Returns where the page's entry should stand.
    pub(crate) fn place(&self, entry: SwapEntry) -> Place {
        Place { space: self.space, page: self.page, entry }
    }
}

impl LoadItem {
    /// Returns where the page's entry should stand.
    pub(crate) fn place(&self, entry: SwapEntry) -> Place {
        Place { space: self.space, page: self.page, entry }
    }
}

impl Store {
    pub(crate) fn new(area: AreaIndex, ticket: u32) -> Self {
        let filler = StoreItem {
            slot: SwapSlot(0),
            frame: Frame(0),
            space: SpaceId(0),
            page: Page(0),
            held: Held::Returned,
        };
        Self { area, ticket, since_ns: 0, items: Fixed::new(filler) }
    }

    /// Returns the swap entry that stands for the page.
    pub(crate) fn entry(&self, item: StoreItem) -> SwapEntry {
        SwapEntry { area: self.area, slot: item.slot }
    }

    /// Returns the item that `entry` stands for, if its page is in this batch.
    ///
    /// An item whose entry is gone is not meant, even if it has this slot: before it is offered its
    /// slot is free already, and may be that of a page in another CPU's batch.
    pub(crate) fn find_mut(&mut self, entry: SwapEntry) -> Option<&mut StoreItem> {
        if self.area != entry.area {
            return None;
        }
        let mut items = self.items.as_mut_slice().iter_mut();
        items.find(|item| item.slot == entry.slot && item.held == Held::Leaving)
    }
}

impl Load {
    pub(crate) fn new(area: AreaIndex, ticket: u32, take: bool) -> Self {
        let filler =
            LoadItem { slot: SwapSlot(0), frame: Frame(0), space: SpaceId(0), page: Page(0) };
        Self { area, ticket, take, since_ns: 0, first: None, items: Fixed::new(filler) }
    }
}

impl Notice {
    pub(crate) fn new(area: AreaIndex, ticket: u32) -> Self {
        Self { area, ticket, slots: Fixed::new(SwapSlot(0)) }
    }

    /// Returns what an entry for the slot would be.
    pub(crate) fn entry(&self, slot: SwapSlot) -> SwapEntry {
        SwapEntry { area: self.area, slot }
    }
}

impl Work {
    /// Returns the area that this is about.
    pub(crate) fn area(&self) -> AreaIndex {
        match self {
            Self::Store(store) => store.area,
            Self::Load(load) => load.area,
            Self::Notice(notice) => notice.area,
        }
    }

    /// Returns the record that asks for this.
    pub(crate) fn record(&self, cookie: Cookie) -> Result<Record, Invariant> {
        let (operation, ticket) = (self.operation(), self.ticket());
        let (device, generation) = (u32::from(cookie.device), u32::from(cookie.generation));
        let mut record = Record::new(operation, device, generation, ticket);
        for index in 0..self.count() {
            let has_room = self.slot(index).is_some_and(|slot| record.push(slot.0));
            if !has_room {
                return Err(Invariant::BatchHasRoom);
            }
        }
        Ok(record)
    }

    /// Returns whether `reply` answers the record that asks for this: the same in everything but
    /// the statuses.
    pub(crate) fn is_answered_by(&self, reply: &Record, cookie: Cookie) -> bool {
        let (device, generation) = (u32::from(cookie.device), u32::from(cookie.generation));
        let mut entries = reply.entries().iter().enumerate();
        reply.operation == self.operation()
            && reply.ticket == self.ticket()
            && (reply.device, reply.generation) == (device, generation)
            && reply.entries().len() == self.count()
            && entries.all(|(index, entry)| self.slot(index) == Some(SwapSlot(entry.slot)))
    }

    fn operation(&self) -> Operation {
        match self {
            Self::Store(_) => Operation::Store,
            Self::Load(load) if load.take => Operation::Take,
            Self::Load(_) => Operation::Load,
            Self::Notice(_) => Operation::Free,
        }
    }

    fn ticket(&self) -> u32 {
        match self {
            Self::Store(store) => store.ticket,
            Self::Load(load) => load.ticket,
            Self::Notice(notice) => notice.ticket,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Store(store) => store.items.as_slice().len(),
            Self::Load(load) => load.items.as_slice().len(),
            Self::Notice(notice) => notice.slots.as_slice().len(),
        }
    }

    fn slot(&self, index: usize) -> Option<SwapSlot> {
        match self {
            Self::Store(store) => store.items.as_slice().get(index).map(|item| item.slot),
            Self::Load(load) => load.items.as_slice().get(index).map(|item| item.slot),
            Self::Notice(notice) => notice.slots.as_slice().get(index).copied(),
        }
    }
}
