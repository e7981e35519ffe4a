//! Pool pages: numbered pages of one region of address space, mapped and unmapped one by one.
//!
//! A bit for each number says whether it is in use; whoever sets a bit owns the page until it clears
//! it again. So a [`PoolPage`], which cannot be copied, is the only way to its page's bytes. The
//! region is far from where the kernel puts mappings of its own choice; should a page of it be taken
//! all the same, its number is left out for ever.

#![expect(unsafe_code, reason = "turns the number of a mapped page into its bytes")]

use core::num::NonZeroU32;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use zram::{NoMemory, PAGE_SIZE, PageBytes, PageSource};
use zram_rt::memory;

/// Address of page 0.
const REGION: usize = 0x1000_0000_0000;

/// Most pages: 4 GiB, as much as the bits for them are worth (128 KiB of zeros).
const PAGES_MAX: usize = 1 << 20;

const WORDS: usize = PAGES_MAX / u64::BITS as usize;

/// One bit a page, set while it is in use.
static USED: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// A word that is likely to have a page left.
static HINT: AtomicUsize = AtomicUsize::new(0);

static COMMITTED: AtomicUsize = AtomicUsize::new(0);

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

    fn number(&self) -> usize {
        self.0.get() as usize - 1
    }

    fn address(&self) -> usize {
        REGION + self.number() * PAGE_SIZE
    }

    fn bytes(&self) -> NonNull<PageBytes> {
        let address: *mut PageBytes = core::ptr::with_exposed_provenance_mut(self.address());
        NonNull::new(address).expect("the region does not begin at 0")
    }
}

/// Takes the number of an unused page.
fn take_number() -> Option<PoolPage> {
    // Relaxed throughout: a bit only hands out a number; what is on the page is passed along with
    // the page itself, under the locks of the pool.
    let hint = HINT.load(Ordering::Relaxed);
    for word in (hint..WORDS).chain(0..hint) {
        loop {
            let bits = USED[word].load(Ordering::Relaxed);
            let bit = bits.trailing_ones();
            if bit == u64::BITS {
                break;
            }
            if USED[word].fetch_or(1 << bit, Ordering::Relaxed) >> bit & 1 == 0 {
                HINT.store(word, Ordering::Relaxed);
                return Some(PoolPage::new(word as u32 * u64::BITS + bit));
            }
        }
    }
    None
}

fn give_number_back(page: PoolPage) {
    let (word, bit) = (page.number() / u64::BITS as usize, page.number() % u64::BITS as usize);
    USED[word].fetch_and(!(1 << bit), Ordering::Relaxed);
    HINT.store(word, Ordering::Relaxed);
}

impl PageSource for PoolPages {
    type Page = PoolPage;

    fn commit(&self) -> Result<PoolPage, NoMemory> {
        loop {
            let page = take_number().ok_or(NoMemory)?;
            match memory::map_at(page.address(), PAGE_SIZE) {
                Ok(_) => {
                    COMMITTED.fetch_add(1, Ordering::Relaxed);
                    return Ok(page);
                }
                // Somebody else's page: leave the number used, and take another.
                Err(error) if error.errno == syscall::EEXIST => {}
                Err(_) => {
                    give_number_back(page);
                    return Err(NoMemory);
                }
            }
        }
    }

    fn release(&self, page: PoolPage) {
        // SAFETY: `commit` mapped exactly this page by `map_at`, and `page`, the only way to its
        // bytes, is consumed.
        let unmapped = unsafe { memory::unmap(page.bytes().cast(), PAGE_SIZE) };
        unmapped.expect("a page that is mapped can be unmapped");
        COMMITTED.fetch_sub(1, Ordering::Relaxed);
        give_number_back(page);
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
