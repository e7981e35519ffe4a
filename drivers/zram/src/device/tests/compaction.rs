//! Which memory compaction gives back, and what it does not change.

use super::*;

#[test]
fn compaction_packs_what_random_discards_left_and_changes_no_content() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 2000);
    let is_discarded = |slot: u32| slot.wrapping_mul(2_654_435_761) >> 29 & 3 != 0;
    let content = |slot: u32| page_of(100 + slot as usize * 7 % 400, u64::from(slot));
    for slot in 0..2000 {
        device.store(&mut worker, slot, &content(slot), Purpose::Write).expect("memory");
    }
    for slot in (0..2000).filter(|slot| is_discarded(*slot)) {
        device.discard(&worker, slot, 1);
    }
    let before = device.statistics();
    let released = device.compact(&mut worker);
    let after = device.statistics();
    assert_eq!(before.mem_used_total - after.mem_used_total, released * 4096);
    assert_eq!(after.pages_compacted, released);
    // At most one page per class is part-filled: sizes here are of 16 classes.
    assert!(after.mem_used_total < after.compr_data_size * 105 / 100 + 16 * 4096, "{after:?}");
    assert_eq!(device.compact(&mut worker), 0, "a second time there is nothing to gain");
    for slot in (0..2000).filter(|slot| !is_discarded(*slot)) {
        assert!(loaded(&device, &mut worker, slot) == Ok(content(slot)), "slot {slot}");
    }
    audit(&device, &pages);
}

#[test]
fn compaction_lifts_the_last_objects_of_a_class_to_free_places_of_larger_ones() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4);
    let content = |slot: u32| page_of(1000 + slot as usize * 60, u64::from(slot));
    for slot in 0..4 {
        device.store(&mut worker, slot, &content(slot), Purpose::Write).expect("memory");
    }
    assert_eq!(used_pages(&device), 4, "a class each");
    assert_eq!(device.compact(&mut worker), 2, "three fit on the page of the largest");
    for slot in 0..4 {
        assert!(loaded(&device, &mut worker, slot) == Ok(content(slot)), "slot {slot}");
    }
    audit(&device, &pages);
}

#[test]
fn compaction_gives_back_the_bookkeeping_of_what_has_gone() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 3000);
    let bookkeeping_after = |worker: &mut Worker, slots: u32| {
        for slot in 0..slots {
            device.store(worker, slot, &page_of(700, 1), Purpose::Write).expect("memory");
        }
        device.discard(worker, 1, slots);
        device.compact(worker);
        device.statistics().metadata.pool_bytes
    };
    let of_one = bookkeeping_after(&mut worker, 1);
    assert_eq!(bookkeeping_after(&mut worker, 3000), of_one);
    audit(&device, &pages);
}

#[test]
fn nothing_stored_means_no_page_in_use_after_compaction() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 500);
    for slot in 0..500 {
        let page = page_of(slot as usize * 8, 1);
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    device.discard(&worker, 0, 500);
    assert!(used_pages(&device) <= 4, "only spare pages are left");
    device.compact(&mut worker);
    assert_eq!((used_pages(&device), pages.committed()), (0, 0));
}

#[test]
fn a_page_that_was_used_is_still_moved_by_compaction_and_keeps_its_time() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 100);
    worker.set_now(640);
    for slot in 0..100 {
        device
            .store(&mut worker, slot, &page_of(HALF, u64::from(slot)), Purpose::Write)
            .expect("memory");
    }
    worker.set_now(1280);
    let page = loaded(&device, &mut worker, 99).expect("stored");
    device.discard(&worker, 0, 90);
    assert!(device.compact(&mut worker) > 0);
    assert_eq!(last_access(&device, 99), Some(1280));
    assert_eq!(last_access(&device, 98), Some(640));
    assert!(loaded(&device, &mut worker, 99) == Ok(page));
}
