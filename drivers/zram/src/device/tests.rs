//! A device keeps its promises: contents, limits, statistics, memory given back.

mod compaction;
mod damage;
mod limit;
mod model;
mod nothing;
mod resize;
mod states;
mod threads;

use core::ops::ControlFlow;
use std::collections::BTreeMap;
use std::vec::Vec;

use super::{Config, Purpose, Zram};
use crate::pool::audit::Object;
use crate::slots::{Fill, SlotState};
use crate::test_support::{CountedPages, TestLock, page_of};
use crate::{Compressor, LoadError, PAGE_SIZE, PageBytes, StoreError, Worker};

type Device<'a> = Zram<TestLock, &'a CountedPages>;

/// Compresses to about half a page.
const HALF: usize = 2000;
/// Does not compress.
const NOISE: usize = PAGE_SIZE;
const CPUS: usize = 2;
const COMPRESSOR: Compressor = Compressor::DEFAULT;

fn device(pages: &CountedPages, slots: u32) -> (Device<'_>, Worker) {
    device_of(pages, slots, COMPRESSOR)
}

fn device_of(pages: &CountedPages, slots: u32, compressor: Compressor) -> (Device<'_>, Worker) {
    let config =
        Config { disksize_pages: slots, compressor, possible_cpus: CPUS, mem_limit_pages: 0 };
    let device = Zram::new(config, pages).expect("memory");
    device.cpu_up(0).expect("memory");
    (device, Worker::new(0).expect("memory"))
}

/// Recounts everything from the slot table and the pool, and compares it with the statistics.
fn audit(device: &Device<'_>, pages: &CountedPages) {
    let (mut same, mut bytes, mut huge) = (0, 0, 0);
    let mut referred = Vec::new();
    device.table.for_each(0, u32::MAX, |slot, entry| {
        match entry.load().decode().expect("a legal word") {
            SlotState::Free => {}
            SlotState::SameFilled(_) => same += 1,
            SlotState::Stored(object) => {
                bytes += object.size.bytes() as u64;
                huge += u64::from(object.size.is_incompressible());
                referred.push(Object { slot, handle: object.handle.bits() });
            }
        }
    });
    let found = device.pool.audit();
    assert_eq!(found.objects, referred, "objects and the slots they belong to");
    let statistics = device.statistics();
    assert_eq!(statistics.same_pages, same);
    assert_eq!(statistics.huge_pages, huge);
    assert_eq!(statistics.compr_data_size, bytes);
    assert_eq!(statistics.orig_data_size, (same + referred.len() as u64) * PAGE_SIZE as u64);
    assert_eq!(statistics.mem_used_total, found.pages * PAGE_SIZE as u64);
    assert!(statistics.mem_used_max >= statistics.mem_used_total);
    assert_eq!(pages.committed(), found.pages as i64);
}

fn loaded(device: &Device<'_>, worker: &mut Worker, slot: u32) -> Result<PageBytes, LoadError> {
    let mut page = [0xee; PAGE_SIZE];
    device.load(worker, slot, &mut page).map(|()| page)
}

fn used_pages(device: &Device<'_>) -> u64 {
    device.statistics().mem_used_total / PAGE_SIZE as u64
}

#[test]
fn what_was_stored_is_loaded() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100);
    for slot in 0..100 {
        let page = page_of(slot as usize * 41, u64::from(slot));
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    for slot in 0..100 {
        let page = page_of(slot as usize * 41, u64::from(slot));
        assert!(loaded(&device, &mut worker, slot) == Ok(page), "slot {slot}");
    }
    audit(&device, &pages);
}

#[test]
fn a_slot_never_written_reads_as_zeros() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 2000);
    device.store(&mut worker, 0, &page_of(HALF, 1), Purpose::Write).expect("memory");
    // Slot 1 has a leaf, slot 1999 has none.
    for slot in [1, 1999] {
        assert!(loaded(&device, &mut worker, slot) == Ok([0; PAGE_SIZE]));
    }
}

#[test]
fn a_row_of_loads_reads_the_same_as_scattered_ones() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 8);
    let same_filled = [7; PAGE_SIZE];
    // Slot 4 stays free; behind slot 7 the device ends.
    for (slot, page) in [
        (0, page_of(HALF, 1)),
        (1, page_of(NOISE, 2)),
        (2, same_filled),
        (3, page_of(200, 3)),
        (5, page_of(HALF, 4)),
        (6, page_of(HALF, 5)),
        (7, page_of(NOISE, 6)),
    ] {
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    let scattered = [7, 5, 3, 1, 6, 4, 2, 0].map(|slot| (slot, loaded(&device, &mut worker, slot)));
    let in_row = [0, 1, 2, 3, 4, 5, 6, 7].map(|slot| (slot, loaded(&device, &mut worker, slot)));
    let expected = BTreeMap::from(scattered);
    assert!(BTreeMap::from(in_row) == expected);
    assert!(expected.values().all(Result::is_ok));
}

