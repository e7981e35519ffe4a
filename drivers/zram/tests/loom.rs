//! All interleavings of two threads in the real engine, by loom. Run with
//! `RUSTFLAGS="--cfg loom" cargo test -p zram --test loom --release`.
//!
//! Bounds: two threads, one or two operations each, on one slot whose leaf exists. Explored are the
//! slot words, ages included, with weak memory, and the locks; statistics, the clock of the ages
//! and page accounts are not. The initial content was stored at one time; every load and store of a
//! model has another time, so that each load changes the word's age.
#![cfg(loom)]

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use kit::lock::LoomLock;
use loom::sync::Arc;
use loom::thread;
use zram::{Compressor, Config, HeapPages, PAGE_SIZE, PageBytes, Purpose, Worker, Zram};

/// Forced switches between the threads in one run, unless `LOOM_MAX_PREEMPTIONS` says otherwise.
/// Three take half a second and find each of the engine's checks missing (tried by taking them out
/// one by one); no bound at all takes two minutes and finds nothing more.
const PREEMPTIONS_MAX: usize = 3;

type Device = Zram<LoomLock, HeapPages>;

/// The slot that both threads work on. Slot 0 comes first in its class, and goes first.
const SLOT: u32 = 1;

/// The version of a page that needs 100 bytes more than the others.
const LARGE: u16 = 9999;

fn page_of(version: u16) -> PageBytes {
    let mut page = [0; PAGE_SIZE];
    page[..2].copy_from_slice(&version.to_le_bytes());
    if version == LARGE {
        (0..100).for_each(|at| page[2 + at] = at as u8);
    }
    page
}

fn version_in(page: &PageBytes) -> u16 {
    let version = u16::from_le_bytes([page[0], page[1]]);
    assert!(*page == page_of(version), "not a page of version {version}");
    version
}

/// Seconds at which the models run; what is there before was stored at 0.
const NOW: u32 = 128;

fn worker(cpu: usize) -> Worker {
    let mut worker = Worker::new(cpu).expect("memory");
    worker.set_now(NOW);
    worker
}

fn store(device: &Device, slot: u32, version: u16) {
    store_by(&mut worker(0), device, slot, version);
}

fn store_by(worker: &mut Worker, device: &Device, slot: u32, version: u16) {
    device.store(worker, slot, &page_of(version), Purpose::Swap).expect("memory");
}

fn load(device: &Device) -> u16 {
    let (mut worker, mut page) = (worker(0), [0xee; PAGE_SIZE]);
    device.load(&mut worker, SLOT, &mut page).expect("no damage");
    version_in(&page)
}

fn take(device: &Device) -> u16 {
    let (mut worker, mut page) = (worker(1), [0xee; PAGE_SIZE]);
    device.take(&mut worker, SLOT, &mut page).expect("no damage");
    version_in(&page)
}

fn compact(device: &Device) {
    device.compact(&mut Worker::new(1).expect("memory"));
}

/// Runs both threads on a device whose slots 0 and 1 hold version 1 and calls `check` with what
/// they returned; afterwards discards everything and checks that nothing was lost or kept.
fn explore<A: Send + 'static, B: Send + 'static>(
    first: impl Fn(&Device) -> A + Clone + Send + Sync + 'static,
    second: impl Fn(&Device) -> B + Clone + Send + Sync + 'static,
    check: impl Fn(&Device, A, B) + Send + Sync + 'static,
) {
    let mut model = loom::model::Builder::new();
    // Taking every class's lock in turn makes many steps, if not many interleavings.
    model.max_branches = 100_000;
    model.preemption_bound = model.preemption_bound.or(Some(PREEMPTIONS_MAX));
    model.check(move || {
        let config = Config {
            disksize_pages: 3,
            compressor: Compressor::DEFAULT,
            possible_cpus: 2,
            mem_limit_pages: 0,
        };
        let device = Arc::new(Device::new(config, HeapPages).expect("memory"));
        let mut earlier = Worker::new(0).expect("memory");
        store_by(&mut earlier, &device, 0, 1);
        store_by(&mut earlier, &device, SLOT, 1);
        let other = {
            let (device, second) = (Arc::clone(&device), second.clone());
            thread::spawn(move || second(&device))
        };
        let first = first(&device);
        let second = other.join().expect("no panic");
        check(&device, first, second);
        device.discard(&Worker::new(0).expect("memory"), 0, 3);
        compact(&device);
        let statistics = device.statistics();
        assert_eq!((statistics.orig_data_size, statistics.mem_used_total), (0, 0));
        assert_eq!(statistics.failed_reads, 0);
    });
}

#[test]
fn a_load_beside_a_store_sees_one_of_both() {
    explore(
        |device| store(device, SLOT, 2),
        load,
        |device, (), seen| {
            assert!([1, 2].contains(&seen));
            assert_eq!(load(device), 2);
        },
    );
}

