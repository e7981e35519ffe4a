//! The state of each slot that holds a page, for people who examine a device.
//!
//! The states are read while other threads work, so a line was right at the moment it was written.

use core::ops::ControlFlow;

use lock_api::RawMutex;

use super::Zram;
use crate::PageSource;
use crate::slots::{Entry, Priority, SlotState, SlotTable};

/// Slots that are looked at in one go; their leaves are skipped if they are not there.
const SLOTS_AT_ONCE: u32 = 1024;

/// What is known of a slot that holds a page, beside the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSlot {
    /// Number of the slot.
    pub slot: u32,
    /// When it was last stored or loaded, in seconds of the workers' clock, up to 64 too early. Of a
    /// page that was not used for more than 36 hours it may be any moment between the last use and 36
    /// hours ago. Nothing is known of a same-filled page whose word leaves no room for it.
    pub last_access_seconds: Option<u32>,
    /// It is one repeated word.
    pub is_same_filled: bool,
    /// It is stored whole.
    pub is_incompressible: bool,
    /// A second algorithm has compressed it.
    pub is_recompressed: bool,
}

impl StoredSlot {
    /// Returns what is known of the slot, if it holds a page.
    fn of(table: &SlotTable, slot: u32, entry: Entry<'_>) -> Option<Self> {
        let word = entry.load();
        let (is_same_filled, is_incompressible, is_recompressed) = match word.decode() {
            Ok(SlotState::SameFilled(_)) => (true, false, false),
            Ok(SlotState::Stored(object)) => {
                (false, object.size.is_incompressible(), object.priority != Priority::PRIMARY)
            }
            Ok(SlotState::Free) | Err(_) => return None,
        };
        let last_access_seconds = word.age().map(|age| table.seconds(age));
        Some(Self { slot, last_access_seconds, is_same_filled, is_incompressible, is_recompressed })
    }
}

impl<R: RawMutex, P: PageSource> Zram<R, P> {
    /// Calls `visit` with the slots from `first` on that hold a page, in order, until it breaks.
    ///
    /// # Context
    /// Takes no lock. Free parts of the device cost a look at one word for 1024 slots.
    pub fn visit_stored(&self, first: u32, mut visit: impl FnMut(StoredSlot) -> ControlFlow<()>) {
        let end = self.table.slot_count();
        let mut from = first;
        let mut flow = ControlFlow::Continue(());
        while from < end && flow.is_continue() {
            let to = from.saturating_add(SLOTS_AT_ONCE);
            self.table.for_each(from, to, |slot, entry| {
                let stored =
                    StoredSlot::of(&self.table, slot, entry).filter(|_| flow.is_continue());
                if let Some(stored) = stored {
                    flow = visit(stored);
                }
            });
            from = to;
        }
    }
}
