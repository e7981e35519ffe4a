//! Pages for pools: numbered, of large aligned pieces that are touched once and then used again.
//!
//! They are as in the daemon, whose pool is a region of whole pages and keeps a number of four
//! bytes for each; pages from the heap would start 16 bytes off, lie on two pages of the processor
//! each and be kept by address. The figures leave out what the daemon pays for committing a page, a
//! system call for some 7 stores of 100 here; they include a look into the table of pieces, which
//! the daemon does not need.

#![expect(unsafe_code, reason = "turns the number of a page into its bytes, as the daemon does")]

use std::num::NonZeroU32;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;
use zram::{NoMemory, PAGE_SIZE, PageBytes, PageSource};

/// Pages of a piece: 4 MiB.
const PIECE_PAGES: usize = 1024;

/// Most pieces: 16 GiB, more than the pools of one run take together.
const PIECES_MAX: usize = 4096;

/// The pieces, in the order in which they were made. They are never given back to the heap and hence
/// never move.
static PIECES: [AtomicPtr<Aligned>; PIECES_MAX] =
    [const { AtomicPtr::new(ptr::null_mut()) }; PIECES_MAX];

/// Pages that no pool has, for whichever device needs one next.
static FREE: Mutex<Free> = Mutex::new(Free { pages: Vec::new(), piece_count: 0 });

struct Free {
    pages: Vec<RegionPage>,
    piece_count: usize,
}

#[derive(Clone)]
#[repr(C, align(4096))]
struct Aligned(PageBytes);

/// A page of a piece; there is one for each number at most, and it cannot be copied.
///
/// It is its number and one, because the pool keeps an `Option` of each: four bytes so, else eight.
#[derive(Debug)]
pub(crate) struct RegionPage(NonZeroU32);

/// The pages of the benchmark's devices.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RegionPages;

impl RegionPage {
    fn new(number: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number as u32))
    }

    fn bytes(&self) -> NonNull<PageBytes> {
        let number = self.0.get() as usize - 1;
        // Relaxed: what gave this page out, a lock, or whatever else brought it here came after the
        // store in `add_piece`, and a piece's address never changes after that.
        let piece = PIECES[number / PIECE_PAGES].load(Ordering::Relaxed);
        let page = piece.wrapping_add(number % PIECE_PAGES);
        NonNull::new(page.cast()).expect("a page's piece is there")
    }
}

impl Free {
    /// Makes the next piece; its first page is taken first.
    fn add_piece(&mut self) -> Result<(), NoMemory> {
        let place = PIECES.get(self.piece_count).ok_or(NoMemory)?;
        let piece = vec![Aligned([0; PAGE_SIZE]); PIECE_PAGES].leak();
        // Relaxed: see `RegionPage::bytes`.
        place.store(piece.as_mut_ptr(), Ordering::Relaxed);
        let first = self.piece_count * PIECE_PAGES;
        self.pages.extend((first..first + PIECE_PAGES).rev().map(RegionPage::new));
        self.piece_count += 1;
        Ok(())
    }
}

impl PageSource for RegionPages {
    type Page = RegionPage;

    fn commit(&self) -> Result<RegionPage, NoMemory> {
        let mut free = FREE.lock();
        if free.pages.is_empty() {
            free.add_piece()?;
        }
        free.pages.pop().ok_or(NoMemory)
    }

    fn release(&self, page: RegionPage) {
        FREE.lock().pages.push(page);
    }

    fn bytes<'a>(&'a self, page: &'a RegionPage) -> &'a PageBytes {
        // SAFETY: `add_piece` made the number for a page of a leaked piece, initialised and valid for
        // ever; only `bytes_mut`, which needs the page exclusively, writes there.
        unsafe { page.bytes().as_ref() }
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut RegionPage) -> &'a mut PageBytes {
        // SAFETY: as in `bytes`, and `page`, the only way to these bytes, is borrowed exclusively.
        unsafe { page.bytes().as_mut() }
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE_PAGES, RegionPage, RegionPages};
    use zram::PageSource;

    #[test]
    fn committed_pages_are_aligned_and_differ() {
        let pages: Vec<_> =
            (0..=PIECE_PAGES).map(|_| RegionPages.commit().expect("memory")).collect();
        let place = |page| RegionPages.bytes(page).as_ptr().addr();
        let mut places: Vec<_> = pages.iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), PIECE_PAGES + 1);
        assert!(places.iter().all(|place| place % 4096 == 0));
        pages.into_iter().for_each(|page| RegionPages.release(page));
    }

    #[test]
    fn the_pool_keeps_four_bytes_for_a_page_as_in_the_daemon() {
        assert_eq!(size_of::<Option<RegionPage>>(), 4);
    }
}
