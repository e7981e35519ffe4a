//! The daemon's platform: locks, waiting, time, and pages for its pools.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use swap_pager::ports::Frame;
use zram::{NoMemory, PAGE_SIZE, PageBytes, PageSource};
use zram_abi::verb::Cookie;
use zramd::platform::Platform;

use crate::coroutine::{self, Rest};
use crate::machine::{Shared, lock};

/// The machine as one life of the daemon sees it.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) machine: Shared,
    /// Number of this life.
    pub(crate) life: u32,
    pub(crate) cpus: usize,
    /// Set when a thread that waits has something to look at.
    pub(crate) stir: Arc<AtomicBool>,
}

impl Platform for Ground {
    type Mutex = spin::Mutex<()>;
    type Pages = PoolPages;

    fn pages(&self) -> PoolPages {
        PoolPages { machine: Arc::clone(&self.machine), life: self.life }
    }

    fn pages_committed(&self) -> usize {
        lock(&self.machine).pool.len()
    }

    fn possible_cpus(&self) -> usize {
        self.cpus
    }

    fn resize_area(&self, cookie: Cookie) -> bool {
        lock(&self.machine).resize_area(self.life, cookie)
    }

    fn now_ns(&self) -> u64 {
        lock(&self.machine).kernel.now_ns
    }

    fn wait(&self, word: &AtomicU32, expected: u32, _deadline_ns: Option<u64>) {
        if word.load(Ordering::SeqCst) == expected {
            coroutine::rest(Rest::Sleep);
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        self.stir.store(true, Ordering::SeqCst);
    }
}

/// Pages of the pools: frames of the machine, taken through the pager.
pub(crate) struct PoolPages {
    machine: Shared,
    life: u32,
}

/// A page of a pool. The bytes are beside the frame, because safe code cannot lend a frame out.
pub(crate) struct PoolPage {
    frame: Frame,
    bytes: Box<PageBytes>,
}

impl PageSource for PoolPages {
    type Page = PoolPage;

    fn commit(&self) -> Result<PoolPage, NoMemory> {
        coroutine::rest(Rest::Pause);
        let frame = lock(&self.machine).commit_page(self.life).ok_or(NoMemory)?;
        Ok(PoolPage { frame, bytes: Box::new([0; PAGE_SIZE]) })
    }

    fn release(&self, page: PoolPage) {
        coroutine::rest(Rest::Pause);
        lock(&self.machine).release_page(self.life, page.frame);
    }

    fn bytes<'a>(&'a self, page: &'a PoolPage) -> &'a PageBytes {
        &page.bytes
    }

    fn bytes_mut<'a>(&'a self, page: &'a mut PoolPage) -> &'a mut PageBytes {
        if let Some(bit) = lock(&self.machine).rotten_bit() {
            page.bytes[bit / 8] ^= 1 << (bit % 8);
        }
        &mut page.bytes
    }
}
