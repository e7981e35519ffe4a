//! What unmap, fork and exit do to swap entries, and the end of spaces and threads.
//!
//! The kernel reports each entry it removes from a page table or copies into another one; the pager
//! keeps the slots' users, and frees a slot after the last. What that means for a page in flight is
//! the table in `in_flight`. mprotect needs no report: an entry carries no permissions, and a page
//! that comes in is mapped as its mapping then says. Moving pages between addresses or spaces is
//! unmap and map for pages in memory; a kernel that moves entries brings them in first.

use crate::Pager;
use crate::entry::SwapEntry;
use crate::frames::waiters::Reason;
use crate::invariant::Invariant;
use crate::lines::in_flight::{Held, Work};
use crate::lines::queues::Offered;
use crate::places::slots::{Slot, SlotMap};
use crate::ports::{Page, Ports, SpaceId, Waiter};
use crate::requests::Fork;

/// So many pending notices make a record worth while before the next tick.
const NOTICES_MIN: usize = zram_abi::record::ENTRIES_MAX;

impl Pager {
    /// The swap entry at `page` was removed (unmap, exit).
    pub fn entry_dropped(
        &mut self,
        space: SpaceId,
        page: Page,
        entry: SwapEntry,
        ports: &mut impl Ports,
    ) {
        self.entry_removed(space);
        match self.areas.slot(entry) {
            Some(Slot::Storing) => self.drop_leaving(entry, ports),
            Some(Slot::Loading(_)) => {
                self.turn_unwanted(space, page, entry);
                self.drop_user(entry);
            }
            Some(Slot::Stored(_) | Slot::Lost(_)) => self.drop_user(entry),
            Some(Slot::Free | Slot::Noticed | Slot::Noticing) | None => {
                self.broke(Invariant::EntryHasSlot);
            }
        }
        let pending = self.areas.get(entry.area).map_or(0, |area| area.slots.notices_pending());
        if usize::try_from(pending).is_ok_and(|pending| pending >= NOTICES_MIN) {
            self.send_notices(ports);
        }
        self.close_if_broken(ports);
    }

    /// The space may be copied, page table and all, if the answer is `Ready`: pages of it that were
    /// on their way out are back, and no TAKE of one is in flight. Each swap entry that the copy
    /// gets is then reported by [`Pager::entry_duplicated`], before the pager is called otherwise.
    pub fn fork_begin(&mut self, space: SpaceId, waiter: Waiter, ports: &mut impl Ports) -> Fork {
        while let Some(entry) = self.leaving_from(space) {
            if !self.give_back(entry, ports) {
                break;
            }
        }
        self.close_if_broken(ports);
        match self.taken_from(space) {
            Some(entry) => {
                self.wait(waiter, Reason::Slot(entry), ports);
                Fork::Wait
            }
            None => Fork::Ready,
        }
    }

    /// `entry` was copied into a page table of `space`; returns false, and it must not stand there,
    /// if the slot has as many users as can be counted.
    #[must_use]
    pub fn entry_duplicated(&mut self, space: SpaceId, entry: SwapEntry) -> bool {
        let added = self.turn_slot(entry, SlotMap::add_user) == Some(true);
        if added {
            self.entry_placed(space);
        }
        added
    }

    /// The space is gone, every entry of it dropped; its number may be used again.
    pub fn space_gone(&mut self, space: SpaceId, ports: &mut impl Ports) {
        let is_leaving = self.drop_leaving_from(space);
        if is_leaving || self.swapped_pages(space) != 0 {
            self.broke(Invariant::EntryIsReported);
        }
        self.space_spared(space);
        self.after_frames_freed(ports);
    }

    /// The kernel has not killed the space as it was told, because memory is about to come free
    /// anyway; if that is not enough, it is told again.
    pub fn space_spared(&mut self, space: SpaceId) {
        self.pressure.spare(space);
    }

    /// The thread is gone; its number may be used again.
    pub fn waiter_gone(&mut self, waiter: Waiter, ports: &mut impl Ports) {
        let left = self.waiters.leave(waiter);
        Self::give_up_turn(left, ports);
        if let Some(frame) = self.waiters.take_grant(waiter) {
            ports.release(frame);
        }
        for work in self.queues.work_mut() {
            match work {
                Work::Load(load) if load.first == Some(waiter) => load.first = None,
                Work::Load(_) | Work::Store(_) | Work::Notice(_) => {}
            }
        }
        self.swapoff_cancel(waiter);
        self.hand_out_frames(ports);
    }

    fn drop_user(&mut self, entry: SwapEntry) {
        self.turn_slot(entry, SlotMap::drop_user);
        if let Some(area) = self.areas.get_mut(entry.area) {
            area.settle();
        }
    }

    fn drop_leaving(&mut self, entry: SwapEntry, ports: &mut impl Ports) {
        let Some((item, offered)) = self.queues.leaving_mut(entry) else {
            return self.broke(Invariant::PageHasBatch);
        };
        item.held = match item.held {
            Held::Leaving => Held::Dropped,
            held @ (Held::Returned | Held::Dropped) => held,
        };
        self.statistics.cancelled = self.statistics.cancelled.saturating_add(1);
        if offered == Offered::NotYet {
            self.abandon(entry);
        }
        self.waiters.wake_slot(entry, None, ports);
    }

    fn turn_unwanted(&mut self, space: SpaceId, page: Page, entry: SwapEntry) {
        for work in self.queues.work_mut() {
            let Work::Load(load) = work else { continue };
            if load.area != entry.area {
                continue;
            }
            let mut items = load.items.as_mut_slice().iter_mut();
            if let Some(item) = items.find(|item| item.space == space && item.page == page) {
                item.wanted = false;
            }
        }
    }

    /// Drops what leaves from a space that is gone; returns whether there was anything, which there
    /// must not be: its pages would go back to whoever has the space's number next.
    fn drop_leaving_from(&mut self, space: SpaceId) -> bool {
        let mut found = false;
        for (store, _) in self.queues.stores_mut() {
            let items = store.items.as_mut_slice().iter_mut();
            for item in items.filter(|item| item.space == space) {
                if item.held == Held::Leaving {
                    item.held = Held::Dropped;
                    found = true;
                }
            }
        }
        found
    }

    fn leaving_from(&mut self, space: SpaceId) -> Option<SwapEntry> {
        self.queues.stores_mut().find_map(|(store, _)| {
            let mut items = store.items.as_slice().iter();
            let item = items.find(|item| item.space == space && item.held == Held::Leaving)?;
            Some(store.entry(*item))
        })
    }

    fn taken_from(&mut self, space: SpaceId) -> Option<SwapEntry> {
        self.queues.work_mut().find_map(|work| match work {
            Work::Load(load) if load.take => {
                let mut items = load.items.as_slice().iter();
                let item = items.find(|item| item.space == space && item.wanted)?;
                Some(SwapEntry { area: load.area, slot: item.slot })
            }
            Work::Load(_) | Work::Store(_) | Work::Notice(_) => None,
        })
    }
}
