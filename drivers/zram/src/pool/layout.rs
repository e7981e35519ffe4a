//! Size classes: which size an object is rounded up to, and how many share a run of how many pages.
//!
//! A class every 32 bytes up to the largest compressed size, and one of whole pages. A run has as
//! many pages, up to 64, as leave the least over at its end, and at most 128 objects. Pages are
//! committed singly, so a long run costs nothing while it is part-filled.
//!
//! Why 32 bytes: over the sizes of 6,100 pages of real programs, memory over compressed bytes is
//! 1.017 with 64 MiB stored and 1.011 with 1 GiB. A step of 16 gives 1.021 and 1.006, of 64 1.023
//! and 1.020 (a simulation, after compaction, objects only, runs of 32 pages). Why 64 pages: runs of 32 add 0.0004
//! of waste at their ends with 1 GiB and 0.0005 of bookkeeping, as there are twice as many.

use crate::PAGE_SIZE;
use crate::zcomp::COMPRESSED_MAX;

/// Most places in a run: a run's places are the bits of one `u128`.
pub(super) const PLACES_MAX: usize = 128;
/// Most pages in a run: a run's missing pages are the bits of one `u64`.
pub(super) const PAGES_MAX: usize = 64;
/// Classes are this many bytes apart.
const STEP: usize = 32;
/// How many classes there are: the last one is that of whole pages.
pub(super) const CLASS_COUNT: usize = COMPRESSED_MAX / STEP + 1;

const _: () = assert!(COMPRESSED_MAX.is_multiple_of(STEP), "the largest size has a class");

/// The shape of a class's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Bytes of a place, which any object of the class fits into.
    pub(super) place_bytes: usize,
    /// Pages of a run.
    pub(super) pages: usize,
    /// Places of a run.
    pub(super) places: usize,
}

/// Every class's layout, by class index.
pub(super) static LAYOUTS: [Layout; CLASS_COUNT] = {
    let mut layouts = [Layout::best(PAGE_SIZE); CLASS_COUNT];
    let mut class = 0;
    while class < CLASS_COUNT - 1 {
        layouts[class] = Layout::best((class + 1) * STEP);
        class += 1;
    }
    layouts
};

/// Returns the class of objects of `bytes` bytes.
///
/// # Panics
/// If there are no bytes, or more than a page.
pub(super) fn class_of(bytes: usize) -> usize {
    assert!(0 < bytes && bytes <= PAGE_SIZE, "an object of {bytes} bytes");
    if bytes <= COMPRESSED_MAX { (bytes - 1) / STEP } else { CLASS_COUNT - 1 }
}

impl Layout {
    /// Returns the layout that wastes the least, and of those the longest.
    const fn best(place_bytes: usize) -> Self {
        let mut best = Self::of_pages(place_bytes, 1);
        let mut pages = 2;
        while pages <= PAGES_MAX {
            let next = Self::of_pages(place_bytes, pages);
            let is_allowed = next.places <= PLACES_MAX;
            if is_allowed && next.waste() * best.pages <= best.waste() * next.pages {
                best = next;
            }
            pages += 1;
        }
        best
    }

    const fn of_pages(place_bytes: usize, pages: usize) -> Self {
        Self { place_bytes, pages, places: pages * PAGE_SIZE / place_bytes }
    }

    /// Bytes at the end of a run that no place covers.
    const fn waste(&self) -> usize {
        self.pages * PAGE_SIZE - self.places * self.place_bytes
    }

    /// Returns the first and the last page that `place` lies on; at most two, as no place is larger
    /// than a page.
    pub(super) fn pages_of(&self, place: usize) -> (usize, usize) {
        let start = place * self.place_bytes;
        (start / PAGE_SIZE, (start + self.place_bytes - 1) / PAGE_SIZE)
    }

    /// Returns the first and the last place that lie on `page`.
    pub(super) fn places_on(&self, page: usize) -> (usize, usize) {
        let start = page * PAGE_SIZE;
        let last = (start + PAGE_SIZE - 1) / self.place_bytes;
        (start / self.place_bytes, last.min(self.places - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASS_COUNT, LAYOUTS, PAGES_MAX, PLACES_MAX, class_of};
    use crate::PAGE_SIZE;

    #[test]
    fn every_size_has_the_smallest_class_that_holds_it() {
        for bytes in 1..=PAGE_SIZE {
            let class = class_of(bytes);
            assert!(LAYOUTS[class].place_bytes >= bytes);
            assert!(class == 0 || LAYOUTS[class - 1].place_bytes < bytes);
        }
    }

    #[test]
    fn no_run_wastes_more_than_three_percent() {
        for layout in &LAYOUTS {
            assert!((1..=PAGES_MAX).contains(&layout.pages), "{layout:?}");
            assert!((1..=PLACES_MAX).contains(&layout.places), "{layout:?}");
            assert!(layout.waste() * 100 <= layout.pages * PAGE_SIZE * 3, "{layout:?}");
        }
        assert_eq!(LAYOUTS[CLASS_COUNT - 1].waste(), 0);
    }

    #[test]
    fn places_and_pages_agree_about_who_lies_where() {
        for layout in &LAYOUTS {
            for page in 0..layout.pages {
                let (first, last) = layout.places_on(page);
                assert!(first <= last, "a page without a place: {layout:?}");
                for place in 0..layout.places {
                    let (start, end) = layout.pages_of(place);
                    let is_on_page = (start..=end).contains(&page);
                    assert_eq!(is_on_page, (first..=last).contains(&place), "{layout:?}");
                }
            }
        }
    }
}
