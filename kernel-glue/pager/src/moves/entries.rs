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
use crate::lines::Offered;
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
                self.lines.turn_unwanted(space, page, entry);
                self.drop_user(entry);
            }
            Some(Slot::Stored(_) | Slot::Lost(_)) => self.drop_user(entry),
            Some(Slot::Free | Slot::Noticed | Slot::Noticing) | None => {
                self.broke(Invariant::EntryHasSlot);
            }
        }
        let pending = self.areas.notices_pending(entry.area);
        if usize::try_from(pending).is_ok_and(|pending| pending >= NOTICES_MIN) {
            self.send_notices(ports);
        }
        self.close_if_broken(ports);
    }

    /// The space may be copied, page table and all, if the answer is `Ready`: pages of it that were
    /// on their way out are back, and no TAKE of one is in flight. Each swap entry that the copy
    /// gets is then reported by [`Pager::entry_duplicated`], before the pager is called otherwise.
    pub fn fork_begin(&mut self, space: SpaceId, waiter: Waiter, ports: &mut impl Ports) -> Fork {
        while let Some(entry) = self.lines.leaving_from(space) {
            if !self.give_back(entry, ports) {
                break;
            }
        }
        self.close_if_broken(ports);
        match self.lines.taken_from(space) {
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
        let is_leaving = self.lines.drop_leaving_from(space);
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
        self.lines.forget_waiter(waiter);
        self.swapoff_cancel(waiter);
        self.hand_out_frames(ports);
    }

    fn drop_user(&mut self, entry: SwapEntry) {
        self.turn_slot(entry, SlotMap::drop_user);
        self.areas.settle(entry.area);
    }

    fn drop_leaving(&mut self, entry: SwapEntry, ports: &mut impl Ports) {
        let Some(offered) = self.lines.drop_leaving(entry) else {
            return self.broke(Invariant::PageHasBatch);
        };
        self.statistics.cancelled = self.statistics.cancelled.saturating_add(1);
        if offered == Offered::NotYet {
            self.abandon(entry);
        }
        self.waiters.wake_slot(entry, None, ports);
    }
}
