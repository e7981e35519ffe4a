//! The engine when an allocation fails: no operation half done, nothing leaked, and no allocation
//! at all on the path that must still read pages.
//!
//! The allocator of this program fails on demand. Its counts are per thread, as each test runs on
//! its own.

use kit::allocator::{FailingAllocator, held};
use zram::{Compressor, Config, HeapPages, NoMemory, PAGE_SIZE, Purpose, StoreError, Worker, Zram};

#[global_allocator]
static ALLOCATOR: FailingAllocator = FailingAllocator;

type Device = Zram<spin::Mutex<()>, HeapPages>;

const CONFIG: Config = Config {
    disksize_pages: 5000,
    compressor: Compressor::DEFAULT,
    possible_cpus: 3,
    mem_limit_pages: 0,
};

/// Runs `act` with only `allowed` allocations.
fn with_allocations<T>(allowed: usize, act: impl FnOnce() -> T) -> T {
    kit::allocator::with_allocations(allowed, act).0
}

fn page(seed: u8) -> [u8; PAGE_SIZE] {
    std::array::from_fn(|at| (at % 191) as u8 ^ seed.wrapping_mul((at / 64) as u8))
}

#[test]
fn creation_fails_at_every_allocation_with_nothing_left_behind() {
    let before = held();
    let mut allowed = 0;
    while let Err(NoMemory) = with_allocations(allowed, || Device::new(CONFIG, HeapPages).map(drop))
    {
        assert_eq!(held(), before, "after {allowed} allocations");
        allowed += 1;
        assert!(allowed < 100, "creation never succeeds");
    }
    assert!(allowed >= 5, "table, streams, pool, spares and counters are allocated");
    assert_eq!(held(), before, "a device that is dropped leaves nothing");
}

#[test]
fn a_cpu_that_gets_no_stream_changes_nothing() {
    let device = Device::new(CONFIG, HeapPages).expect("memory");
    let before = held();
    assert_eq!(with_allocations(0, || device.cpu_up(1)), Err(NoMemory));
    assert_eq!(held(), before);
    device.cpu_up(1).expect("memory");
    device.cpu_down(1);
    assert_eq!(held(), before);
}

#[test]
fn growing_fails_at_every_allocation_and_leaves_the_size() {
    let mut device = Device::new(CONFIG, HeapPages).expect("memory");
    let before = held();
    let mut allowed = 0;
    while let Err(NoMemory) = with_allocations(allowed, || device.grow(1_000_000)) {
        assert_eq!((device.disksize_pages(), held()), (5000, before));
        allowed += 1;
        assert!(allowed < 100, "growing never succeeds");
    }
    assert!(allowed >= 16, "each of eight extensions is a vector in a box");
    assert_eq!(device.disksize_pages(), 1_000_000);
    assert_eq!(with_allocations(0, || device.shrink(5000)), Ok(()));
    assert_eq!((device.disksize_pages(), held()), (5000, before));
}

#[test]
fn a_store_fails_at_every_allocation_and_leaves_the_old_content() {
    let mut worker = Worker::new(0).expect("memory");
    let mut refusals = 0;
    for slot in 0..200_u32 {
        let device = Device::new(CONFIG, HeapPages).expect("memory");
        device.store(&mut worker, 7, &[1; PAGE_SIZE], Purpose::Write).expect("memory");
        let slot = if slot % 2 == 0 { 7 } else { 4000 };
        for allowed in 0.. {
            let stored = with_allocations(allowed, || {
                device.store(&mut worker, slot, &page(9), Purpose::Write)
            });
            let mut now = [0xee; PAGE_SIZE];
            device.load(&mut worker, slot, &mut now).expect("no damage");
            if stored == Ok(()) {
                assert!(now == page(9));
                break;
            }
            assert_eq!(stored, Err(StoreError::NoReserve));
            assert!(now == if slot == 7 { [1; PAGE_SIZE] } else { [0; PAGE_SIZE] });
            refusals += 1;
        }
    }
    assert!(refusals >= 200, "a page and its bookkeeping are allocated");
}

#[test]
fn load_take_discard_and_compact_need_no_memory() {
    let device = Device::new(CONFIG, HeapPages).expect("memory");
    let mut worker = Worker::new(0).expect("memory");
    for slot in 0..200 {
        device.store(&mut worker, slot, &page(slot as u8), Purpose::Write).expect("memory");
    }
    with_allocations(0, || {
        let mut now = [0; PAGE_SIZE];
        for slot in 0..50 {
            device.load(&mut worker, slot, &mut now).expect("no damage");
            assert!(now == page(slot as u8));
        }
        for slot in 20..70 {
            device.take(&mut worker, slot, &mut now).expect("no damage");
            assert!(now == page(slot as u8));
        }
        device.compact(&mut worker);
        device.load(&mut worker, 199, &mut now).expect("no damage");
        assert!(now == page(199));
        device.discard(&worker, 0, 200);
    });
    assert_eq!(device.statistics().orig_data_size, 0);
}

/// Pages of three runs of incompressible pages, 64 a run.
const THREE_RUNS: u32 = 192;

#[test]
fn runs_that_compaction_could_not_give_back_are_used_again() {
    let device = Device::new(CONFIG, HeapPages).expect("memory");
    let mut worker = Worker::new(0).expect("memory");
    let mut live_bytes = Vec::new();
    for _ in 0..20 {
        for slot in 0..THREE_RUNS {
            let page = kit::pages::noise(u64::from(slot) + 1);
            device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
        }
        live_bytes.push(held() - (live_bytes.capacity() * size_of::<isize>()) as isize);
        device.discard(&worker, 1, THREE_RUNS - 1);
        with_allocations(0, || device.compact(&mut worker));
    }
    assert_eq!(live_bytes.first(), live_bytes.last(), "{live_bytes:?}");
}
