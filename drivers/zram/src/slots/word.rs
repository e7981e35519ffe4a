//! The slot word: a slot's whole state in 64 bits, changed in one atomic step.
//!
//! | bits   | stored object      | free | same-filled               |
//! | ------ | ------------------ | ---- | ------------------------- |
//! | 63..52 | 0                  | 0    | not 0                     |
//! | 51     | 1                  | 0    | the repeated word, XOR    |
//! | 50..46 | 0, kept for flags  | 0    | [`FILL_MASK`]             |
//! | 45..44 | algorithm priority | 0    |                           |
//! | 43..32 | size - 1           | 0    |                           |
//! | 31..0  | handle             | 0    |                           |
//!
//! A free slot is all zeros, so a new leaf of the table needs no preparation. A same-filled slot is
//! its repeated word itself, which leaves out one in 4096 of all words: those whose top twelve bits
//! equal the mask's. Such a page is compressed like any other, to some 30 bytes. No repeated byte
//! is among them.
//!
//! Legal combinations are the variants of [`SlotState`]; every other pattern is rejected when it is
//! decoded. Transitions, all by one atomic step and from any thread:
//!
//! | from \ to   | free          | same-filled | stored                       |
//! | ----------- | ------------- | ----------- | ---------------------------- |
//! | free        | -             | store       | store                        |
//! | same-filled | take, discard | store       | store                        |
//! | stored      | take, discard | store       | store; compaction (a move)   |

use crate::PAGE_SIZE;
use crate::pool::Handle;

/// Added to a repeated word. Only its top twelve bits are set, to a pattern that no repeated byte
/// and no user or kernel address has.
const FILL_MASK: u64 = 0x97a << FILL_SHIFT;
const FILL_SHIFT: u32 = 52;
const STORED: u64 = 1 << 51;
const PRIORITY_SHIFT: u32 = 44;
const PRIORITY_MASK: u64 = 0b11;
const SIZE_SHIFT: u32 = 32;
const SIZE_MASK: u64 = 0xfff;
/// Every bit that a stored object may have set.
const STORED_BITS: u64 =
    STORED | PRIORITY_MASK << PRIORITY_SHIFT | SIZE_MASK << SIZE_SHIFT | u32::MAX as u64;

const _: () = assert!(SIZE_MASK as usize + 1 == PAGE_SIZE, "size - 1 fits its field exactly");
const _: () = assert!(STORED_BITS >> FILL_SHIFT == 0, "a stored object never looks same-filled");

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    /// Nothing: it reads as zeros.
    Free,
    /// One repeated word, kept in the slot itself.
    SameFilled(Fill),
    /// An object in the pool.
    Stored(StoredObject),
}

/// Where a slot's object is and how to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredObject {
    /// The object.
    pub(crate) handle: Handle,
    /// Bytes of the object; a whole page means that it is not compressed.
    pub(crate) size: ObjectSize,
    /// Which of the device's algorithms made it.
    pub(crate) priority: Priority,
}

/// A repeated word that fits into a slot word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill(u64);

impl Fill {
    /// Returns the fill of `word`, or nothing for the one word in 4096 that cannot be kept.
    pub(crate) fn new(word: u64) -> Option<Self> {
        let fits = (word ^ FILL_MASK) >> FILL_SHIFT != 0;
        fits.then_some(Self(word))
    }

    /// Returns the repeated word.
    pub(crate) fn word(self) -> u64 {
        self.0
    }
}

/// The size of an object: 1 to 4096 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectSize(u16);

impl ObjectSize {
    /// Returns the size of an object of `bytes` bytes, if there can be one.
    pub(crate) fn new(bytes: usize) -> Option<Self> {
        let bytes = u16::try_from(bytes).ok()?;
        (1..=PAGE_SIZE).contains(&usize::from(bytes)).then_some(Self(bytes))
    }

    /// Returns the size in bytes.
    pub(crate) fn bytes(self) -> usize {
        usize::from(self.0)
    }

    /// Returns whether the page was stored whole (Linux: huge).
    pub(crate) fn is_incompressible(self) -> bool {
        self.bytes() == PAGE_SIZE
    }
}

/// The place of an algorithm in the device's list: 0 is the primary one, 1 to 3 recompress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priority(u8);

impl Priority {
    /// The algorithm that stores use.
    pub(crate) const PRIMARY: Self = Self(0);
}

/// A slot word as it is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotWord(pub(super) u64);

/// A word that is no state: the table itself was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IllegalWord;

impl SlotWord {
    /// Returns the state that the word stands for.
    ///
    /// # Errors
    /// [`IllegalWord`] for a pattern that no state encodes to.
    pub(crate) fn decode(self) -> Result<SlotState, IllegalWord> {
        let word = self.0;
        if word == 0 {
            return Ok(SlotState::Free);
        }
        if word >> FILL_SHIFT != 0 {
            return Ok(SlotState::SameFilled(Fill(word ^ FILL_MASK)));
        }
        if word & STORED == 0 || word & !STORED_BITS != 0 {
            return Err(IllegalWord);
        }
        let object = StoredObject {
            handle: Handle::from_bits(word as u32),
            size: ObjectSize((word >> SIZE_SHIFT & SIZE_MASK) as u16 + 1),
            priority: Priority((word >> PRIORITY_SHIFT & PRIORITY_MASK) as u8),
        };
        if object.size.is_incompressible() && object.priority != Priority::PRIMARY {
            return Err(IllegalWord);
        }
        Ok(SlotState::Stored(object))
    }
}

impl From<SlotState> for SlotWord {
    fn from(state: SlotState) -> Self {
        match state {
            SlotState::Free => Self(0),
            SlotState::SameFilled(fill) => Self(fill.0 ^ FILL_MASK),
            SlotState::Stored(object) => Self(
                STORED
                    | u64::from(object.priority.0) << PRIORITY_SHIFT
                    | u64::from(object.size.0 - 1) << SIZE_SHIFT
                    | u64::from(object.handle.bits()),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
