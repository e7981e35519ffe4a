//! The whole path through `drivers/zram`: check, compress, place, slot, checksum, and back.
//!
//! Every slot holds a page before the first round, so that a store also frees what was there, as a
//! swap device in use does. From round to round the pages move on by some slots: objects change their
//! size class, as they do in life.

use std::hint::black_box;
use std::ops::Range;

use zram::{Algorithm, Compressor, Config, PAGE_SIZE, PageBytes, Purpose, Worker, Zram};

use crate::clock::Spent;
use crate::memory::{Memory, Store};
use crate::pages::RegionPages;
use crate::threads;

type Device = Zram<parking_lot::RawMutex, RegionPages>;

/// By how many slots the pages move on in every round; odd and no round number.
pub(crate) const SHIFT: usize = 1_237;

/// A device with all pages in it, for time.
pub(crate) struct Engine<'a> {
    device: Device,
    pages: &'a [PageBytes],
    round: usize,
}

impl<'a> Engine<'a> {
    /// Returns a device of as many slots as there are pages, filled.
    pub(crate) fn new(algorithm: Algorithm, pages: &'a [PageBytes], cpus: &[usize]) -> Self {
        let possible_cpus = cpus.iter().max().map_or(1, |last| last + 1);
        let device = empty(algorithm, pages.len(), possible_cpus);
        cpus.iter().for_each(|cpu| device.cpu_up(*cpu).expect("the host has memory"));
        let mut engine = Self { device, pages, round: 0 };
        engine.store(&cpus[..1]);
        engine
    }

    /// Stores every page, in as many threads as there are CPUs; returns the time.
    pub(crate) fn store(&mut self, cpus: &[usize]) -> Spent {
        self.round += 1;
        self.on_all(cpus, |engine, worker, slots| {
            for slot in slots {
                let page = engine.page_of(slot);
                engine.device.store(worker, slot as u32, page, Purpose::Write).expect("memory");
            }
        })
    }

    /// Loads every slot, in as many threads as there are CPUs; returns the time.
    pub(crate) fn load(&self, cpus: &[usize]) -> Spent {
        self.on_all(cpus, |engine, worker, slots| {
            let mut page = [0; PAGE_SIZE];
            for slot in slots {
                engine.device.load(worker, slot as u32, &mut page).expect("a sound page");
                black_box(&page);
            }
        })
    }

    /// Says whether every slot gives its page back.
    pub(crate) fn is_right(&self) -> bool {
        let mut worker = Worker::new(0).expect("the host has memory");
        let mut page = [0; PAGE_SIZE];
        (0..self.pages.len()).all(|slot| {
            self.device.load(&mut worker, slot as u32, &mut page).is_ok()
                && page == *self.page_of(slot)
        })
    }

    fn page_of(&self, slot: usize) -> &PageBytes {
        &self.pages[(slot + self.round * SHIFT) % self.pages.len()]
    }

    /// Divides the slots among the CPUs and runs `work` for each part.
    fn on_all(
        &self,
        cpus: &[usize],
        work: impl Fn(&Self, &mut Worker, Range<usize>) + Sync,
    ) -> Spent {
        let share = self.pages.len().div_ceil(cpus.len());
        let prepare = |index: usize, cpu: usize| {
            let end = self.pages.len().min((index + 1) * share);
            (Worker::new(cpu).expect("the host has memory"), index * share..end)
        };
        threads::on_all(cpus, prepare, |(mut worker, slots)| work(self, &mut worker, slots))
    }
}

fn empty(algorithm: Algorithm, slots: usize, possible_cpus: usize) -> Device {
    let config = Config {
        disksize_pages: u32::try_from(slots).expect("a corpus is smaller than 16 TiB"),
        compressor: Compressor::of(algorithm),
        possible_cpus,
        mem_limit_pages: 0,
    };
    Zram::new(config, RegionPages).expect("the host has memory")
}

/// An empty device, for memory.
pub(crate) struct EngineMemory {
    device: Device,
    worker: Worker,
}

impl EngineMemory {
    /// Returns a device of `slots` slots.
    pub(crate) fn new(algorithm: Algorithm, slots: usize) -> Self {
        let worker = Worker::new(0).expect("the host has memory");
        let device = empty(algorithm, slots, 1);
        device.cpu_up(0).expect("the host has memory");
        Self { device, worker }
    }
}

impl Store for EngineMemory {
    fn store(&mut self, slot: usize, page: &PageBytes) -> Result<(), String> {
        let stored = self.device.store(&mut self.worker, slot as u32, page, Purpose::Write);
        stored.map_err(|error| format!("slot {slot}: {error:?}"))
    }

    fn compact(&mut self) -> Result<(), String> {
        self.device.compact(&mut self.worker);
        Ok(())
    }

    fn memory(&self) -> Result<Memory, String> {
        let statistics = self.device.statistics();
        let metadata = statistics.metadata;
        Ok(Memory {
            original: statistics.orig_data_size,
            objects: statistics.compr_data_size,
            pool: statistics.mem_used_total,
            tables: metadata.table_bytes + metadata.pool_bytes + metadata.stream_bytes,
        })
    }
}
