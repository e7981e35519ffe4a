//! The windows: 32 frames a queue, shared with the daemon's thread of that queue.
//!
//! A page is copied between its own frame and the window's. Mapping the page's own frame in the
//! daemon's window instead was tried and saved nothing (ARCHITECTURE.md, section 6).

use swap_pager::ports::{Frame as PagerFrame, Windows};
use zram_abi::record::ENTRIES_MAX;

use super::QueueId;
use super::ports::{Machine, frame};
use crate::machine::frames::Frame;
use crate::thread::ThreadId;

/// One queue as the kernel knows it.
#[derive(Default)]
pub(super) struct Queue {
    /// The window's own frames, one use of each; none while the queue is closed.
    pub(super) window: Option<[Frame; ENTRIES_MAX]>,
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

impl Machine<'_> {
    fn own_frame(&self, queue: QueueId, index: usize) -> Frame {
        let window = self.0.swap.queue(queue).window;
        window.expect("the pager uses open queues")[index]
    }
}

impl Windows for Machine<'_> {
    fn give(&mut self, queue: QueueId, index: usize, number: PagerFrame) {
        let own = self.own_frame(queue, index);
        self.0.frames.copy(frame(number), own);
    }

    fn collect(&mut self, queue: QueueId, index: usize, number: PagerFrame) {
        let own = self.own_frame(queue, index);
        self.0.frames.copy(own, frame(number));
    }
}
