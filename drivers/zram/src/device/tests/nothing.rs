//! Numbers that people divide by each other, where one of them is zero.

use super::{NOISE, audit, device};
use crate::test_support::{CountedPages, page_of};
use crate::{PAGE_SIZE, Purpose, Statistics};

const PAGES: u32 = 64;

/// Stores pages of `noise` random bytes each in an empty device; returns its statistics.
fn statistics_of(noise: usize) -> Statistics {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, PAGES);
    for slot in 0..PAGES {
        let page = page_of(noise, u64::from(slot) + 1);
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    audit(&device, &pages);
    device.statistics()
}

#[test]
fn a_fresh_device_has_nothing_of_all() {
    let pages = CountedPages::default();
    let statistics = device(&pages, PAGES).0.statistics();
    let Statistics { orig_data_size, compr_data_size, mem_used_total, .. } = statistics;
    assert_eq!([orig_data_size, compr_data_size, mem_used_total], [0; 3]);
}

#[test]
fn same_filled_pages_alone_take_no_byte_of_the_pool() {
    let statistics = statistics_of(0);
    assert_eq!(statistics.orig_data_size, u64::from(PAGES) * PAGE_SIZE as u64);
    assert_eq!((statistics.compr_data_size, statistics.mem_used_total), (0, 0));
}

#[test]
fn incompressible_pages_alone_take_their_size_and_no_less() {
    let statistics = statistics_of(NOISE);
    assert_eq!(statistics.compr_data_size, statistics.orig_data_size);
    assert!(statistics.mem_used_total >= statistics.orig_data_size);
}
