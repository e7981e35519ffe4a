//! Entries of page tables: their bits for the CPU, and their meaning for the kernel.
//!
//! An entry that is not present is free for the kernel but for its lowest bit, so it can carry a
//! swap entry.

use super::frames::Frame;

/// What the tree says about one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pte {
    /// Nothing.
    Empty,
    /// A frame is mapped; always readable.
    Present {
        /// The frame.
        frame: Frame,
        /// Writes are allowed.
        writable: bool,
        /// Instruction fetches are allowed.
        executable: bool,
        /// The CPU used the entry since the bit was cleared.
        accessed: bool,
        /// The CPU wrote through the entry since the bit was cleared.
        dirty: bool,
    },
    /// The page is elsewhere: a number below 2^58 that the pager understands.
    Swap(u64),
}

/// Bits of a swap entry's number.
const SWAP_BITS: u32 = 58;

pub(super) const PRESENT: u64 = 1;
pub(super) const WRITABLE: u64 = 1 << 1;
pub(super) const USER: u64 = 1 << 2;
pub(super) const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const NO_EXECUTE: u64 = 1 << 63;
pub(super) const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// In an entry that is not present: the upper 58 bits are a swap entry.
const SWAP: u64 = 1 << 1;

const fn flag(set: bool, bit: u64) -> u64 {
    if set { bit } else { 0 }
}

impl Pte {
    /// Returns the entry as the CPU reads it.
    ///
    /// # Panics
    /// If a swap entry's number has more than [`SWAP_BITS`] bits.
    pub(super) fn encode(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Present { frame, writable, executable, accessed, dirty } => {
                frame.address()
                    | PRESENT
                    | USER
                    | flag(writable, WRITABLE)
                    | flag(!executable, NO_EXECUTE)
                    | flag(accessed, ACCESSED)
                    | flag(dirty, DIRTY)
            }
            Self::Swap(number) => {
                assert!(number >> SWAP_BITS == 0, "swap entry {number:#x} is too large");
                number << (u64::BITS - SWAP_BITS) | SWAP
            }
        }
    }

    pub(super) fn decode(raw: u64) -> Self {
        if raw & PRESENT != 0 {
            return Self::Present {
                frame: Frame::containing(raw & ADDRESS),
                writable: raw & WRITABLE != 0,
                executable: raw & NO_EXECUTE == 0,
                accessed: raw & ACCESSED != 0,
                dirty: raw & DIRTY != 0,
            };
        }
        if raw & SWAP != 0 { Self::Swap(raw >> (u64::BITS - SWAP_BITS)) } else { Self::Empty }
    }
}
