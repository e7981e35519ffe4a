//! The whole path through `drivers/zram`: check, compress, place, slot, checksum, and back.
//!
//! Every slot holds a page before the first round, so that a store also frees the old object, as on
//! a swap device in use. From round to round the pages move on by some slots, so that objects
//! change their size class, as in real use. Slots are visited in their order, or in a scattered one
//! ([`Order`]), in which the load before has not brought the next object into the cache.

use std::hint::black_box;

use host_core::order::Shuffled;
use zram::{Compressor, Config, PAGE_SIZE, PageBytes, Purpose, Worker, Zram};

use crate::clock::Spent;
use crate::memory::{Memory, Store};
use crate::pages::RegionPages;
use crate::threads;

type Device = Zram<parking_lot::RawMutex, RegionPages>;

/// By how many slots the pages move on in every round; odd and no round number.
pub(crate) const SHIFT: usize = 1_237;

/// In which order the slots of a device are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// From the first to the last.
    Slots,
    /// Each once, as at random; the same in every run.
    Random,
}

impl Order {
    /// Returns all numbers below `count` in this order.
    fn slots(self, count: u32) -> Vec<u32> {
        match self {
            Self::Slots => (0..count).collect(),
            Self::Random => Shuffled::new(u64::from(count), SEED).map(|slot| slot as u32).collect(),
        }
    }
}

/// Chooses the random order.
const SEED: u64 = 1;

/// A device with all pages in it, for time.
pub(crate) struct Engine<'a> {
    device: Device,
    pages: &'a [PageBytes],
    order: Vec<u32>,
    round: usize,
}

impl<'a> Engine<'a> {
    /// Returns a device of as many slots as there are pages, filled, whose slots are gone through in
    /// `order`.
    pub(crate) fn new(
        compressor: Compressor,
        pages: &'a [PageBytes],
        cpus: &[usize],
        order: Order,
    ) -> Self {
        let possible_cpus = cpus.iter().max().map_or(1, |last| last + 1);
        let device = empty(compressor, pages.len(), possible_cpus);
        cpus.iter().for_each(|cpu| device.cpu_up(*cpu).expect("the host has memory"));
        let order = order.slots(slot_count(pages.len()));
        let mut engine = Self { device, pages, order, round: 0 };
        engine.store(&cpus[..1]);
        engine
    }

    /// Stores every page, in as many threads as there are CPUs; returns the time.
    pub(crate) fn store(&mut self, cpus: &[usize]) -> Spent {
        self.round += 1;
        self.on_all(cpus, |engine, worker, slots| {
            for &slot in slots {
                let page = engine.page_of(slot);
                engine.device.store(worker, slot, page, Purpose::Write).expect("memory");
            }
        })
    }

    /// Loads every slot, in as many threads as there are CPUs; returns the time.
    pub(crate) fn load(&self, cpus: &[usize]) -> Spent {
        self.on_all(cpus, |engine, worker, slots| {
            let mut page = [0; PAGE_SIZE];
            for &slot in slots {
                engine.device.load(worker, slot, &mut page).expect("a sound page");
                black_box(&page);
            }
        })
    }

    /// Returns how many pages it has.
    pub(crate) fn pages_count(&self) -> usize {
        self.pages.len()
    }

    /// Says whether every slot gives its page back.
    pub(crate) fn is_right(&self) -> bool {
        let mut worker = Worker::new(0).expect("the host has memory");
        let mut page = [0; PAGE_SIZE];
        self.order.iter().all(|&slot| {
            self.device.load(&mut worker, slot, &mut page).is_ok() && page == *self.page_of(slot)
        })
    }

    fn page_of(&self, slot: u32) -> &PageBytes {
        &self.pages[(slot as usize + self.round * SHIFT) % self.pages.len()]
    }

    /// Divides the slots among the CPUs and runs `work` for each part.
    fn on_all(&self, cpus: &[usize], work: impl Fn(&Self, &mut Worker, &[u32]) + Sync) -> Spent {
        let share = self.order.len().div_ceil(cpus.len());
        let prepare = |index: usize, cpu: usize| {
            let slots = self.order.chunks(share).nth(index).unwrap_or_default();
            (Worker::new(cpu).expect("the host has memory"), slots)
        };
        threads::on_all(cpus, prepare, |(mut worker, slots)| work(self, &mut worker, slots))
    }
}

fn slot_count(pages: usize) -> u32 {
    u32::try_from(pages).expect("a corpus is smaller than 16 TiB")
}

fn empty(compressor: Compressor, slots: usize, possible_cpus: usize) -> Device {
    let config =
        Config { disksize_pages: slot_count(slots), compressor, possible_cpus, mem_limit_pages: 0 };
    Zram::new(config, RegionPages).expect("the host has memory")
}

/// An empty device, for memory.
pub(crate) struct EngineMemory {
    device: Device,
    worker: Worker,
}

impl EngineMemory {
    /// Returns a device of `slots` slots.
    pub(crate) fn new(compressor: Compressor, slots: usize) -> Self {
        let worker = Worker::new(0).expect("the host has memory");
        let device = empty(compressor, slots, 1);
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

#[cfg(test)]
mod tests {
    use super::{Engine, Order};
    use zram::Compressor;

    /// Returns pages that all differ and compress.
    fn pages(count: u32) -> Vec<[u8; 4096]> {
        let page = |number: u32| {
            let mut page = [0; 4096];
            page[..4].copy_from_slice(&number.to_le_bytes());
            page[4] = 1;
            page
        };
        (0..count).map(page).collect()
    }

    #[test]
    fn a_random_order_has_every_slot_once_and_is_no_order() {
        let mut slots = Order::Random.slots(1000);
        assert!(!slots.is_sorted());
        slots.sort_unstable();
        assert_eq!(slots, Order::Slots.slots(1000));
    }

    #[test]
    fn every_page_comes_back_in_either_order() {
        let pages = pages(100);
        for order in [Order::Slots, Order::Random] {
            let mut engine = Engine::new(Compressor::DEFAULT, &pages, &[0, 1], order);
            engine.store(&[0]);
            assert!(engine.is_right(), "{order:?}");
        }
    }

    #[test]
    fn a_device_whose_pages_changed_places_is_not_right() {
        let pages = pages(100);
        let mut engine = Engine::new(Compressor::DEFAULT, &pages, &[0], Order::Slots);
        engine.round += 1;
        assert!(!engine.is_right());
    }
}
