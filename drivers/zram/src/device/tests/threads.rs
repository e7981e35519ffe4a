//! Many threads on few slots: every reader sees a whole page that some thread stored there.

use std::sync::Mutex;
use std::thread;
use std::vec::Vec;

use super::{Device, audit, device};
use crate::device::Purpose;
use crate::test_support::{CountedPages, page_of};
use crate::{PAGE_SIZE, PageBytes, Worker};
use kit::Random;

/// Operations of each thread: about a second in all in an unoptimised build.
const OPERATIONS: u64 = 3000;
const SLOTS: u64 = 16;

/// A page that says in its first bytes which slot and version it is; the rest follows from these.
fn versioned_page(slot: u64, version: u64) -> PageBytes {
    let mut page = page_of(200 + (version % 3) as usize * 1500, slot << 32 | version);
    page[..8].copy_from_slice(&slot.to_le_bytes());
    page[8..16].copy_from_slice(&version.to_le_bytes());
    page
}

/// Returns the version in a page of `slot`, after checking every byte; nothing for zeros.
fn version_in(page: &PageBytes, slot: u64) -> Option<u64> {
    if *page == [0; PAGE_SIZE] {
        return None;
    }
    let version = u64::from_le_bytes(page[8..16].try_into().expect("eight bytes"));
    assert!(*page == versioned_page(slot, version), "slot {slot}: not a page of version {version}");
    Some(version)
}

/// One thread that does everything to every slot.
fn work(device: &Device<'_>, id: u64) {
    let mut worker = Worker::new(id as usize).expect("memory");
    let (mut random, mut page) = (Random::new(id + 1), [0; PAGE_SIZE]);
    for step in 0..OPERATIONS {
        let slot = random.below(SLOTS);
        match random.below(8) {
            0..3 => {
                let version = 1 + step * 8 + id;
                let page = versioned_page(slot, version);
                device.store(&mut worker, slot as u32, &page, Purpose::Write).expect("memory");
            }
            3..6 => {
                device.load(&mut worker, slot as u32, &mut page).expect("no damage");
                version_in(&page, slot);
            }
            6 => {
                device.take(&mut worker, slot as u32, &mut page).expect("no damage");
                version_in(&page, slot);
            }
            // Of up to five slots, so that ranges overlap, also behind the end.
            _ => device.discard(&worker, slot as u32, random.below(6) as u32),
        }
    }
}

#[test]
fn stores_loads_takes_discards_and_compactions_may_all_meet() {
    let pages = CountedPages::default();
    let (device, _) = device(&pages, SLOTS as u32);
    thread::scope(|scope| {
        for id in 0..3 {
            let device = &device;
            scope.spawn(move || work(device, id));
        }
        scope.spawn(|| {
            let mut worker = Worker::new(1).expect("memory");
            for _ in 0..300 {
                device.compact(&mut worker);
                device.cpu_up(1).expect("memory");
                device.cpu_down(0);
                device.cpu_up(0).expect("memory");
                device.cpu_down(1);
            }
        });
    });
    audit(&device, &pages);
    assert_eq!(device.statistics().failed_reads, 0);
}

#[test]
fn of_many_takers_exactly_one_gets_the_page() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 500);
    for slot in 0..500 {
        let page = versioned_page(slot, slot % 7);
        device.store(&mut worker, slot as u32, &page, Purpose::Swap).expect("memory");
    }
    let taken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for id in 0..3 {
            let (device, taken) = (&device, &taken);
            scope.spawn(move || {
                let mut worker = Worker::new(id).expect("memory");
                let mut page = [0; PAGE_SIZE];
                for slot in 0..500 {
                    device.take(&mut worker, slot as u32, &mut page).expect("no damage");
                    if version_in(&page, slot).is_some() {
                        taken.lock().expect("no panic").push(slot);
                    }
                }
            });
        }
    });
    let mut taken = taken.into_inner().expect("no panic");
    taken.sort_unstable();
    assert!(taken.into_iter().eq(0..500));
    audit(&device, &pages);
}

#[test]
fn a_take_frees_what_it_returned_and_nothing_newer() {
    // Versions of one size land in the same place again and again, so a taker that freed by place
    // alone would now and then lose a newer version: the last one would be missing at the end.
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 1);
    let versions = 1..=OPERATIONS * 3;
    let last = *versions.end();
    let taken = thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let mut worker = Worker::new(1).expect("memory");
            let (mut taken, mut page) = (Vec::new(), [0; PAGE_SIZE]);
            for _ in 0..OPERATIONS * 6 {
                device.take(&mut worker, 0, &mut page).expect("no damage");
                taken.extend(version_in(&page, 0));
            }
            taken
        });
        for version in versions {
            let page = versioned_page(0, version * 3);
            device.store(&mut worker, 0, &page, Purpose::Swap).expect("memory");
        }
        taker.join().expect("no panic")
    });
    assert!(taken.is_sorted_by(|one, next| one < next), "each version once, in order");
    let mut page = [0; PAGE_SIZE];
    device.take(&mut worker, 0, &mut page).expect("no damage");
    let left = version_in(&page, 0).or(taken.last().copied());
    assert_eq!(left, Some(last * 3), "the last version is taken or still there");
    audit(&device, &pages);
}

#[test]
fn the_limit_holds_at_every_moment_with_any_number_of_threads() {
    /// Pages: a third of what the threads want.
    const LIMIT: u64 = 12;
    let pages = CountedPages::default();
    let (device, _) = device(&pages, SLOTS as u32);
    device.set_mem_limit(LIMIT);
    thread::scope(|scope| {
        for id in 0..3 {
            let device = &device;
            scope.spawn(move || {
                let mut worker = Worker::new(id as usize).expect("memory");
                let mut random = Random::new(id + 9);
                for version in 0..OPERATIONS {
                    let slot = random.below(SLOTS);
                    let page = page_of(1 + random.below(4096) as usize, version);
                    // Refused or not: what matters is the highest use.
                    let _ = device.store(&mut worker, slot as u32, &page, Purpose::Write);
                }
            });
        }
    });
    assert!(device.statistics().mem_used_max <= LIMIT * 4096);
    audit(&device, &pages);
}
