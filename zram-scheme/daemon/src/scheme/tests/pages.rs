//! Reads, writes and discards of a device's pages.

use syscall::{EINVAL, EIO, ENODATA, ENOSPC};
use zram_abi::verb::{DISCARD, SWAP_ATTACH};

use crate::fake::{Machine, noise, page};

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
