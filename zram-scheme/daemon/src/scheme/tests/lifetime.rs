//! How long a device, its content and its mount last, and what keeps them alive.

use syscall::flag::{O_DIRECTORY, O_RDONLY, O_RDWR, O_WRONLY};
use syscall::{EBUSY, ENODEV};
use zram_abi::verb::{Cookie, SWAP_ATTACH};

use crate::fake::{Machine, noise, page};

#[test]
fn an_open_device_is_neither_reset_nor_removed() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    let second = machine.open_as("0", O_RDONLY, 0).unwrap();
    let attribute = machine.open("0/disksize");
    for _ in 0..2 {
        assert_eq!(machine.echo("0/reset", "1"), Err(EBUSY));
        assert_eq!(machine.echo("control/hot_remove", "0"), Err(EBUSY));
    }
    machine.close(handle);
    assert_eq!(machine.echo("0/reset", "1"), Err(EBUSY));
    machine.close(second);
    assert_eq!(machine.echo("0/reset", "1"), Ok(1), "open attributes do not count");
    assert_eq!(machine.read(attribute, 0, 10).unwrap(), b"0\n");
}

#[test]
fn nothing_persists_over_a_reset() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    machine.write(handle, 0, &[page(1), noise(1)].concat()).unwrap();
    machine.close(handle);
    machine.echo("0/mem_limit", "1M").unwrap();
    machine.echo("0/disksize", "2M").unwrap_err();
    machine.echo("0/reset", "1").unwrap();
    let mut fresh = Machine::new();
    fresh.echo("control/hot_add", "\n").unwrap();
    for file in ["disksize", "initstate", "mm_stat", "io_stat", "streams", "last_error"] {
        let path = format!("0/{file}");
        assert_eq!(machine.cat(&path), fresh.cat(&path), "{file}");
    }
    assert_eq!(machine.daemon.remains().pool_pages, 0);
}

#[test]
fn a_handle_of_a_removed_device_never_reaches_the_next_one() {
    let mut machine = Machine::with_device("1M");
    let size = machine.open("0/disksize");
    let reset = machine.open_as("0/reset", O_WRONLY, 0).unwrap();
    let directory = machine.open_as("0", O_RDONLY | O_DIRECTORY, 0).unwrap();
    machine.echo("control/hot_remove", "0").unwrap();
    machine.echo("control/hot_add", "disksize=2M").unwrap();
    assert_eq!(machine.read(size, 0, 10), Err(ENODEV));
    assert_eq!(machine.write(size, 0, b"1M"), Err(ENODEV));
    assert_eq!(machine.write(reset, 0, b"1"), Err(ENODEV));
    assert_eq!(machine.read(directory, 0, 100), Err(ENODEV));
    assert_eq!(machine.cat("0/disksize").unwrap(), "2097152\n");
    assert_eq!(machine.cat("0/last_error").unwrap(), "", "the refusal was not this device's");
}

#[test]
fn attach_tells_id_generation_and_pages_and_a_reset_ends_the_generation() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "id=3 disksize=1M").unwrap();
    let attach = |machine: &mut Machine| {
        let handle = machine.open("3");
        let word = machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        machine.close(handle);
        Cookie::unpack(word as u64).unwrap()
    };
    let cookie = attach(&mut machine);
    assert_eq!((cookie.device, cookie.pages), (3, 256));
    assert_eq!(attach(&mut machine), cookie);
    machine.echo("3/reset", "1").unwrap();
    machine.echo("3/disksize", "1M").unwrap();
    let after_reset = attach(&mut machine);
    assert_ne!(after_reset.generation, cookie.generation);
    machine.echo("control/hot_remove", "3").unwrap();
    machine.echo("control/hot_add", "id=3 disksize=1M").unwrap();
    let after_remove = attach(&mut machine);
    assert!(![cookie.generation, after_reset.generation].contains(&after_remove.generation));
}

#[test]
fn a_mounted_device_is_opened_by_nobody_until_it_is_closed() {
    let mut machine = Machine::with_device("1M");
    let mounted = machine.open("0");
    machine.verb(mounted, [SWAP_ATTACH, 0, 0]).unwrap();
    for flags in [O_RDONLY, O_WRONLY, O_RDWR] {
        assert_eq!(machine.open_as("0", flags, 0), Err(EBUSY));
    }
    assert_eq!(machine.cat("0/disksize").unwrap(), "1048576\n");
    machine.close(mounted);
    assert!(machine.open_as("0", O_RDWR, 0).is_ok());
}

#[test]
fn a_device_that_others_have_open_is_not_attached() {
    let mut machine = Machine::with_device("1M");
    let other = machine.open_as("0", O_RDONLY, 0).unwrap();
    let device = machine.open("0");
    assert_eq!(machine.verb(device, [SWAP_ATTACH, 0, 0]), Err(EBUSY));
    machine.close(other);
    assert!(machine.verb(device, [SWAP_ATTACH, 0, 0]).is_ok());
}

#[test]
fn the_machine_is_told_that_a_device_is_mounted() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    assert!(!machine.platform.is_swap_used());
    machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
    assert!(machine.platform.is_swap_used());
}

#[test]
fn the_machine_is_told_when_the_last_mount_ends() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "id=1 disksize=1M").unwrap();
    let handles = ["0", "1"].map(|path| machine.open(path));
    for handle in handles {
        machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
    }
    machine.close(handles[0]);
    assert!(machine.platform.is_swap_used(), "the other is still mounted");
    machine.close(handles[1]);
    assert!(!machine.platform.is_swap_used());
}
