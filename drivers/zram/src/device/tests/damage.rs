//! Damaged memory gives an error and zeros, whichever part was changed.

use super::{Device, audit, device, device_of, loaded};
use crate::device::Purpose;
use crate::home::Home;
use crate::pool::Handle;
use crate::pool::audit::Damage;
use crate::slots::{Age, ObjectSize, Priority, SlotState, StoredObject};
use crate::test_support::{CountedPages, page_of};
use crate::{LoadError, PAGE_SIZE, Worker};
use kit::Random;

/// A small object, one that lies on two pages (places of this class are 1.3 to a page), a whole
/// one.
const NOISES: [usize; 3] = [40, 3000, PAGE_SIZE];

fn object_in(device: &Device<'_>, slot: u32) -> StoredObject {
    let word = device.table.get(slot).map(|entry| entry.load().decode());
    let Some(Ok(SlotState::Stored(object))) = word else { panic!("slot {slot}: {word:?}") };
    object
}

/// Loads and takes fail with zeros; after the damage is undone the page is there again.
fn assert_noticed(device: &Device<'_>, worker: &mut Worker, slot: u32, damage: Damage) {
    let page = loaded(device, worker, slot).expect("not damaged yet");
    let (handle, failed) = (object_in(device, slot).handle, device.statistics().failed_reads);
    device.pool.damage(handle, damage);
    let mut seen = [0xee; PAGE_SIZE];
    assert_eq!(device.load(worker, slot, &mut seen), Err(LoadError::Damaged), "{damage:?}");
    assert!(seen == [0; PAGE_SIZE], "{damage:?}");
    assert_eq!(device.take(worker, slot, &mut seen), Err(LoadError::Damaged), "{damage:?}");
    assert_eq!(device.statistics().failed_reads, failed + 2);
    device.pool.damage(handle, damage);
    assert!(loaded(device, worker, slot) == Ok(page), "{damage:?}: the slot stays");
}

#[test]
fn every_byte_of_an_object_is_guarded() {
    for noise in NOISES {
        let pages = CountedPages::default();
        let (device, mut worker) = device(&pages, 3);
        for slot in 0..3 {
            let page = page_of(noise, u64::from(slot));
            device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
        }
        for at in 0..object_in(&device, 1).size.bytes() {
            assert_noticed(&device, &mut worker, 1, Damage::Byte(at, (at % 8) as u8));
        }
        audit(&device, &pages);
    }
}

#[test]
fn every_bit_beside_an_object_is_guarded() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 3);
    device.store(&mut worker, 1, &page_of(700, 1), Purpose::Write).expect("memory");
    for bit in 0..32 {
        assert_noticed(&device, &mut worker, 1, Damage::Slot(bit));
        assert_noticed(&device, &mut worker, 1, Damage::Checksum(bit));
    }
}

#[test]
fn an_object_that_is_not_there_is_damage() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 3);
    device.store(&mut worker, 1, &page_of(700, 1), Purpose::Write).expect("memory");
    let handle = object_in(&device, 1).handle;
    device.pool.damage(handle, Damage::Presence);
    assert_eq!(loaded(&device, &mut worker, 1), Err(LoadError::Damaged));
    device.store(&mut worker, 1, &page_of(700, 2), Purpose::Write).expect("a new place");
    assert!(loaded(&device, &mut worker, 1) == Ok(page_of(700, 2)));
}

#[test]
fn a_damaged_slot_can_be_written_and_discarded() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 3);
    for damage in [Damage::Byte(3, 1), Damage::Slot(0), Damage::Checksum(9)] {
        device.store(&mut worker, 1, &page_of(700, 1), Purpose::Write).expect("memory");
        device.pool.damage(object_in(&device, 1).handle, damage);
        device.store(&mut worker, 1, &page_of(700, 2), Purpose::Write).expect("memory");
        assert!(loaded(&device, &mut worker, 1) == Ok(page_of(700, 2)));
        device.pool.damage(object_in(&device, 1).handle, damage);
        device.discard(&worker, 1, 1);
        assert!(loaded(&device, &mut worker, 1) == Ok([0; PAGE_SIZE]));
        audit(&device, &pages);
    }
}

#[test]
fn compaction_leaves_objects_with_a_damaged_owner_where_they_are() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 300);
    for slot in 0..300 {
        let page = page_of(700, u64::from(slot));
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    let handle = object_in(&device, 299).handle;
    // The owner becomes slot 43, which has an object of its own, and then none at all.
    for bit in [8, 31] {
        device.pool.damage(handle, Damage::Slot(bit));
        device.discard(&worker, 0, 20);
        device.compact(&mut worker);
        assert_eq!(object_in(&device, 299).handle, handle);
        device.pool.damage(handle, Damage::Slot(bit));
        assert!(loaded(&device, &mut worker, 299) == Ok(page_of(700, 299)));
    }
}

