//! Invariants of the pager: the error that the modules return when one of them is broken.
//!
//! This module imports no other. `moves/closing.rs` says what the pager does after such an error.

/// A rule of the pager's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// A swap slot meets only the events that its table of transitions allows.
    SlotTransition,
    /// A swap entry in a page table names a slot that pages use.
    EntryHasSlot,
    /// The area of a swap entry or of a batch is there.
    AreaExists,
    /// A page on its way out is in a batch, and the kernel finishes batches that were begun.
    PageHasBatch,
    /// A batch has room for each of its pages, and a record for each page of a batch.
    BatchHasRoom,
    /// Only a free queue is given work.
    QueueIsFree,
    /// The kernel reports each swap entry that it removes, and a space ends with none.
    EntryIsReported,
    /// As many entries are counted for a space, and users for a slot, as there are.
    CountsAgree,
    /// Used slots of an area are named by somebody.
    SlotHasUser,
    /// A thread that waits for a frame has none.
    GrantIsWanted,
}

impl Invariant {
    /// All of them; the place of each is its number.
    const ALL: [Self; 10] = [
        Self::SlotTransition,
        Self::EntryHasSlot,
        Self::AreaExists,
        Self::PageHasBatch,
        Self::BatchHasRoom,
        Self::QueueIsFree,
        Self::EntryIsReported,
        Self::CountsAgree,
        Self::SlotHasUser,
        Self::GrantIsWanted,
    ];

    /// Returns its number, which is never 0, for where a number must stand for it.
    pub(crate) fn code(self) -> u8 {
        let mut numbered = (1_u8..).zip(Self::ALL);
        numbered.find(|(_, invariant)| *invariant == self).map_or(u8::MAX, |(code, _)| code)
    }

    /// Returns the one of this number.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code.checked_sub(1)?)).copied()
    }

    /// Returns its name, one word, for `swap:stat`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SlotTransition => "slot_transition",
            Self::EntryHasSlot => "entry_has_slot",
            Self::AreaExists => "area_exists",
            Self::PageHasBatch => "page_has_batch",
            Self::BatchHasRoom => "batch_has_room",
            Self::QueueIsFree => "queue_is_free",
            Self::EntryIsReported => "entry_is_reported",
            Self::CountsAgree => "counts_agree",
            Self::SlotHasUser => "slot_has_user",
            Self::GrantIsWanted => "grant_is_wanted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_survives_its_number() {
        for invariant in Invariant::ALL {
            assert_eq!(Invariant::from_code(invariant.code()), Some(invariant));
        }
        assert_eq!(Invariant::from_code(0), None);
    }
}
