//! The windows of the queues.
//!
//! A window is memory of its own, which the kernel copies to and from. A thread of the daemon has a
//! slice of its own for it; the slice is filled when the thread takes a record and read back when
//! it completes one.

use std::collections::BTreeMap;

use swap_pager::ports::{Direction, Frame, QueueId};
use zram::{PAGE_SIZE, PageBytes};
use zram_abi::record::{ENTRIES_MAX, Operation, Record};

use super::frames::FrameTable;

/// The window as a thread of the daemon has it.
pub(crate) type View = [PageBytes; ENTRIES_MAX];

/// What a thread finds in pages that nobody gave it.
const RESIDUE: u8 = 0xee;

/// What is in one page of a window: contents to be stored, or to be collected.
type Pane = Option<Box<PageBytes>>;

type Key = (u32, bool);

/// The windows of all queues.
#[derive(Debug, Default)]
pub(crate) struct WindowTable {
    panes: BTreeMap<Key, [Pane; ENTRIES_MAX]>,
}

fn key(queue: QueueId) -> Key {
    (queue.cpu.number(), queue.direction == Direction::In)
}

impl WindowTable {
    fn pane(&mut self, queue: QueueId, index: usize) -> &mut Pane {
        let window = self.panes.entry(key(queue)).or_insert_with(|| [const { None }; _]);
        &mut window[index]
    }

    pub(super) fn give(&mut self, queue: QueueId, index: usize, frame: Frame, frames: &FrameTable) {
        *self.pane(queue, index) = Some(Box::new(*frames.bytes(frame)));
    }

    /// Moves what came into `frame`.
    pub(super) fn collect(
        &mut self,
        queue: QueueId,
        index: usize,
        frame: Frame,
        frames: &mut FrameTable,
    ) {
        let bytes = self.pane(queue, index).take();
        let bytes = bytes.unwrap_or_else(|| panic!("page {index} of {queue:?} is collected twice"));
        *frames.bytes_mut(frame) = *bytes;
    }

    /// Shows a thread what its record is about.
    pub(crate) fn show(&mut self, queue: QueueId, record: &Record, view: &mut View) {
        let count = record.entries().len();
        for (index, page) in view.iter_mut().enumerate().take(count) {
            match (record.operation, &*self.pane(queue, index)) {
                (Operation::Store, Some(bytes)) => *page = **bytes,
                (Operation::Store, None) => panic!("entry {index} is to be stored: nothing given"),
                (Operation::Load | Operation::Take, _) => page.fill(RESIDUE),
                (Operation::Free | Operation::None, _) => {}
            }
        }
    }

    /// Takes in what a thread did with its window.
    pub(crate) fn take_in(&mut self, queue: QueueId, record: &Record, view: &View) {
        for (index, page) in view.iter().enumerate().take(record.entries().len()) {
            match record.operation {
                Operation::Load | Operation::Take => {
                    *self.pane(queue, index) = Some(Box::new(*page));
                }
                Operation::Store | Operation::Free | Operation::None => {}
            }
        }
    }
}

/// Returns a window that nobody has written to.
pub(crate) fn blank() -> Box<View> {
    Box::new([[RESIDUE; PAGE_SIZE]; ENTRIES_MAX])
}