#[test]
fn compaction_moves_no_more_of_an_object_than_its_place_whatever_its_slot_says() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 4);
    // Slot 3 is of a smaller class than the others, which leave a place free on their page.
    let content = |slot: u32| page_of(if slot == 3 { 700 } else { 850 }, u64::from(slot));
    for slot in 0..4 {
        device.store(&mut worker, slot, &content(slot), Purpose::Write).expect("memory");
    }
    let object = object_in(&device, 3);
    let entry = device.table.get(3).expect("a leaf");
    let size = ObjectSize::new(PAGE_SIZE - 1).expect("a size");
    let word = entry.swap(SlotState::Stored(StoredObject { size, ..object }), Age::default());
    assert_eq!(device.compact(&mut worker), 0, "it stays, and so does its page");
    let _ = entry.swap(word.decode().expect("a state"), Age::default());
    for slot in 0..4 {
        assert!(loaded(&device, &mut worker, slot) == Ok(content(slot)), "slot {slot}");
    }
    assert_eq!(device.compact(&mut worker), 1, "now it moves");
    audit(&device, &pages);
}

#[test]
fn a_checksum_over_nonsense_does_not_make_it_a_page() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 1);
    let mut random = Random::new(0x5eed);
    for length in 1..2000 {
        let mut bytes = [0; 2000];
        bytes.fill_with(|| random.next() as u8);
        let handle = device.pool.insert(Home::Cpu(0), 0, &bytes[..length]).expect("memory");
        let size = ObjectSize::new(length).expect("a size");
        let object = StoredObject { handle, size, priority: Priority::PRIMARY };
        device.install(
            &worker,
            device.table.get_or_allocate(0).expect("memory"),
            SlotState::Stored(object),
        );
        let mut page = [0xee; PAGE_SIZE];
        assert_eq!(device.load(&mut worker, 0, &mut page), Err(LoadError::Damaged));
        assert!(page == [0; PAGE_SIZE]);
    }
    audit(&device, &pages);
}

#[test]
fn a_damaged_handle_or_size_never_gives_another_page() {
    let pages = CountedPages::default();
    let (device, mut worker) = device(&pages, 600);
    for slot in 0..600 {
        let page = page_of(700, u64::from(slot));
        device.store(&mut worker, slot, &page, Purpose::Write).expect("memory");
    }
    let object = object_in(&device, 77);
    let entry = device.table.get(77).expect("a leaf");
    let sizes = (0..12).map(|bit| ((object.size.bytes() - 1) ^ (1 << bit)) + 1);
    let by_size = sizes.map(|bytes| {
        let size = ObjectSize::new(bytes).expect("a size");
        StoredObject { size, ..object }
    });
    let by_handle = (0..32).map(|bit| {
        let handle = Handle::from_bits(object.handle.bits() ^ 1 << bit);
        StoredObject { handle, ..object }
    });
    for damaged in by_size.chain(by_handle) {
        let word = entry.swap(SlotState::Stored(damaged), Age::default());
        assert_eq!(loaded(&device, &mut worker, 77), Err(LoadError::Damaged), "{damaged:?}");
        let _ = entry.swap(word.decode().expect("a state"), Age::default());
    }
    assert!(loaded(&device, &mut worker, 77) == Ok(page_of(700, 77)));
    audit(&device, &pages);
}

#[test]
fn a_stored_block_that_refers_to_before_the_page_reads_as_zeros_and_is_counted() {
    for &algorithm in crate::Algorithm::ALL {
        let pages = CountedPages::default();
        let (device, mut worker) = device_of(&pages, 1, crate::Compressor::of(algorithm));
        for (failed, offset) in [0, 2].into_iter().enumerate() {
            let block = [0x14, 0x41, offset, 0, 0x50, 0x42, 0x43, 0x44, 0x45, 0x46];
            let handle = device.pool.insert(Home::Cpu(0), 0, &block).expect("memory");
            let size = ObjectSize::new(block.len()).expect("a size");
            let object = StoredObject { handle, size, priority: Priority::PRIMARY };
            let entry = device.table.get_or_allocate(0).expect("memory");
            device.install(&worker, entry, SlotState::Stored(object));
            let mut page = [0xaa; PAGE_SIZE];
            assert_eq!(device.load(&mut worker, 0, &mut page), Err(LoadError::Damaged));
            assert!(page == [0; PAGE_SIZE], "no byte of what lay there before");
            assert_eq!(device.statistics().failed_reads, failed as u64 + 1);
        }
    }
}
