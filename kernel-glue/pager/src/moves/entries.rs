//! The pager collects what the hooks of unmap, fork and exit have counted; fork begins; threads
//! end.
//!
//! The kernel counts each entry that it removes from a page table or copies into another one with
//! [`Entries`](crate::Entries), under any locks. The pager looks at the counts at the start of each
//! call: for a slot whose last user has gone, the daemon gets a free notice; a space that has gone
//! is no longer condemned. The table in `in_flight` says what this means for a page in flight.
//! mprotect needs no report: an entry carries no permissions, and a page that comes in gets the
//! permissions that its mapping then has. When pages move between addresses or spaces, pages in
//! memory are unmapped and mapped; a kernel that would move entries brings their pages in first.

use crate::Pager;
use crate::frames::waiters::Reason;
use crate::invariant::Invariant;
use crate::ports::{Ports, SpaceId, Waiter};
use crate::requests::Fork;

/// So many pending notices make a record worth while before the next tick.
const NOTICES_MIN: u32 = 32;

const _: () = assert!(NOTICES_MIN as usize == zram_abi::record::ENTRIES_MAX, "a whole record");

/// Slots collected in one turn, about: bounds the time under the lock to some ten microseconds.
const COLLECT_MAX: u32 = 256;

impl Pager {
    /// Looks at what hooks have told since the last turn.
    pub(crate) fn collect(&mut self, ports: &mut impl Ports) {
        if self.entries.have_news() {
            self.collect_news(ports);
        }
    }

    fn collect_news(&mut self, ports: &mut impl Ports) {
        self.entries.hear();
        if let Some(invariant) = self.entries.take_broken() {
            self.broke(invariant);
        }
        let collected = self.areas.collect(COLLECT_MAX, NOTICES_MIN);
        if self.holds(collected) == Some(true) {
            self.send_notices(ports);
        }
        while let Some(space) = self.entries.take_gone() {
            if self.entries.count(space) != 0 {
                self.broke(Invariant::EntryIsReported);
            }
            self.space_spared(space);
        }
        self.close_if_broken(ports);
    }

    /// The space may be copied, page table and all, if the answer is `Ready`: pages of it that were
    /// on their way out are back, and no TAKE of one is in flight. Each swap entry that the copy
    /// gets is then counted by [`Entries::add_user`](crate::Entries::add_user), which says so if one is in
    /// flight again by then.
    pub fn fork_begin(&mut self, space: SpaceId, waiter: Waiter, ports: &mut impl Ports) -> Fork {
        self.collect(ports);
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
}
