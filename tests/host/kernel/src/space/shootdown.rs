//! Work that must wait until no CPU holds an old translation.
//!
//! To take a page away: clear the entry, note the page here, and note here also the work that must
//! wait until every CPU has dropped the translation (free the frame, let the caller of a request
//! continue, read the page to swap it out). Each CPU has its own [`Pending`]; before it runs a
//! thread again it sends the shootdown out, without the kernel lock, and then does the noted work,
//! in order.

use alloc::vec::Vec;

use super::SpaceId;
use crate::errno::Errno;
use crate::files::table::FileTable;
use crate::kernel::Kernel;
use crate::machine::action::{Action, Pages};
use crate::machine::frames::Frame;
use crate::machine::paging::UserPage;
use crate::slab::Id;
use crate::swap;
use crate::thread::ThreadId;
use zram_abi::{CpuId, CpuSet};

/// What may happen when all CPUs have forgotten the pages.
pub(crate) enum After {
    /// The frame loses a user.
    Put(Frame),
    /// The frame loses a borrow and a user.
    Return(Frame),
    /// The thread's system call ends with this result, if it still waits for that.
    Complete(ThreadId, Result<usize, Errno>),
    /// The thread executes its system call again, if it still waits for that.
    Restart(ThreadId),
    /// Nobody can have the space loaded any more.
    Vacate(SpaceId),
    /// A file table loses a reference: that of the last thread of a process.
    CloseTable(Id<FileTable>),
    /// The pager goes on.
    Swap(swap::Token),
}

/// What one CPU has to send out before it runs a thread again.
pub(crate) struct Pending {
    cpus: CpuSet,
    pages: Pages,
    after: Vec<After>,
}

impl Pending {
    /// Returns nothing to send out.
    pub(crate) const fn new() -> Self {
        Self { cpus: CpuSet::EMPTY, pages: Pages::none(), after: Vec::new() }
    }
}

impl Kernel {
    /// Notes that this page of the space was taken away or lost rights.
    pub(crate) fn forget(&mut self, space: SpaceId, page: UserPage) {
        let loaded = self.spaces[space].loaded;
        let pending = &mut self.spaces.local[self.here.index()].pending;
        pending.pages.push(page);
        pending.cpus = pending.cpus.union(loaded);
    }

    /// Notes that all pages of the space were taken away.
    pub(crate) fn forget_all(&mut self, space: SpaceId) {
        let loaded = self.spaces[space].loaded;
        let pending = &mut self.spaces.local[self.here.index()].pending;
        pending.pages = Pages::All;
        pending.cpus = pending.cpus.union(loaded);
    }

    /// Notes what to do when everything noted so far is forgotten by all CPUs.
    pub(crate) fn afterwards(&mut self, after: After) {
        self.spaces.local[self.here.index()].pending.after.push(after);
    }

    /// Returns the shootdown that this CPU must make now, or does what needs none.
    pub(crate) fn next_shootdown(&mut self) -> Option<Action> {
        loop {
            let pending = &mut self.spaces.local[self.here.index()].pending;
            if pending.cpus.is_empty() && pending.after.is_empty() {
                pending.pages.clear();
                return None;
            }
            let Pending { cpus, pages, after } = core::mem::replace(pending, Pending::new());
            if !cpus.is_empty() {
                self.spaces.local[self.here.index()].in_flight = after;
                return Some(Action::Shootdown { cpus, pages });
            }
            self.perform(after);
        }
    }

    /// Does what waited for the shootdown of this CPU.
    pub(crate) fn on_shootdown_done(&mut self, cpu: CpuId) {
        self.here = cpu;
        let after = core::mem::take(&mut self.spaces.local[cpu.index()].in_flight);
        self.perform(after);
    }

    fn perform(&mut self, after: Vec<After>) {
        for step in after {
            match step {
                After::Put(frame) => self.put_frame(frame),
                After::Return(frame) => self.return_frame(frame),
                After::Complete(thread, result) => self.complete_after(thread, Some(result)),
                After::Restart(thread) => self.complete_after(thread, None),
                After::Vacate(space) => self.vacate(space),
                After::CloseTable(table) => self.release_table(table),
                After::Swap(token) => swap::on_shootdown_done(self, token),
            }
        }
        swap::frames_freed(self);
    }

    /// Takes a user of a frame away that no CPU can reach through it any more.
    pub(crate) fn put_frame(&mut self, frame: Frame) {
        self.frames.put(frame);
    }

    /// Takes a borrow and its user away.
    pub(crate) fn return_frame(&mut self, frame: Frame) {
        self.frames.unborrow(frame);
        self.frames.put(frame);
    }
}
