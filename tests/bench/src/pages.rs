//! Pages for pools: of large aligned pieces that are touched once and then used again and again.
//!
//! As in the daemon, whose pool is a region of whole pages; the heap's would start 16 bytes off and
//! lie on two pages of the processor each. What the daemon pays for committing a page, a system
//! call for some 7 stores of 100 here, is not in the figures.

use parking_lot::Mutex;
use zram::{NoMemory, PAGE_SIZE, PageBytes, PageSource};

/// Pages of a piece: 4 MiB.
const PIECE: usize = 1024;

/// A page that no pool has, for whichever device needs one next. They are never given back to the
/// heap, which is why they may be borrowed for ever.
static FREE: Mutex<Vec<&'static mut PageBytes>> = Mutex::new(Vec::new());

#[derive(Clone)]
#[repr(C, align(4096))]
struct Aligned(PageBytes);

/// The pages of the benchmark's devices.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RegionPages;

impl PageSource for RegionPages {
    type Page = &'static mut PageBytes;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        let mut free = FREE.lock();
        if free.is_empty() {
            let piece = vec![Aligned([0; PAGE_SIZE]); PIECE].leak();
            free.extend(piece.iter_mut().rev().map(|page| &mut page.0));
        }
        free.pop().ok_or(NoMemory)
    }

    fn release(&self, page: Self::Page) {
        FREE.lock().push(page);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, RegionPages};
    use zram::PageSource;

    #[test]
    fn committed_pages_are_aligned_and_differ() {
        let pages: Vec<_> = (0..=PIECE).map(|_| RegionPages.commit().expect("memory")).collect();
        let mut places: Vec<_> = pages.iter().map(|page| page.as_ptr().addr()).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), PIECE + 1);
        assert!(places.iter().all(|place| place % 4096 == 0));
        pages.into_iter().for_each(|page| RegionPages.release(page));
    }
}
