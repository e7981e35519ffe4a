//! Memory: what a device takes when it is full, and after its pages have been replaced.
//!
//! The corpus is stored repeatedly until the device is full: a pool does not notice equal pages.
//! After that every page is replaced by another one, in a scattered order, which leaves holes, and
//! the device is compacted: that figure counts.

use zram::{PAGE_SIZE, PageBytes};

/// What a device takes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The pages stored.
    pub(crate) original: u64,
    /// Their objects: less is impossible with this codec.
    pub(crate) objects: u64,
    /// The pages that the objects lie in.
    pub(crate) pool: u64,
    /// Everything that keeps track of them.
    pub(crate) tables: u64,
}

impl Memory {
    /// Returns all that is used.
    pub(crate) fn used(&self) -> u64 {
        self.pool + self.tables
    }

    /// Returns what the pool's pages take over what they hold.
    pub(crate) fn pool_over_objects(&self) -> f64 {
        self.pool as f64 / self.objects as f64
    }

    /// Returns the part of the pages' bytes that keeps track of them.
    pub(crate) fn tables_share(&self) -> f64 {
        self.tables as f64 / self.original as f64
    }

    /// Returns the part of the pages' bytes that is used.
    pub(crate) fn share(&self) -> f64 {
        self.used() as f64 / self.original as f64
    }
}

/// A device that memory is measured of.
pub(crate) trait Store {
    /// Stores a page.
    fn store(&mut self, slot: usize, page: &PageBytes) -> Result<(), String>;
    /// Moves objects together.
    fn compact(&mut self) -> Result<(), String>;
    /// Returns what it takes now.
    fn memory(&self) -> Result<Memory, String>;
}

/// How memory grows while pages are stored.
pub(crate) struct Growth {
    pub(crate) name: String,
    /// While it is filled.
    pub(crate) points: Vec<Memory>,
    /// After every page was replaced and the device compacted, by size of the device.
    pub(crate) settled: Vec<Memory>,
}

/// Points of a curve.
const POINTS: usize = 32;

/// Slots of the device whose curve is drawn: 64 MiB.
pub(crate) const SMALL_SLOTS: usize = 16_384;

/// Slots of the large device: 1 GiB.
pub(crate) const LARGE_SLOTS: usize = 262_144;

/// By how many slots the replacing goes on; odd, so that it comes to every slot of a power of two.
const STRIDE: usize = 40_503;

/// Fills `device`, of `slots` slots, replaces every page and compacts; returns the curve and the end.
///
/// # Errors
/// In words, those of the device.
pub(crate) fn fill(
    device: &mut impl Store,
    pages: &[PageBytes],
    slots: usize,
) -> Result<(Vec<Memory>, Memory), String> {
    let mut points = Vec::new();
    for slot in 0..slots {
        device.store(slot, &pages[slot % pages.len()])?;
        if (slot + 1) % slots.div_ceil(POINTS) == 0 {
            points.push(device.memory()?);
        }
    }
    for step in 0..slots {
        let slot = step * STRIDE % slots;
        device.store(slot, &pages[step % pages.len()])?;
    }
    device.compact()?;
    Ok((points, device.memory()?))
}

const _: () = assert!(SMALL_SLOTS.is_power_of_two() && LARGE_SLOTS.is_power_of_two());
const _: () = assert!(!STRIDE.is_multiple_of(2), "coprime with any power of two");

/// Returns whether there is enough free memory for the large device.
pub(crate) fn has_room_for_large(meminfo: &str) -> bool {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    // The pages are not all compressible in any corpus, and others live here too.
    kib.unwrap_or(0) > LARGE_SLOTS * PAGE_SIZE / 1024 * 3 / 2
}

#[cfg(test)]
mod tests {
    use super::{Memory, Store, fill, has_room_for_large};
    use zram::PageBytes;

    /// Counts stores by slot.
    struct Counted {
        stores: Vec<u64>,
        compactions: u64,
    }

    impl Store for Counted {
        fn store(&mut self, slot: usize, _: &PageBytes) -> Result<(), String> {
            self.stores[slot] += 1;
            Ok(())
        }

        fn compact(&mut self) -> Result<(), String> {
            self.compactions += 1;
            Ok(())
        }

        fn memory(&self) -> Result<Memory, String> {
            let filled = self.stores.iter().filter(|count| **count > 0).count() as u64;
            Ok(Memory { original: filled * 4096, pool: self.compactions, ..Memory::default() })
        }
    }

    #[test]
    fn every_slot_is_filled_and_replaced_once_before_compaction() {
        let mut device = Counted { stores: vec![0; 64], compactions: 0 };
        let (points, end) = fill(&mut device, &[[0; 4096]; 3], 64).expect("nothing fails");
        assert!(device.stores.iter().all(|count| *count == 2));
        assert_eq!(points.len(), 32);
        assert_eq!((points[0].original, points[31].original), (2 * 4096, 64 * 4096));
        assert_eq!(end.pool, 1);
    }

    #[test]
    fn the_large_device_needs_one_and_a_half_gib() {
        assert!(has_room_for_large("MemTotal: 9 kB\nMemAvailable:    1572868 kB\n"));
        assert!(!has_room_for_large("MemAvailable:    1572864 kB\n"));
        assert!(!has_room_for_large(""));
    }
}
