//! The windows: 32 frames a queue, shared with the daemon's thread of that queue.
//!
//! By copy (the default) a page is copied between its own frame and the window's. By mapping
//! (`window=map` on the kernel's command line) the daemon's page-table entry of the window's page
//! points to the page's own frame while the daemon works on it. Only the queue's pinned thread
//! touches a window, so the TLB of the queue's CPU is the only one to clean, and that CPU does it
//! itself. On another CPU, and if the daemon has not mapped the window, the page is copied all the
//! same; what another CPU takes away (a queue is revoked) waits for a shootdown.

use swap_pager::ports::{Frame as PagerFrame, Windows};
use x86_64::VirtAddr;
use x86_64::instructions::tlb;
use zram_abi::record::ENTRIES_MAX;

use super::QueueId;
use super::ports::{Machine, frame};
use crate::machine::cpu_id::CpuId;
use crate::machine::frames::Frame;
use crate::machine::paging::Pte;
use crate::space::grants::{Grant, Kind, Span};
use crate::space::shootdown::After;
use crate::space::{SpaceId, page};
use crate::thread::ThreadId;

/// One queue as the kernel knows it.
#[derive(Default)]
pub(super) struct Queue {
    /// The window's own frames, one use of each; none while the queue is closed.
    pub(super) window: Option<[Frame; ENTRIES_MAX]>,
    /// Where the daemon has mapped them.
    pub(super) mapped: Option<(SpaceId, Span)>,
    /// Pages of the window that show another frame than its own.
    shown: [bool; ENTRIES_MAX],
    /// The thread that waits for a record.
    pub(super) worker: Option<Worker>,
    /// The pager has a record for the worker.
    pub(super) is_called: bool,
    /// The pager has given up the daemon.
    pub(super) is_revoked: bool,
}

/// A thread of the daemon that waits for a record.
#[derive(Clone, Copy)]
pub(super) struct Worker {
    pub(super) thread: ThreadId,
    /// Where the record goes in its memory.
    pub(super) address: u64,
}

/// Returns the words `window=map` of the command line as a choice.
pub(super) fn are_mapped(cmdline: &str) -> bool {
    cmdline.split_whitespace().any(|word| word == "window=map")
}

impl Machine<'_> {
    fn own_frame(&self, queue: QueueId, index: usize) -> Frame {
        let window = self.0.swap.queue(queue).window;
        window.expect("the pager uses open queues")[index]
    }

    fn is_here(&self, queue: QueueId) -> bool {
        CpuId::new(queue.cpu.0 as usize) == Some(self.0.here)
    }

    /// Makes the window show `frame`; returns false if the daemon has not mapped it.
    fn show(&mut self, queue: QueueId, index: usize, frame: Frame, writable: bool) -> bool {
        let Some((space, span)) = self.0.swap.queue(queue).mapped else { return false };
        let page = page(span.start + index as u64);
        let Some(found) = self.0.spaces.get(space) else { return false };
        let grant = found.grants.find(page.number());
        let is_window = matches!(grant, Some((_, Grant { kind: Kind::Shared, .. })));
        let Pte::Present { frame: before, .. } = found.tree.get(page) else { return false };
        if !is_window {
            return false;
        }
        let pte =
            Pte::Present { frame, writable, executable: false, accessed: true, dirty: writable };
        self.0.frames.get(frame);
        self.0.frames.borrow(frame);
        self.0.set_entry(space, page, pte).expect("a present page has all its tables");
        if self.is_here(queue) {
            tlb::flush(VirtAddr::new(page.address()));
            self.0.return_frame(before);
        } else {
            self.0.forget(space, page);
            self.0.afterwards(After::Return(before));
        }
        true
    }

    /// Makes the window show a page's own frame; returns false if it is to be copied.
    fn show_page(&mut self, queue: QueueId, index: usize, frame: Frame, writable: bool) -> bool {
        let may_show = self.0.swap.windows_mapped && self.is_here(queue);
        let shown = may_show && self.show(queue, index, frame, writable);
        self.0.swap.queue_mut(queue).shown[index] = shown;
        shown
    }

    /// Makes the window show its own frame again; returns false if it did.
    fn hide_page(&mut self, queue: QueueId, index: usize) -> bool {
        let shown = core::mem::take(&mut self.0.swap.queue_mut(queue).shown[index]);
        if shown {
            let own = self.own_frame(queue, index);
            // If the daemon has unmapped its window meanwhile, nothing is shown any more.
            self.show(queue, index, own, true);
        }
        shown
    }
}

impl Windows for Machine<'_> {
    fn is_mapped(&self) -> bool {
        self.0.swap.windows_mapped
    }

    fn give(&mut self, queue: QueueId, index: usize, number: PagerFrame) {
        if !self.show_page(queue, index, frame(number), false) {
            let own = self.own_frame(queue, index);
            self.0.frames.copy(frame(number), own);
        }
    }

    fn lend(&mut self, queue: QueueId, index: usize, number: PagerFrame) {
        self.show_page(queue, index, frame(number), true);
    }

    fn collect(&mut self, queue: QueueId, index: usize, number: PagerFrame) {
        if !self.hide_page(queue, index) {
            let own = self.own_frame(queue, index);
            self.0.frames.copy(own, frame(number));
        }
    }

    fn clear(&mut self, queue: QueueId, count: usize) {
        for index in 0..count {
            self.hide_page(queue, index);
        }
    }
}
