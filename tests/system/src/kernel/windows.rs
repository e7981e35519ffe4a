//! The windows of the queues, by copy or by mapping.
//!
//! By copy a window is memory of its own, which the kernel copies to and from. By mapping, its pages
//! are frames: what the daemon sees of a STORE is the frame when it looks, what it writes for a LOAD
//! is in the frame at once, and the window is a user of each frame as long as it is mapped. A thread
//! of the daemon has the window as a slice of its own; it is filled when the thread takes a record
//! and read back when it completes one.

use std::collections::BTreeMap;

use swap_pager::ports::{Direction, Frame, QueueId};
use zram::{PAGE_SIZE, PageBytes};
use zram_abi::record::{ENTRIES_MAX, Operation, Record};

use super::frames::FrameTable;

/// The window as a thread of the daemon has it.
pub(crate) type View = [PageBytes; ENTRIES_MAX];

/// What a thread finds in pages that nobody gave it.
const RESIDUE: u8 = 0xee;

/// What one page of a window is at the moment.
#[derive(Clone, Debug, Default)]
enum Pane {
    #[default]
    Empty,
    /// Contents to be stored, or to be collected.
    Copied(Box<PageBytes>),
    /// A frame that the daemon only reads.
    Given(Frame),
    /// A frame that the daemon fills.
    Lent(Frame),
}

type Key = (u32, bool);

/// The windows of all queues.
#[derive(Debug)]
pub(crate) struct WindowTable {
    pub(super) is_mapped: bool,
    panes: BTreeMap<Key, [Pane; ENTRIES_MAX]>,
}

fn key(queue: QueueId) -> Key {
    (queue.cpu.0, queue.direction == Direction::In)
}

impl WindowTable {
    /// Returns empty windows.
    pub(super) const fn new(is_mapped: bool) -> Self {
        Self { is_mapped, panes: BTreeMap::new() }
    }

    fn pane(&mut self, queue: QueueId, index: usize) -> &mut Pane {
        let window = self.panes.entry(key(queue)).or_insert_with(|| [const { Pane::Empty }; _]);
        &mut window[index]
    }

    pub(super) fn give(&mut self, queue: QueueId, index: usize, source: (Frame, &mut FrameTable)) {
        let (frame, frames) = source;
        let pane = if self.is_mapped {
            frames.share(frame);
            Pane::Given(frame)
        } else {
            Pane::Copied(Box::new(*frames.bytes(frame)))
        };
        self.place(queue, index, pane);
    }

    pub(super) fn lend(&mut self, queue: QueueId, index: usize, target: (Frame, &mut FrameTable)) {
        let (frame, frames) = target;
        if self.is_mapped {
            frames.share(frame);
            self.place(queue, index, Pane::Lent(frame));
        }
    }

    fn place(&mut self, queue: QueueId, index: usize, pane: Pane) {
        let old = std::mem::replace(self.pane(queue, index), pane);
        let is_free = matches!(old, Pane::Empty) || matches!(old, Pane::Copied(_));
        assert!(is_free, "page {index} of the window of {queue:?} is in use: {old:?}");
    }

    /// Moves what came into `frame`; returns the frame whose loan has ended.
    pub(super) fn collect(
        &mut self,
        queue: QueueId,
        index: usize,
        (frame, frames): (Frame, &mut FrameTable),
    ) -> Option<Frame> {
        match std::mem::take(self.pane(queue, index)) {
            Pane::Copied(bytes) => {
                *frames.bytes_mut(frame) = *bytes;
                None
            }
            Pane::Lent(lent) => {
                assert_eq!(lent, frame, "collected for another frame than was lent");
                Some(lent)
            }
            pane @ (Pane::Empty | Pane::Given(_)) => {
                panic!("page {index} of the window of {queue:?} is collected: {pane:?}")
            }
        }
    }

    /// Empties the first `count` pages; returns the frames that are no longer in the window.
    pub(super) fn clear(&mut self, queue: QueueId, count: usize) -> Vec<Frame> {
        let panes = (0..count).map(|index| std::mem::take(self.pane(queue, index)));
        let frames = panes.map(|pane| match pane {
            Pane::Empty | Pane::Copied(_) => None,
            Pane::Given(frame) | Pane::Lent(frame) => Some(frame),
        });
        frames.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// Returns whether the daemon may be reading the frame.
    pub(super) fn is_given(&self, frame: Frame) -> bool {
        let given = |pane: &Pane| matches!(pane, Pane::Given(given) if *given == frame);
        self.panes.values().flatten().any(given)
    }

    /// Shows a thread what its record is about.
    pub(crate) fn show(
        &mut self,
        queue: QueueId,
        record: &Record,
        (view, frames): (&mut View, &FrameTable),
    ) {
        let count = record.entries().len();
        for (index, page) in view.iter_mut().enumerate().take(count) {
            match (record.operation, &*self.pane(queue, index)) {
                (Operation::Store, Pane::Copied(bytes)) => *page = **bytes,
                (Operation::Store, Pane::Given(frame)) => *page = *frames.bytes(*frame),
                (Operation::Store, pane @ (Pane::Empty | Pane::Lent(_))) => {
                    panic!("entry {index} is to be stored, and its page is {pane:?}")
                }
                (Operation::Load | Operation::Take, _) => page.fill(RESIDUE),
                (Operation::Free | Operation::None, _) => {}
            }
        }
    }

    /// Takes in what a thread did with its window.
    ///
    /// By mapping all that happened was that the frames changed, or, for STORE, that they must not
    /// have.
    pub(crate) fn take_in(
        &mut self,
        queue: QueueId,
        record: &Record,
        (view, frames): (&View, &mut FrameTable),
    ) {
        for (index, page) in view.iter().enumerate().take(record.entries().len()) {
            let is_mapped = self.is_mapped;
            match (record.operation, self.pane(queue, index)) {
                (Operation::Store, Pane::Given(frame)) => {
                    let same = frames.bytes(*frame) == page;
                    assert!(same, "{frame:?} changed while the daemon read it");
                }
                (Operation::Load | Operation::Take, Pane::Lent(frame)) => {
                    *frames.bytes_mut(*frame) = *page;
                }
                (Operation::Load | Operation::Take, pane) if !is_mapped => {
                    *pane = Pane::Copied(Box::new(*page));
                }
                (Operation::Store | Operation::Load | Operation::Take, _) => {}
                (Operation::Free | Operation::None, _) => {}
            }
        }
    }
}

/// Returns a window that nobody has written to.
pub(crate) fn blank() -> Box<View> {
    Box::new([[RESIDUE; PAGE_SIZE]; ENTRIES_MAX])
}
