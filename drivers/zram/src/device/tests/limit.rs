//! The limit of the pool is exact, and refuses nothing but growth.

use super::*;

#[test]
fn the_limit_is_exact_for_every_limit() {
    for limit in 1..40 {
        let pages = CountedPages::default();
        let (device, mut worker) = device(&pages, 1000);
        device.set_mem_limit(limit);
        let store = |slot| {
            let page = page_of(1 + slot as usize * 97 % 3400, u64::from(slot));
            device.store(&mut worker, slot, &page, Purpose::Write)
        };
        let refused = (0..1000).map(store).find(Result::is_err);
        assert_eq!(refused, Some(Err(StoreError::Limit)));
        let statistics = device.statistics();
        assert_eq!(statistics.mem_used_total, limit * 4096, "used up to the last page");
        assert_eq!(statistics.mem_used_max, limit * 4096, "and never more");
        audit(&device, &pages);
    }
}

#[test]
fn a_limit_below_the_use_refuses_growth_only() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100);
    for slot in 0..11 {
        device.store(&mut worker, slot, &page_of(HALF, 1), Purpose::Write).expect("memory");
    }
    let used = used_pages(&device);
    device.set_mem_limit(1);
    assert!(loaded(&device, &mut worker, 3) == Ok(page_of(HALF, 1)));
    device.discard(&worker, 4, 1);
    let in_place = device.store(&mut worker, 50, &page_of(HALF, 2), Purpose::Write);
    let growing = device.store(&mut worker, 51, &page_of(NOISE, 2), Purpose::Write);
    assert_eq!((in_place, growing), (Ok(()), Err(StoreError::Limit)));
    assert_eq!(used_pages(&device), used);
}

#[test]
fn at_the_limit_the_spare_pages_of_every_cpu_are_used() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100);
    for slot in 0..4 {
        device.store(&mut worker, slot, &page_of(NOISE, 1), Purpose::Write).expect("memory");
    }
    device.discard(&worker, 0, 4);
    assert_eq!(used_pages(&device), 4, "four pages are kept");
    device.set_mem_limit(4);
    pages.refuse(u64::MAX);
    worker.set_cpu(1);
    for slot in 0..4 {
        let stored = device.store(&mut worker, slot, &page_of(NOISE, 2), Purpose::Write);
        assert_eq!(stored, Ok(()));
    }
    let refused = device.store(&mut worker, 4, &page_of(NOISE, 2), Purpose::Write);
    assert_eq!(refused, Err(StoreError::Limit));
    audit(&device, &pages);
}

#[test]
fn the_highest_use_can_be_reset() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100);
    for slot in 0..20 {
        device.store(&mut worker, slot, &page_of(NOISE, 1), Purpose::Write).expect("memory");
    }
    device.discard(&worker, 0, 10);
    device.compact(&mut worker);
    let statistics = device.statistics();
    assert_eq!((statistics.mem_used_total, statistics.mem_used_max), (10 * 4096, 20 * 4096));
    device.reset_mem_used_max();
    assert_eq!(device.statistics().mem_used_max, 10 * 4096);
}
