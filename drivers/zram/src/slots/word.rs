//! The slot word: a slot's whole state and its age in 64 bits, changed in one atomic step.
//!
//! | bits   | stored object      | free | same-filled | same-filled, any word |
//! | ------ | ------------------ | ---- | ----------- | --------------------- |
//! | 63..60 | 1                  | 0    | 2 or 3      | 4 to 15               |
//! | 59..48 | age                | 0    | age         | with 63..60: the      |
//! | 47..46 | 0, kept for flags  | 0    | the word,   | repeated word, XOR    |
//! | 45..44 | algorithm priority | 0    | see below   | [`FILL_MASK`]         |
//! | 43..32 | size - 1           | 0    |             |                       |
//! | 31..0  | handle             | 0    |             |                       |
//!
//! A free slot is all zeros, so a new leaf of the table needs no preparation; it has no age. A repeated
//! word has 49 bits beside an age, which are enough for those that programs have:
//!
//! | bits 63..60 | bit 47 | the repeated word |
//! | ----------- | ------ | ----------------- |
//! | 2 | its sign | 48 bits with their sign: numbers, and addresses of user and kernel |
//! | 3 | 0 | bits 31..0 twice: any repeated byte, half or word |
//! | 3 | 1 | bits 46..0 followed by 17 zeros: floating point numbers of few digits |
//!
//! Of all other words three in four are kept without an age, which is no loss, as nothing is ever decided
//! by the age of a page that takes no memory. The fourth, whose top bits are 10, is left out: such a
//! page is compressed like any other, to some 30 bytes. A word that fits in two ways takes the first.
//!
//! Legal combinations are the variants of [`SlotState`]; every other pattern is rejected when it is
//! decoded. Transitions, all by one atomic step and from any thread; beside these, a load may change
//! the age of what is there and nothing else:
//!
//! | from \ to   | free          | same-filled | stored                       |
//! | ----------- | ------------- | ----------- | ---------------------------- |
//! | free        | -             | store       | store                        |
//! | same-filled | take, discard | store       | store                        |
//! | stored      | take, discard | store       | store; compaction (a move)   |

use super::age::{AGE_BITS, Age};
use crate::PAGE_SIZE;
use crate::pool::Handle;

const KIND_SHIFT: u32 = 60;
const STORED: u64 = 1;
const FILL_OF_48_BITS: u64 = 2;
const FILL_OF_A_PATTERN: u64 = 3;
/// The first kind that is part of a repeated word.
const FILL_OF_ANY_WORD: u64 = 4;
/// Added to a word of that kind. The top bits 10 become 00, which is no such kind.
const FILL_MASK: u64 = 0b10 << 62;
const AGE_SHIFT: u32 = 48;
const AGE_MASK: u64 = ((1 << AGE_BITS) - 1) << AGE_SHIFT;
/// What stands below the age.
const PAYLOAD: u64 = (1 << AGE_SHIFT) - 1;
/// Set in a [`FILL_OF_A_PATTERN`] whose word ends with zeros.
const FILL_ENDS_WITH_ZEROS: u64 = 1 << 47;
/// How many zeros those are.
const FILL_ZEROS: u32 = 17;
const PRIORITY_SHIFT: u32 = 44;
const PRIORITY_MASK: u64 = 0b11;
const SIZE_SHIFT: u32 = 32;
const SIZE_MASK: u64 = 0xfff;
/// Every bit below the age that a stored object may have set.
const STORED_BITS: u64 =
    PRIORITY_MASK << PRIORITY_SHIFT | SIZE_MASK << SIZE_SHIFT | u32::MAX as u64;

const _: () = assert!(AGE_SHIFT + AGE_BITS == KIND_SHIFT, "an age fits its field exactly");
const _: () = assert!(SIZE_MASK as usize + 1 == PAGE_SIZE, "size - 1 fits its field exactly");
const _: () =
    assert!(FILL_ENDS_WITH_ZEROS.ilog2() + FILL_ZEROS == u64::BITS, "47 bits and 17 zeros");

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
pub(crate) struct Fill {
    word: u64,
    /// As in the slot word, at age 0.
    encoded: u64,
}

