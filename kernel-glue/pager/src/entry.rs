//! The swap entry: what the pager leaves in a page table in place of a page.
//!
//! It names the area and the slot in it. As a number it fits in 58 bits, so that a page-table entry
//! has room for it beside the bits that tell it from a present page, and it is never 0, so that an
//! empty entry cannot be taken for one. Used by every other file here; knows none of them.

/// Number of an area, below [`AREAS_MAX`](super::AREAS_MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AreaIndex(pub u8);

/// Number of a swap slot within its area: the page's offset on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SwapSlot(pub u32);

/// Where a swapped page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapEntry {
    /// The area.
    pub area: AreaIndex,
    /// The slot in it.
    pub slot: SwapSlot,
}

const SLOT_BITS: u32 = 32;

impl SwapEntry {
    /// Returns the number to keep in a page table: not 0, below 2^58.
    pub fn bits(self) -> u64 {
        let area = u64::from(self.area.0).saturating_add(1);
        area << SLOT_BITS | u64::from(self.slot.0)
    }

    /// Returns the entry of that number, or nothing if [`SwapEntry::bits`] never gives it.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let area = (bits >> SLOT_BITS).checked_sub(1)?;
        let area = AreaIndex(u8::try_from(area).ok()?);
        let slot = SwapSlot(u32::try_from(bits & u64::from(u32::MAX)).ok()?);
        Some(Self { area, slot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_entry_survives_its_number(area: u8, slot: u32) {
            let entry = SwapEntry { area: AreaIndex(area), slot: SwapSlot(slot) };
            prop_assert_eq!(SwapEntry::from_bits(entry.bits()), Some(entry));
            prop_assert!(entry.bits() != 0 && entry.bits() < 1 << 58);
        }
    }

    #[test]
    fn a_number_without_area_is_no_entry() {
        assert_eq!(SwapEntry::from_bits(0), None);
        assert_eq!(SwapEntry::from_bits(u64::from(u32::MAX)), None);
        assert_eq!(SwapEntry::from_bits(u64::MAX), None);
    }
}
