//! What a device can say about its slots, one by one: what each holds and when it was last used.

use lock_api::RawMutex;

use super::Zram;
use crate::PageSource;
use crate::slots::SlotState;

/// What there is to say about a slot that holds a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotFacts {
    /// How the page is kept.
    pub content: SlotContent,
    /// When it was last stored or loaded, in seconds of the clock of [`crate::Worker::set_now`], up to
    /// 64 too early. Of a page that has not been used for more than 36 hours it may be any moment
    /// between the last use and 36 hours ago; nothing is known of a same-filled page of an unusual word.
    pub last_used_seconds: Option<u32>,
}

/// How a page is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotContent {
    /// As its repeated word, in the slot itself.
    SameFilled,
    /// As an object of the pool.
    Compressed {
        /// Size of the object.
        bytes: usize,
    },
    /// As it is, because it does not compress (Linux: huge).
    Whole,
}

impl<R: RawMutex, P: PageSource> Zram<R, P> {
    /// Calls `visit` with every slot of `first..end` that holds a page. What others do meanwhile may be
    /// seen or not. A slot whose word was damaged holds nothing that could be told.
    ///
    /// # Context
    /// Takes no lock and allocates nothing.
    pub fn visit_slots(&self, first: u32, end: u32, mut visit: impl FnMut(u32, SlotFacts)) {
        self.table.for_each(first, end, |slot, entry| {
            let word = entry.load();
            let content = match word.decode() {
                Ok(SlotState::Free) | Err(_) => return,
                Ok(SlotState::SameFilled(_)) => SlotContent::SameFilled,
                Ok(SlotState::Stored(object)) if object.size.is_incompressible() => {
                    SlotContent::Whole
                }
                Ok(SlotState::Stored(object)) => {
                    SlotContent::Compressed { bytes: object.size.bytes() }
                }
            };
            let last_used_seconds = word.age().map(|age| self.table.seconds(age));
            visit(slot, SlotFacts { content, last_used_seconds });
        });
    }
}
