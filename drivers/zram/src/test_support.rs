//! What the unit tests share: a lock, a source of pages that fails on demand, pages to store.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use kit::Random;

use crate::{HeapPages, NoMemory, PAGE_SIZE, PageBytes, PageSource};

/// The lock of the tests.
pub(crate) type TestLock = spin::Mutex<()>;

/// Heap pages that are counted, and refused when told to.
#[derive(Debug, Default)]
pub(crate) struct CountedPages {
    committed: AtomicI64,
    /// Commits to be refused from now on.
    refusals: AtomicU64,
}

impl CountedPages {
    /// Refuses the next `count` commits.
    pub(crate) fn refuse(&self, count: u64) {
        self.refusals.store(count, Ordering::Relaxed);
    }

    /// Returns how many commits will be refused.
    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Returns how many pages are out.
    pub(crate) fn committed(&self) -> i64 {
        self.committed.load(Ordering::Relaxed)
    }
}

impl PageSource for &CountedPages {
    type Page = <HeapPages as PageSource>::Page;

    fn commit(&self) -> Result<Self::Page, NoMemory> {
        let less = |count: u64| count.checked_sub(1);
        if self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            return Err(NoMemory);
        }
        self.committed.fetch_add(1, Ordering::Relaxed);
        HeapPages.commit()
    }

    fn release(&self, page: Self::Page) {
        self.committed.fetch_sub(1, Ordering::Relaxed);
        HeapPages.release(page);
    }

    fn bytes<'a>(&'a self, page: &'a Self::Page) -> &'a PageBytes {
        page
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut Self::Page) -> &'a mut PageBytes {
        page
    }
}

/// Returns a page of `noise` random bytes, repeats of them, and a stamp. 0 noise is same-filled;
/// 4096 is incompressible; about as many bytes as noise remain after compression.
pub(crate) fn page_of(noise: usize, stamp: u64) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    if noise == 0 {
        crate::same_filled::fill(&mut page, stamp);
        return page;
    }
    let mut random = Random::new(stamp);
    for byte in page.iter_mut().take(noise) {
        *byte = random.next() as u8;
    }
    for at in noise..PAGE_SIZE {
        page[at] = page[at - noise.min(64)];
    }
    page
}