#[test]
fn a_slot_past_the_end_is_refused() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    let (mut page, before) = (page_of(HALF, 1), device.statistics());
    let stored = device.store(&mut worker, 10, &page, Purpose::Write);
    assert_eq!(stored, Err(StoreError::OutOfRange));
    assert_eq!(device.load(&mut worker, 10, &mut page), Err(LoadError::OutOfRange));
    assert_eq!(device.take(&mut worker, u32::MAX, &mut page), Err(LoadError::OutOfRange));
    device.discard(&worker, 10, u32::MAX);
    assert_eq!(device.statistics(), before);
}

#[test]
fn a_take_gives_the_page_once_and_its_memory_back() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    for (slot, noise) in [(0, 0), (1, HALF), (2, NOISE)] {
        let page = page_of(noise, 7);
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
        let mut taken = [0; PAGE_SIZE];
        assert_eq!(device.take(&mut worker, slot, &mut taken), Ok(()));
        assert!(taken == page);
        assert_eq!(device.take(&mut worker, slot, &mut taken), Ok(()));
        assert!(taken == [0; PAGE_SIZE]);
        audit(&device, &pages);
    }
    assert_eq!(device.statistics().orig_data_size, 0);
}

#[test]
fn same_filled_pages_need_no_pool() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    for (slot, word) in
        [0, u64::MAX, 0x3ff0_0000_0000_0000, 0xdead_beef_cafe_babe].iter().enumerate()
    {
        let page = page_of(0, *word);
        device.store(&mut worker, slot as u32, &page, Purpose::Swap).expect("a leaf");
        assert!(loaded(&device, &mut worker, slot as u32) == Ok(page));
    }
    let statistics = device.statistics();
    assert_eq!((statistics.same_pages, statistics.mem_used_max), (4, 0));
    assert_eq!(statistics.orig_data_size, 4 * 4096);
}

#[test]
fn an_unusual_fill_that_does_not_fit_is_compressed() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 1);
    let word = 0x9234_5678_9abc_def1;
    assert_eq!(Fill::new(word), None);
    device.store(&mut worker, 0, &page_of(0, word), Purpose::Swap).expect("memory");
    assert!(loaded(&device, &mut worker, 0) == Ok(page_of(0, word)));
    let statistics = device.statistics();
    assert_eq!(statistics.same_pages, 0);
    assert!(statistics.compr_data_size < 64, "{}", statistics.compr_data_size);
}

#[test]
fn a_written_incompressible_page_is_stored_whole() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4);
    let page = page_of(NOISE, 3);
    device.store(&mut worker, 0, &page, Purpose::Write).expect("memory");
    let statistics = device.statistics();
    assert_eq!((statistics.huge_pages, statistics.huge_pages_since), (1, 1));
    assert_eq!((statistics.compr_data_size, statistics.mem_used_total), (4096, 4096));
    device.discard(&worker, 0, 1);
    let statistics = device.statistics();
    assert_eq!((statistics.huge_pages, statistics.huge_pages_since), (0, 1));
}

#[test]
fn a_page_without_gain_is_refused_for_swap_and_the_slot_keeps_its_content() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4);
    device.store(&mut worker, 0, &page_of(HALF, 1), Purpose::Swap).expect("memory");
    let refused = device.store(&mut worker, 0, &page_of(NOISE, 3), Purpose::Swap);
    assert_eq!(refused, Err(StoreError::NoGain));
    assert!(loaded(&device, &mut worker, 0) == Ok(page_of(HALF, 1)));
    let statistics = device.statistics();
    assert_eq!((statistics.no_gain, statistics.failed_writes), (1, 0));
    audit(&device, &pages);
}

#[test]
fn a_store_without_memory_leaves_the_old_content() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4);
    for old in [0, HALF, NOISE] {
        device.store(&mut worker, 0, &page_of(old, 1), Purpose::Write).expect("memory");
        device.compact(&mut worker);
        pages.refuse(u64::MAX);
        let refused = device.store(&mut worker, 0, &page_of(3000, 2), Purpose::Write);
        pages.refuse(0);
        assert_eq!(refused, Err(StoreError::NoReserve));
        assert!(loaded(&device, &mut worker, 0) == Ok(page_of(old, 1)));
        audit(&device, &pages);
    }
    assert_eq!(device.statistics().failed_writes, 3);
}