impl Fill {
    /// Returns the fill of `word`, or nothing for one that cannot be kept.
    pub(crate) fn new(word: u64) -> Option<Self> {
        let low = word as u32;
        let encoded = if word == from_48_bits(word) {
            FILL_OF_48_BITS << KIND_SHIFT | word & PAYLOAD
        } else if word == twice(low) {
            FILL_OF_A_PATTERN << KIND_SHIFT | u64::from(low)
        } else if word.trailing_zeros() >= FILL_ZEROS {
            FILL_OF_A_PATTERN << KIND_SHIFT | FILL_ENDS_WITH_ZEROS | word >> FILL_ZEROS
        } else if (word ^ FILL_MASK) >> KIND_SHIFT >= FILL_OF_ANY_WORD {
            word ^ FILL_MASK
        } else {
            return None;
        };
        Some(Self { word, encoded })
    }

    /// Returns the fill that a word stands for, whatever its age.
    fn decode(encoded: u64) -> Option<Self> {
        let word = match (encoded >> KIND_SHIFT, encoded & FILL_ENDS_WITH_ZEROS) {
            (FILL_OF_48_BITS, _) => from_48_bits(encoded),
            (FILL_OF_A_PATTERN, 0) => twice(encoded as u32),
            (FILL_OF_A_PATTERN, _) => encoded << FILL_ZEROS,
            (FILL_OF_ANY_WORD.., _) => encoded ^ FILL_MASK,
            _ => return None,
        };
        Self::new(word).filter(|fill| SlotWord(fill.encoded).has_content_of(SlotWord(encoded)))
    }

    /// Returns the repeated word.
    pub(crate) fn word(self) -> u64 {
        self.word
    }
}

/// Returns the lowest 48 bits with their sign.
fn from_48_bits(bits: u64) -> u64 {
    let upper = u64::BITS - AGE_SHIFT;
    ((bits << upper).cast_signed() >> upper).cast_unsigned()
}

fn twice(half: u32) -> u64 {
    u64::from(half) << u32::BITS | u64::from(half)
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
    /// The word of a free slot.
    pub(crate) const FREE: Self = Self(0);

    /// Returns the word of a state that was last used at `age`, which is left out where there is no room
    /// for it.
    pub(crate) fn new(state: SlotState, age: Age) -> Self {
        let word = match state {
            SlotState::Free => 0,
            SlotState::SameFilled(fill) => fill.encoded,
            SlotState::Stored(object) => {
                STORED << KIND_SHIFT
                    | u64::from(object.priority.0) << PRIORITY_SHIFT
                    | u64::from(object.size.0 - 1) << SIZE_SHIFT
                    | u64::from(object.handle.bits())
            }
        };
        Self(word).aged(age)
    }

    /// Returns the state that the word stands for.
    ///
    /// # Errors
    /// [`IllegalWord`] for a pattern that no state encodes to.
    pub(crate) fn decode(self) -> Result<SlotState, IllegalWord> {
        if self == Self::FREE {
            return Ok(SlotState::Free);
        }
        if self.0 >> KIND_SHIFT != STORED {
            return Fill::decode(self.0).map(SlotState::SameFilled).ok_or(IllegalWord);
        }
        let payload = self.0 & PAYLOAD;
        if payload & !STORED_BITS != 0 {
            return Err(IllegalWord);
        }
        let object = StoredObject {
            handle: Handle::from_bits(payload as u32),
            size: ObjectSize((payload >> SIZE_SHIFT & SIZE_MASK) as u16 + 1),
            priority: Priority((payload >> PRIORITY_SHIFT & PRIORITY_MASK) as u8),
        };
        if object.size.is_incompressible() && object.priority != Priority::PRIMARY {
            return Err(IllegalWord);
        }
        Ok(SlotState::Stored(object))
    }

    /// Returns when the slot was last used, if the word says that.
    pub(crate) fn age(self) -> Option<Age> {
        self.has_age().then(|| Age::from_bits(self.0 >> AGE_SHIFT))
    }

    /// Returns the word with another age, if there is room for one.
    pub(crate) fn aged(self, age: Age) -> Self {
        if self.has_age() { Self(self.0 & !AGE_MASK | age.bits() << AGE_SHIFT) } else { self }
    }

    /// Returns whether both mean the same content, whatever their ages.
    pub(crate) fn has_content_of(self, other: Self) -> bool {
        self.aged(Age::default()) == other.aged(Age::default())
    }

    fn has_age(self) -> bool {
        (STORED..FILL_OF_ANY_WORD).contains(&(self.0 >> KIND_SHIFT))
    }
}

#[cfg(test)]
mod tests;
