//! What the listed states of slots say.

use core::ops::ControlFlow;
use std::vec::Vec;

use super::{HALF, NOISE, device};
use crate::test_support::{CountedPages, page_of};
use crate::{PAGE_SIZE, Purpose, StoredSlot};

#[test]
fn only_slots_that_hold_a_page_are_visited_with_what_they_hold() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100_000);
    for (now, slot, page) in [
        (64, 3, [b'A'; PAGE_SIZE]),
        (200, 70_000, page_of(HALF, 1)),
        (300, 99_999, page_of(NOISE, 2)),
    ] {
        worker.set_now(now);
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    let mut seen = Vec::new();
    device.visit_stored(0, |stored| {
        let StoredSlot { slot, last_access_seconds, .. } = stored;
        seen.push((slot, last_access_seconds, stored.is_same_filled, stored.is_incompressible));
        ControlFlow::Continue(())
    });
    assert_eq!(
        seen,
        [
            (3, Some(64), true, false),
            (70_000, Some(192), false, false),
            (99_999, Some(256), false, true),
        ]
    );
}

#[test]
fn a_visit_begins_where_it_is_told_and_ends_when_it_breaks() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4096);
    for slot in [1, 2, 3, 2000] {
        device.store(&mut worker, slot, &[1; PAGE_SIZE], Purpose::Write).expect("memory");
    }
    let mut seen = Vec::new();
    device.visit_stored(2, |stored| {
        seen.push(stored.slot);
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, [2, 3]);
}