#[test]
fn discarded_pages_are_counted_and_read_as_zeros() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 5000);
    for slot in [10, 11, 3000] {
        device.store(&mut worker, slot, &page_of(HALF, 1), Purpose::Write).expect("memory");
    }
    device.discard(&worker, 11, u32::MAX);
    assert_eq!(device.statistics().notify_free, 5000 - 11);
    assert!(loaded(&device, &mut worker, 10) == Ok(page_of(HALF, 1)));
    for slot in [11, 3000] {
        assert!(loaded(&device, &mut worker, slot) == Ok([0; PAGE_SIZE]));
    }
    audit(&device, &pages);
}

#[test]
fn a_dropped_device_gives_every_page_back() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 500);
    for slot in 0..500 {
        let page = page_of(slot as usize * 8, 1);
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    device.discard(&worker, 0, 100);
    assert!(pages.committed() > 0);
    drop(device);
    assert_eq!(pages.committed(), 0);
}

#[test]
fn a_cpu_that_goes_down_gives_its_stream_and_pages_back() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    device.store(&mut worker, 0, &page_of(NOISE, 1), Purpose::Write).expect("memory");
    device.discard(&worker, 0, 1);
    let before = device.statistics().metadata.stream_bytes;
    device.cpu_down(0);
    assert!(device.statistics().metadata.stream_bytes < before);
    assert_eq!(pages.committed(), 0);
    device.store(&mut worker, 0, &page_of(HALF, 1), Purpose::Swap).expect("the fallback stream");
    let by_cpu: Vec<_> = device.streams().map(|line| (line.cpu, line.pages_compressed)).collect();
    assert_eq!(by_cpu, [(Some(0), 1), (Some(1), 0), (None, 1)]);
}

fn last_access(device: &Device<'_>, slot: u32) -> Option<u32> {
    let mut seen = None;
    device.visit_stored(slot, |stored| {
        seen = stored.last_access_seconds.filter(|_| stored.slot == slot);
        ControlFlow::Break(())
    });
    seen
}

#[test]
fn every_access_to_a_page_leaves_its_time() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    let used = |slot| last_access(&device, slot);
    worker.set_now(200);
    device.store(&mut worker, 1, &page_of(HALF, 1), Purpose::Write).expect("memory");
    device.store(&mut worker, 2, &[7; PAGE_SIZE], Purpose::Write).expect("memory");
    assert_eq!((used(1), used(2)), (Some(192), Some(192)));
    worker.set_now(400);
    for slot in 1..4 {
        loaded(&device, &mut worker, slot).expect("stored, or zeros");
    }
    assert_eq!((used(1), used(2), used(3)), (Some(384), Some(384), None));
}

#[test]
fn a_load_within_the_unit_of_the_last_access_writes_nothing() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 10);
    worker.set_now(64);
    device.store(&mut worker, 1, &page_of(HALF, 1), Purpose::Write).expect("memory");
    let word = || device.table.get(1).map(|entry| entry.load());
    let before = word();
    worker.set_now(127);
    loaded(&device, &mut worker, 1).expect("stored");
    assert_eq!(word(), before);
    worker.set_now(128);
    loaded(&device, &mut worker, 1).expect("stored");
    assert_ne!(word(), before);
}

#[test]
fn metadata_is_a_small_part_of_what_is_stored() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 16 << 10);
    for slot in 0..16 << 10 {
        let page = page_of(300 + slot as usize * 31 % 2600, u64::from(slot));
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    let statistics = device.statistics();
    let metadata = statistics.metadata.table_bytes + statistics.metadata.pool_bytes;
    let per_mille = metadata * 1000 / statistics.orig_data_size;
    std::println!(
        "64 MiB stored: {metadata} bytes of metadata ({:.3} %), {} of streams; \
         pool {:.4} of compressed bytes",
        metadata as f64 * 100.0 / statistics.orig_data_size as f64,
        statistics.metadata.stream_bytes,
        statistics.mem_used_total as f64 / statistics.compr_data_size as f64,
    );
    assert!(per_mille <= 7, "{per_mille} per mille: {statistics:?}");
}

/// A plain map that does what a device should do.
type Model = BTreeMap<u32, PageBytes>;
