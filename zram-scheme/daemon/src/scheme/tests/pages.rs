//! Reads, writes and discards of a device's pages.

use syscall::{EINVAL, EIO, ENODATA, ENOSPC};
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use std::sync::atomic::{AtomicU64, Ordering};

use syscall::schemev2::Opcode;
use zram::Worker;

use crate::data::{self, Transfer};
use crate::fake::{FakePlatform, Machine, noise, page};
use crate::platform::ClientRequest;
use zram_lifecycle::DeviceId;

#[test]
fn pages_come_back_and_are_counted() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let mut pages: Vec<u8> = (0..10).flat_map(page).collect();
    pages.extend([0; 4096]);
    pages.extend(b"abcdefgh".repeat(512));
    pages.extend(noise(1));
    assert_eq!(machine.write(handle, 4096, &pages), Ok(pages.len()));
    assert_eq!(machine.read(handle, 4096, pages.len()), Ok(pages));
    assert_eq!(machine.read(handle, 0, 4096), Ok(vec![0; 4096]), "never written");
    let columns = |machine: &mut Machine, index| machine.column("0/mm_stat", index);
    assert_eq!(columns(&mut machine, 0), 13 * 4096);
    assert_eq!(columns(&mut machine, 5), 2, "same-filled");
    assert_eq!((columns(&mut machine, 7), columns(&mut machine, 8)), (1, 1), "incompressible");
    assert!(columns(&mut machine, 1) < columns(&mut machine, 2));
    assert_eq!(machine.verb(handle, [DISCARD, 1, 13]), Ok(0));
    assert_eq!((columns(&mut machine, 0), columns(&mut machine, 5)), (0, 0));
    assert_eq!(columns(&mut machine, 8), 1, "ever");
    assert_eq!(machine.column("0/io_stat", 3), 13);
    assert_eq!(machine.read(handle, 4096, 4096), Ok(vec![0; 4096]));
}

#[test]
fn misaligned_and_foreign_ranges_are_refused() {
    let mut machine = Machine::with_device("40960");
    let handle = machine.open("0");
    for (offset, size, expected) in [
        (1, 4096, Err(EINVAL)),
        (0, 100, Err(EINVAL)),
        (0, 257 * 4096, Err(EINVAL)),
        (40960, 4096, Err(ENOSPC)),
        (u64::MAX - 4095, 4096, Err(ENOSPC)),
        (u64::MAX, 4096, Err(EINVAL)),
        (36864, 8192, Ok(4096)),
        (0, 0, Ok(0)),
        (40960, 0, Ok(0)),
    ] {
        assert_eq!(machine.write(handle, offset, &vec![1; size]), expected, "{offset} {size}");
    }
    assert_eq!(machine.read(handle, 40960, 4096), Ok(vec![]));
    assert_eq!(machine.read(handle, 36864, 8192).unwrap().len(), 4096);
    assert_eq!(machine.read(handle, 3, 4096), Err(EINVAL));
    for (first, count) in [(0, 11), (10, 1), (u64::MAX, 1), (1, u64::MAX)] {
        assert_eq!(machine.verb(handle, [DISCARD, first, count]), Err(EINVAL), "{first} {count}");
    }
}

#[test]
fn a_device_without_size_is_empty() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let handle = machine.open("0");
    assert_eq!(machine.read(handle, 0, 4096), Ok(vec![]));
    assert_eq!(machine.write(handle, 0, &page(1)), Err(ENOSPC));
    assert_eq!(machine.verb(handle, [SWAP_ATTACH, 0, 0]), Err(ENODATA));
    assert_eq!(machine.verb(handle, [DISCARD, 0, 0]), Err(ENODATA));
    assert_eq!(machine.echo("0/disksize", "1M"), Ok(2), "an open device may get a size");
    assert_eq!(machine.write(handle, 0, &page(1)), Ok(4096));
}

#[test]
fn a_failed_write_leaves_the_page_and_is_counted() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    machine.echo("0/mem_limit", "4096").unwrap();
    assert_eq!(machine.write(handle, 0, &page(1)), Ok(4096));
    let two = [noise(2), noise(3)].concat();
    assert_eq!(machine.write(handle, 0, &two), Err(EIO));
    assert_eq!(machine.read(handle, 0, 4096), Ok(page(1).to_vec()));
    assert_eq!(machine.column("0/io_stat", 1), 1);
    let zero_then_noise = [[0; 4096], noise(3)].concat();
    assert_eq!(machine.write(handle, 4096, &zero_then_noise), Ok(4096), "a shorter write");
    machine.echo("0/mem_limit", "0").unwrap();
    machine.platform.grant_pages(0);
    assert_eq!(machine.write(handle, 8192, &noise(4)), Err(EIO));
    machine.platform.grant_pages(-1);
    assert_eq!(machine.write(handle, 8192, &noise(4)), Ok(4096));
}

