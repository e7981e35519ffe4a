//! Pool pages: numbered pages of one region of address space, mapped and unmapped as they are needed.
//!
//! [`Numbers`] decides which number is in use; this module makes the system calls. A [`PoolPage`],
//! which cannot be copied, is the only way to its page's bytes. The region is far from where our
//! kernel puts mappings of its own choice; if a page of it is taken all the same, as on Redox,
//! another page is used, and the taken one tried again later. A page that the kernel fails to unmap
//! stays mapped as a spare one: releasing a page never fails the daemon.

#![expect(unsafe_code, reason = "turns the number of a mapped page into its bytes")]

use core::num::NonZeroU32;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use zram::{NoMemory, PAGE_SIZE, PageBytes, PageSource};
use zram_rt::memory as mapping;
use zramd::numbers::{NUMBERS_MAX, Numbers, Taken};

use super::memory;

/// Address of page 0.
const REGION: usize = 0x1000_0000_0000;

/// Pages of others that one commit steps over before it says that there is no memory.
const STEPS_MAX: usize = 1024;

static NUMBERS: Numbers = Numbers::new(NUMBERS_MAX);

/// Pages that are mapped, spare ones included.
static COMMITTED: AtomicUsize = AtomicUsize::new(0);

/// Whether it was told that no number is left; once is enough.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// Returns how many pages are mapped.
pub(super) fn committed() -> usize {
    // Relaxed: a statistic.
    COMMITTED.load(Ordering::Relaxed)
}

/// The region, from which every device's pool takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolPages;

/// A mapped page of the region; there is one for each number at most.
///
/// It is its number and one, because the pool keeps an `Option` of each: four bytes so, else eight.
#[derive(Debug)]
pub(crate) struct PoolPage(NonZeroU32);

impl PoolPage {
    fn new(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    fn number(&self) -> u32 {
        self.0.get() - 1
    }

    fn bytes(&self) -> NonNull<PageBytes> {
        bytes_of(self.number())
    }
}

/// Says so, the first time, if all pages that there are numbers for are taken.
fn none_left() -> NoMemory {
    // Relaxed: who comes first says it, and that orders nothing.
    if NUMBERS.is_used_up() && !IS_TOLD.swap(true, Ordering::Relaxed) {
        let gib = (u64::from(NUMBERS_MAX) * PAGE_SIZE as u64) >> 30;
        log::error!(
            "the pools of all devices have {gib} GiB of pages, which is the most there can be"
        );
    }
    NoMemory
}

fn address_of(number: u32) -> usize {
    REGION + number as usize * PAGE_SIZE
}

fn bytes_of(number: u32) -> NonNull<PageBytes> {
    let address: *mut PageBytes = core::ptr::with_exposed_provenance_mut(address_of(number));
    NonNull::new(address).expect("the region does not begin at 0")
}

/// Unmaps pages that nobody has; returns false, with all of them still mapped, if the kernel has no
/// room for one more piece.
fn unmap(run: Range<u32>) -> bool {
    let count = run.len();
    // SAFETY: `NUMBERS` calls this with numbers of pages that `commit` mapped by `map_at` and whose
    // only way to the bytes, their `PoolPage`, was consumed; it gives none of them out meanwhile.
    let unmapped = unsafe { mapping::unmap(bytes_of(run.start).cast(), count * PAGE_SIZE) };
    if unmapped.is_ok() {
        COMMITTED.fetch_sub(count, Ordering::Relaxed);
    }
    unmapped.is_ok()
}

impl PageSource for PoolPages {
    type Page = PoolPage;

    fn commit(&self) -> Result<PoolPage, NoMemory> {
        for _ in 0..STEPS_MAX {
            let number = match NUMBERS.take().ok_or_else(none_left)? {
                Taken::Mapped(number) => return Ok(PoolPage::new(number)),
                Taken::Unmapped(number) => number,
            };
            if !memory::may_take_page() {
                NUMBERS.put_back(number);
                return Err(NoMemory);
            }
            match mapping::map_at(address_of(number), PAGE_SIZE) {
                Ok(_) => {
                    COMMITTED.fetch_add(1, Ordering::Relaxed);
                    return Ok(PoolPage::new(number));
                }
                Err(error) if error.errno == syscall::EEXIST => NUMBERS.set_aside(number),
                Err(_) => {
                    NUMBERS.put_back(number);
                    return Err(NoMemory);
                }
            }
        }
        Err(NoMemory)
    }

    fn release(&self, page: PoolPage) {
        NUMBERS.release(page.number(), unmap);
    }

    fn release_later(&self, page: PoolPage) {
        NUMBERS.release_later(page.number());
    }

    fn release_rest(&self) {
        NUMBERS.release_spares(unmap);
    }

    fn bytes<'a>(&'a self, page: &'a PoolPage) -> &'a PageBytes {
        // SAFETY: the page is mapped while `page` exists, holds plain bytes (zeros at first), and
        // only `bytes_mut`, which needs it exclusively, writes to it.
        unsafe { page.bytes().as_ref() }
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut PoolPage) -> &'a mut PageBytes {
        // SAFETY: as in `bytes`, and `page` is borrowed exclusively.
        unsafe { page.bytes().as_mut() }
    }
}