#[test]
fn a_load_beside_a_reuse_of_the_place_sees_no_other_slot() {
    explore(
        |device| {
            device.discard(&Worker::new(0).expect("memory"), SLOT, 1);
            store(device, 2, 3);
        },
        load,
        |device, (), seen| {
            assert!([0, 1].contains(&seen));
            assert_eq!(load(device), 0);
        },
    );
}

#[test]
fn of_two_takes_one_gets_the_page() {
    explore(take, take, |device, one, other| {
        assert_eq!(BTreeSet::from([one, other]), BTreeSet::from([0, 1]));
        assert_eq!(load(device), 0);
    });
}

#[test]
fn a_take_beside_a_store_loses_no_version() {
    explore(
        |device| store(device, SLOT, 2),
        take,
        |device, (), taken| match taken {
            1 => assert_eq!(load(device), 2),
            2 => assert_eq!(load(device), 0),
            other => panic!("version {other} was taken"),
        },
    );
}

#[test]
fn a_take_beside_a_take_and_store_frees_only_what_it_returned() {
    explore(
        |device| {
            let taken = take(device);
            store(device, SLOT, 2);
            taken
        },
        take,
        |device, one, other| match (one, other) {
            (1, 0) | (0, 1) => assert_eq!(load(device), 2),
            (1, 2) => assert_eq!(load(device), 0),
            both => panic!("taken: {both:?}"),
        },
    );
}

#[test]
fn a_store_beside_a_growing_finds_every_slot_that_it_sees() {
    // A leaf has 16 slots under loom, so slot 16 needs an extension.
    explore(
        |device| device.grow(17).expect("memory"),
        |device| {
            let last = device.disksize_pages() - 1;
            store(device, last, 5);
            last
        },
        |device, (), slot| {
            assert!([2, 16].contains(&slot));
            assert_eq!(device.disksize_pages(), 17);
            device.discard(&Worker::new(0).expect("memory"), 3, 14);
        },
    );
}

#[test]
fn a_store_beside_a_cpu_that_goes_and_comes_has_a_stream() {
    // Unless the stream is gone or taken for good, the store ends: loom reports a deadlock.
    explore(
        |device| {
            device.cpu_up(0).expect("memory");
            device.cpu_down(0);
        },
        |device| store(device, SLOT, 2),
        |device, (), ()| {
            assert_eq!(load(device), 2);
            assert!(device.streams().all(|stream| stream.cpu.is_none() == stream.is_up));
        },
    );
}

#[test]
fn of_two_loads_both_see_the_page_and_its_age_is_theirs() {
    explore(load, load, |device, one, other| {
        assert_eq!((one, other), (1, 1));
        let mut used = Vec::new();
        device.visit_stored(0, |stored| {
            used.push((stored.slot, stored.last_access_seconds));
            ControlFlow::Continue(())
        });
        assert_eq!(used, [(0, Some(0)), (SLOT, Some(NOW))]);
    });
}

#[test]
fn a_take_beside_a_load_gets_the_page() {
    explore(take, load, |device, taken, seen| {
        assert_eq!(taken, 1);
        assert!([0, 1].contains(&seen));
        assert_eq!(load(device), 0);
    });
}

#[test]
fn of_two_stores_one_stays() {
    explore(
        |device| store(device, SLOT, 2),
        |device| store(device, SLOT, 3),
        |device, (), ()| assert!([2, 3].contains(&load(device))),
    );
}

#[test]
fn compaction_beside_a_load_a_store_or_a_take_loses_nothing() {
    let compact_with_a_gap = |device: &Device| {
        device.discard(&Worker::new(0).expect("memory"), 0, 1);
        compact(device);
    };
    explore(compact_with_a_gap, load, |device, (), seen| {
        assert_eq!(seen, 1);
        device.visit_stored(0, |stored| {
            let used = (stored.slot, stored.last_access_seconds);
            assert_eq!(used, (SLOT, Some(NOW)), "the age moves along");
            ControlFlow::Continue(())
        });
    });
    explore(
        compact_with_a_gap,
        |device| store(device, SLOT, 2),
        |device, (), ()| assert_eq!(load(device), 2),
    );
    explore(compact_with_a_gap, take, |device, (), taken| {
        assert_eq!((taken, load(device)), (1, 0));
    });
}

#[test]
fn a_move_to_a_larger_class_beside_a_load_a_store_or_a_take_loses_nothing() {
    let compact_with_room_above = |device: &Device| {
        store(device, 2, LARGE);
        compact(device);
    };
    explore(compact_with_room_above, load, |device, (), seen| {
        assert_eq!(seen, 1);
        let one_page = PAGE_SIZE as u64;
        assert_eq!(device.statistics().mem_used_total, one_page, "both moved to the large one's");
    });
    explore(
        compact_with_room_above,
        |device| store(device, SLOT, 2),
        |device, (), ()| assert_eq!(load(device), 2),
    );
    explore(compact_with_room_above, take, |device, (), taken| {
        assert_eq!((taken, load(device)), (1, 0));
    });
}