/// A client that changes its memory all the time: each copy of it is another page.
#[derive(Default)]
struct Changing {
    copies: AtomicU64,
    /// Bytes that are missing at the end of each copy.
    missing: usize,
}

impl ClientRequest for Changing {
    fn opcode(&self) -> Option<Opcode> {
        Some(Opcode::Write)
    }

    fn is_one_way(&self) -> bool {
        false
    }

    fn handle(&self) -> usize {
        0
    }

    fn word(&self, _index: usize) -> u64 {
        0
    }

    fn opener_uid(&self) -> u32 {
        0
    }

    fn payload_size(&self) -> usize {
        3 * 4096
    }

    fn copy_payload(&self, _offset: usize, buffer: &mut [u8]) -> usize {
        // The first copy is short when compressed, later ones are not at all.
        let copy = self.copies.fetch_add(1, Ordering::Relaxed);
        buffer.copy_from_slice(&if copy.is_multiple_of(2) { page(copy) } else { noise(copy) });
        buffer.len() - self.missing
    }

    fn fill_payload(&mut self, _offset: usize, _bytes: &[u8]) -> usize {
        0
    }
}

#[test]
fn a_page_that_changes_while_it_is_written_is_stored_as_one_copy_of_it() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    assert_eq!(machine.write(handle, 4 * 4096, &page(99)), Ok(4096));
    let client = Changing::default();
    let mut worker = Worker::new(0).unwrap();
    let id = DeviceId::new(0).unwrap();
    let content = machine.daemon.devices.content(id).unwrap();
    let size = machine.daemon.devices.view(id).unwrap().pages;
    let transfer = Transfer::new(4096, 3 * 4096, size).unwrap();
    let written = data::write::<FakePlatform>(&content, &mut worker, transfer, &client);
    drop(content);
    assert_eq!(written, Ok(3 * 4096));
    assert_eq!(client.copies.into_inner(), 3, "one copy a page");
    let expected = [page(0), noise(1), page(2), page(99)].concat();
    assert_eq!(machine.read(handle, 4096, 4 * 4096), Ok(expected), "neighbours are whole");
}

#[test]
fn a_discard_may_end_with_the_device_and_not_behind_it() {
    let mut machine = Machine::with_device("40960");
    let handle = machine.open("0");
    let discarded = |machine: &mut Machine, range: (u64, u64)| {
        machine.verb(handle, [DISCARD, range.0, range.1])
    };
    for (range, expected) in [
        ((0, 0), Ok(0)),
        ((10, 0), Ok(0)),
        ((9, 1), Ok(0)),
        ((0, 10), Ok(0)),
        ((9, 2), Err(EINVAL)),
        ((11, 0), Err(EINVAL)),
        ((u64::from(u32::MAX), 1), Err(EINVAL)),
        ((1 << 32, 0), Err(EINVAL)),
        (((1 << 32) + 1, 1), Err(EINVAL)),
        ((1, (1 << 32) - 1), Err(EINVAL)),
        ((1, 1 << 32), Err(EINVAL)),
    ] {
        assert_eq!(discarded(&mut machine, range), expected, "{range:?}");
    }
    assert_eq!(machine.column("0/io_stat", 3), 11, "what was discarded and nothing else");
}

#[test]
fn a_client_whose_memory_is_shorter_than_it_says_gets_an_error_and_changes_nothing() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    assert_eq!(machine.write(handle, 0, &page(99)), Ok(4096));
    let client = Changing { missing: 1, ..Changing::default() };
    let mut worker = Worker::new(0).unwrap();
    let id = DeviceId::new(0).unwrap();
    let content = machine.daemon.devices.content(id).unwrap();
    let transfer = Transfer::new(0, 4096, machine.daemon.devices.view(id).unwrap().pages).unwrap();
    let written = data::write::<FakePlatform>(&content, &mut worker, transfer, &client);
    drop(content);
    assert_eq!(written, Err(data::DataError::Unreadable));
    assert_eq!(machine.read(handle, 0, 4096), Ok(page(99).to_vec()));
}
