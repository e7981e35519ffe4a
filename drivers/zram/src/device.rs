//! One initialised device: store, load, take and discard of slots, limits and statistics.
//!
//! Order of a store: same-filled check; compression into the worker's buffer; the slot's leaf; an
//! object in the pool, within the limit; only then the slot's word is swapped and the old object
//! freed. A failure before the swap leaves the slot as it was; nothing can fail after the swap.
//!
//! Relies on [`SlotTable`], [`Pool`] and [`Zcomp`]; used by the daemon, one device per instance.
//! The lifecycle (who may create, reset, resize) is the daemon's; a reset is a new device. A device
//! can grow while other threads use it, but shrinking needs exclusive access, which the compiler
//! enforces. Loads and takes are in `load`, compaction is in `compaction`, reports on single slots
//! are in [`states`].

mod compaction;
mod load;
mod states;

use core::sync::atomic::{AtomicU64, Ordering};

use lock_api::RawMutex;

use crate::home::Home;
use crate::pool::Pool;
use crate::slots::{
    Entry, Fill, ObjectSize, Priority, SlotState, SlotTable, SlotWord, StoredObject,
};
use crate::statistics::{Counters, Event};
use crate::zcomp::Zcomp;
use crate::{
    Compressor, Metadata, NoMemory, PAGE_SIZE, PageBytes, PageSource, Statistics, StoreError,
    StoredAbove, StreamStatistics, Worker, same_filled,
};

pub use states::StoredSlot;

/// What a device is created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Slots of the device, one per page of disksize.
    pub disksize_pages: u32,
    /// What pages are compressed with.
    pub compressor: Compressor,
    /// CPUs that can ever be up; they are numbered from 0.
    pub possible_cpus: usize,
    /// Pages that the pool may use; 0 is no limit.
    pub mem_limit_pages: u64,
}

/// What a page is stored for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A user's write: it must be kept, incompressible or not.
    Write,
    /// Swap: worth it only if memory is gained.
    Swap,
}

/// A compressed block device in memory: slots of 4096 bytes, each free or holding a page.
///
/// All operations take `&self` and may run on any number of threads, each with its own [`Worker`].
/// `R` is the lock of streams and size classes; it is held for a copy or one compression and may
/// sleep or spin. `P` gives the pool its pages.
pub struct Zram<R: RawMutex, P: PageSource> {
    table: SlotTable,
    zcomp: Zcomp<R>,
    pool: Pool<R, P>,
    counters: Counters,
    pages_compacted: AtomicU64,
}

impl<R: RawMutex, P: PageSource> Zram<R, P> {
    /// Returns a device with every slot free and every CPU down.
    ///
    /// # Errors
    /// [`NoMemory`], with nothing left behind.
    pub fn new(config: Config, source: P) -> Result<Self, NoMemory> {
        Ok(Self {
            table: SlotTable::new(config.disksize_pages)?,
            zcomp: Zcomp::new(config.compressor, config.possible_cpus)?,
            pool: Pool::new(source, config.possible_cpus, config.mem_limit_pages)?,
            counters: Counters::new(config.possible_cpus)?,
            pages_compacted: AtomicU64::new(0),
        })
    }

    /// Stores `page` in `slot`, in place of what is there.
    ///
    /// # Errors
    /// [`StoreError`]; the slot then holds what it held before.
    ///
    /// # Context
    /// May allocate and commit pages, with no lock held. `page` must not change meanwhile.
    pub fn store(
        &self,
        worker: &mut Worker,
        slot: u32,
        page: &PageBytes,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        if slot >= self.table.slot_count() {
            return Err(StoreError::OutOfRange);
        }
        self.table.settle_ages(worker.now_seconds);
        self.put(worker, slot, page, purpose).inspect_err(|error| {
            let event = match error {
                StoreError::NoGain => Event::NoGain,
                StoreError::Limit | StoreError::NoReserve | StoreError::Full => Event::FailedWrite,
                StoreError::OutOfRange => return,
            };
            self.counters.add(worker.home, event, 1);
        })
    }

    /// Counts stores as refused for want of memory that were not tried, because one before them was.
    pub fn count_refused(&self, worker: &Worker, stores: u64) {
        self.counters.add(worker.home, Event::FailedWrite, stores);
    }

    fn put(
        &self,
        worker: &mut Worker,
        slot: u32,
        page: &PageBytes,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        if let Some(fill) = same_filled::repeated_word(page).and_then(Fill::new) {
            let entry = self.table.get_or_allocate(slot)?;
            self.counters.add(worker.home, Event::SameStored, 1);
            self.install(worker, entry, SlotState::SameFilled(fill));
            return Ok(());
        }
        let compressed = self.zcomp.compress(worker.home, page, &mut worker.buffer);
        let bytes: &[u8] = match (compressed, purpose) {
            (Some(length), Purpose::Write | Purpose::Swap) => &worker.buffer[..length],
            (None, Purpose::Write) => page,
            (None, Purpose::Swap) => return Err(StoreError::NoGain),
        };
        let size = ObjectSize::new(bytes.len()).expect("a codec gives 1 to 4096 bytes");
        let entry = self.table.get_or_allocate(slot)?;
        let handle = self.pool.insert(worker.home, slot, bytes)?;
        if size.is_incompressible() {
            self.counters.add(worker.home, Event::HugeStored, 1);
        }
        let object = StoredObject { handle, size, priority: Priority::PRIMARY };
        self.install(worker, entry, SlotState::Stored(object));
        Ok(())
    }

