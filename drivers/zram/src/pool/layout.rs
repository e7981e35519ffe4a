//! Size classes: which size an object is rounded up to, and how many share a run of how many pages.
//!
//! There is a class every 8 bytes up to the largest compressed size, and four of whole pages. A run
//! has as many pages, up to 64, as leave the least over at its end, and at most 128 objects. Pages
//! are committed singly, so a long run costs nothing while it is part-filled. Runs of 32 pages add
//! 0.0011 to the figures below with 1 GiB stored and 0.0014 with 64 MiB, about half of it at their
//! ends, the rest because there are more of them.
//!
//! Which classes are used depends on the pool's size ([`step_in`]). Fine steps lose less by
//! rounding; coarse ones have fewer part-filled pages, which matters less the more is stored. All
//! memory with tables over compressed bytes, for the sizes of 6,100 pages of real programs, stored
//! and all replaced by others in a scattered order; first after compaction, then before it:
//!
//! | stored  | pool pages | every 32 bytes | every 16      | every 8       |
//! | ------- | ---------- | -------------- | ------------- | ------------- |
//! | 64 MiB  | 6,700      | 1.027, 1.117   | 1.026, 1.131  | 1.030, 1.152  |
//! | 128 MiB | 13,400     | 1.026, 1.071   | 1.022, 1.076  | 1.023, 1.088  |
//! | 256 MiB | 26,600     | 1.024, 1.051   | 1.020, 1.052  | 1.019, 1.058  |
//! | 512 MiB | 53,100     | 1.024, 1.039   | 1.019, 1.037  | 1.018, 1.040  |
//! | 1 GiB   | 106,000    | 1.023, 1.033   | 1.019, 1.030  | 1.017, 1.032  |
//!
//! The step is halved between the size where the finer one is better after compaction and the size
//! where it is better before. Objects that were placed earlier stay where they are. In a loop over
//! 1 GiB a load takes 1606 ns with classes every 32 bytes, 1641 every 16 and 1666 every 8, a store
//! 6640, 6700 and 6760: the tables of more classes pass through the cache.

use core::ops::RangeInclusive;

use super::run_set::RUNS_MAX;
use crate::PAGE_SIZE;
use crate::zcomp::COMPRESSED_MAX;

/// Most places in a run: a run's places are the bits of one `u128`.
pub(super) const PLACES_MAX: usize = 128;
/// Most pages in a run: a run's missing pages are the bits of one `u64`.
pub(super) const PAGES_MAX: usize = 64;
/// Classes are this many bytes apart.
const STEP: usize = 8;
/// The smallest place: as many of these as a run may have fill a page.
const PLACE_MIN: usize = PAGE_SIZE / PLACES_MAX;
/// The first class of whole pages; those below are of compressed objects.
pub(super) const WHOLE_FIRST: usize = (COMPRESSED_MAX - PLACE_MIN) / STEP + 1;
/// Classes of whole pages, filled one after the other: each holds 16 GiB.
const WHOLE_COUNT: usize = 4;
/// How many classes there are.
pub(super) const CLASS_COUNT: usize = WHOLE_FIRST + WHOLE_COUNT;

const _: () = assert!(
    WHOLE_COUNT as u64 * (RUNS_MAX * PAGES_MAX * PAGE_SIZE) as u64 == 64 << 30,
    "a pool holds 64 GiB of pages that cannot be compressed"
);

const _: () = assert!(
    COMPRESSED_MAX.is_multiple_of(step_in(0)) && PLACE_MIN.is_multiple_of(step_in(0)),
    "the largest and the smallest size have a class whatever the step"
);

/// Returns how many bytes apart the classes are that a pool of `pool_pages` pages uses; the header
/// says why.
pub(super) const fn step_in(pool_pages: u64) -> usize {
    match pool_pages {
        0..0x4000 => 4 * STEP,
        0x4000..0x1_0000 => 2 * STEP,
        0x1_0000.. => STEP,
    }
}

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
    while class < WHOLE_FIRST {
        layouts[class] = Layout::best(PLACE_MIN + class * STEP);
        class += 1;
    }
    layouts
};

/// Returns the class of objects of `bytes` bytes, if classes are `step` bytes apart.
///
/// # Panics
/// If there are no bytes, or more than a page.
pub(super) fn class_of(bytes: usize, step: usize) -> usize {
    assert!(0 < bytes && bytes <= PAGE_SIZE, "an object of {bytes} bytes");
    if bytes > COMPRESSED_MAX {
        return WHOLE_FIRST;
    }
    (bytes.next_multiple_of(step).max(PLACE_MIN) - PLACE_MIN) / STEP
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

    /// Returns the pages that `place` lies on; at most two, as no place is larger
    /// than a page.
    pub(super) fn pages_of(&self, place: usize) -> RangeInclusive<usize> {
        let start = place * self.place_bytes;
        start / PAGE_SIZE..=(start + self.place_bytes - 1) / PAGE_SIZE
    }

    /// Returns the places that lie on `page`.
    pub(super) fn places_on(&self, page: usize) -> RangeInclusive<usize> {
        let start = page * PAGE_SIZE;
        let last = (start + PAGE_SIZE - 1) / self.place_bytes;
        start / self.place_bytes..=last.min(self.places - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASS_COUNT, LAYOUTS, PAGES_MAX, PLACES_MAX, class_of, step_in};
    use crate::PAGE_SIZE;
    use std::vec::Vec;

    #[test]
    fn every_size_has_the_smallest_class_that_holds_it() {
        for step in [8, 16, 32] {
            let mut places: Vec<usize> =
                LAYOUTS.iter().map(|it| it.place_bytes).filter(|it| it % step == 0).collect();
            places.sort_unstable();
            for bytes in 1..=PAGE_SIZE {
                let place = LAYOUTS[class_of(bytes, step)].place_bytes;
                let smallest = places.iter().find(|place| **place >= bytes);
                assert_eq!(Some(&place), smallest, "{bytes} bytes, step {step}");
            }
        }
    }

    #[test]
    fn a_larger_pool_has_finer_classes() {
        let sizes = [0, 0x3fff, 0x4000, 0xffff, 0x1_0000, u64::MAX];
        assert_eq!(sizes.map(step_in), [32, 32, 16, 16, 8, 8]);
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
                let here = layout.places_on(page);
                assert!(!here.is_empty(), "a page without a place: {layout:?}");
                for place in 0..layout.places {
                    let is_on_page = layout.pages_of(place).contains(&page);
                    assert_eq!(is_on_page, here.contains(&place), "{layout:?}");
                }
            }
        }
    }
}
