//! One CPU's TLB: the translations that it keeps until a shootdown.
//!
//! As on x86 it keeps the result of a walk, the dirty bit included: a write through a dirty entry
//! reads no page table, so it succeeds until the shootdown, whatever happened to the page.

use swap_pager::ports::{Frame, Page, SpaceId};

use host_core::order::Random;

/// Few, so that entries come and go; enough that stale ones are met.
const ENTRIES_MAX: usize = 24;

/// A translation as it was at the time of the walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) space: SpaceId,
    pub(crate) page: Page,
    pub(crate) frame: Frame,
    pub(crate) takes_writes: bool,
}

/// The TLB of one CPU.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tlb {
    entries: Vec<Entry>,
}

impl Tlb {
    /// Returns the frame that an access reaches without looking at the page table.
    pub(crate) fn find(&self, space: SpaceId, page: Page, write: bool) -> Option<Frame> {
        let hit = |entry: &&Entry| {
            entry.space == space && entry.page == page && (entry.takes_writes || !write)
        };
        self.entries.iter().find(hit).map(|entry| entry.frame)
    }

    /// Keeps what a walk has found.
    pub(crate) fn insert(&mut self, entry: Entry, random: &mut Random) {
        self.flush(entry.space, entry.page);
        if self.entries.len() >= ENTRIES_MAX {
            let victim = random.index(self.entries.len());
            self.entries.swap_remove(victim);
        }
        self.entries.push(entry);
    }

    /// Forgets one page.
    pub(crate) fn flush(&mut self, space: SpaceId, page: Page) {
        self.entries.retain(|entry| entry.space != space || entry.page != page);
    }

    /// Forgets a space.
    pub(crate) fn flush_space(&mut self, space: SpaceId) {
        self.entries.retain(|entry| entry.space != space);
    }

    /// Returns whether some page is still believed to be in the frame.
    pub(crate) fn knows(&self, frame: Frame) -> bool {
        self.entries.iter().any(|entry| entry.frame == frame)
    }
}