    fn install(&self, worker: &Worker, entry: Entry<'_>, state: SlotState) {
        let old = entry.swap(state, self.table.age_at(worker.now_seconds));
        self.free(worker.home, old);
    }

    /// Frees what a word referred to that was taken out of the table. A damaged word refers to
    /// nothing that could be found.
    fn free(&self, home: Home, word: SlotWord) {
        match word.decode() {
            Ok(SlotState::Free) | Err(_) => {}
            Ok(SlotState::SameFilled(_)) => self.counters.add(home, Event::SameFreed, 1),
            Ok(SlotState::Stored(object)) => {
                self.pool.remove(home, object.handle, object.size.bytes());
            }
        }
    }

    /// Frees `count` slots from `first` on; they read as zeros then. Slots past the end are not
    /// there and not counted.
    ///
    /// # Context
    /// Allocates nothing; may release pages, with no lock held.
    pub fn discard(&self, worker: &Worker, first: u32, count: u32) {
        let end = first.saturating_add(count).min(self.table.slot_count());
        self.table.for_each(first, end, |_, entry| {
            let old = entry.clear();
            self.free(worker.home, old);
        });
        let discarded = u64::from(end.saturating_sub(first));
        self.counters.add(worker.home, Event::Discarded, discarded);
    }

    /// Gives the device free slots behind its last one until there are `disksize_pages`. Stores and
    /// loads go on meanwhile; fewer slots than there are change nothing.
    ///
    /// # Errors
    /// [`NoMemory`], with nothing changed.
    ///
    /// # Context
    /// Allocates at most 4 bytes for each MiB that the device will have, with no lock held.
    pub fn grow(&self, disksize_pages: u32) -> Result<(), NoMemory> {
        self.table.grow(disksize_pages)
    }

    /// Takes the slots from `disksize_pages` on away. The caller has the device alone: with it, a
    /// slot cannot go while somebody works on it.
    ///
    /// # Errors
    /// [`StoredAbove`], with nothing changed: discard those slots first.
    pub fn shrink(&mut self, disksize_pages: u32) -> Result<(), StoredAbove> {
        self.table.shrink(disksize_pages)
    }

    /// Gives `cpu` its stream. A CPU that has one keeps it; one that is not possible gets none.
    ///
    /// # Errors
    /// [`NoMemory`], with nothing changed.
    ///
    /// # Context
    /// Allocates 8 or 16 KiB and moves as much over the stack; waits for one compression at most.
    pub fn cpu_up(&self, cpu: usize) -> Result<(), NoMemory> {
        self.zcomp.cpu_up(cpu)
    }

    /// Frees the stream of `cpu` and the pages kept for it. Cannot fail; doing it twice is
    /// harmless.
    ///
    /// # Context
    /// Waits for one compression at most.
    pub fn cpu_down(&self, cpu: usize) {
        self.zcomp.cpu_down(cpu);
        self.pool.release_spares(cpu);
    }

    /// Returns one line per possible CPU, then one for the shared fallback stream.
    pub fn streams(&self) -> impl Iterator<Item = StreamStatistics> + '_ {
        self.zcomp.streams()
    }

    /// Sets the limit of the pool in pages; 0 is none. What is stored stays; growth is refused.
    pub fn set_mem_limit(&self, limit_pages: u64) {
        self.pool.budget().set_limit_pages(limit_pages);
    }

    /// Sets `mem_used_max` to the use of now.
    pub fn reset_mem_used_max(&self) {
        self.pool.budget().reset_maximum();
    }

    /// Returns the pages that the pool uses, without asking its classes: cheap enough after each store.
    #[must_use]
    pub fn used_pages(&self) -> u64 {
        self.pool.budget().used_pages()
    }

    /// Returns how many slots the device has.
    #[must_use]
    pub fn disksize_pages(&self) -> u32 {
        self.table.slot_count()
    }

    /// Returns all statistics.
    ///
    /// # Context
    /// Takes every class's lock in turn: not for the request path.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let pool = self.pool.statistics();
        let total = |event| self.counters.total(event);
        // A page stored on one CPU and freed on another can be seen freed first.
        let same_pages = total(Event::SameStored).saturating_sub(total(Event::SameFreed));
        let bytes = |pages: u64| pages * PAGE_SIZE as u64;
        Statistics {
            orig_data_size: bytes(pool.objects + same_pages),
            compr_data_size: pool.object_bytes,
            mem_used_total: bytes(pool.used_pages),
            mem_limit: bytes(pool.limit_pages),
            mem_used_max: bytes(pool.used_pages_max),
            same_pages,
            pages_compacted: self.pages_compacted.load(Ordering::Relaxed),
            huge_pages: pool.whole_pages,
            huge_pages_since: total(Event::HugeStored),
            failed_reads: total(Event::FailedRead),
            failed_writes: total(Event::FailedWrite),
            notify_free: total(Event::Discarded),
            no_gain: total(Event::NoGain),
            metadata: self.metadata(pool.metadata_bytes),
        }
    }

    fn metadata(&self, pool_bytes: usize) -> Metadata {
        let stream_bytes = self.zcomp.metadata_bytes() + self.counters.metadata_bytes();
        Metadata {
            table_bytes: self.table.metadata_bytes() as u64,
            pool_bytes: pool_bytes as u64,
            stream_bytes: stream_bytes as u64,
        }
    }
}

#[cfg(test)]
mod tests;
