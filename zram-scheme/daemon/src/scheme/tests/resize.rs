//! `resize`: another size for a device that has content.

use syscall::{EBADF, EBUSY, EINVAL, ENODEV, ENOMEM, ENOSPC, O_RDONLY, O_WRONLY};
use zram_abi::record::{ENTRIES_MAX, Operation, Record, Status};
use zram_abi::verb::{Cookie, DISCARD, SWAP_ATTACH};

use crate::fake::allocator::{held, with_allocations};
use crate::fake::{FakeClient, Machine, page};
use crate::threads::queue;
use syscall::schemev2::Opcode;

const PAGE: u64 = 4096;

#[test]
fn an_open_device_grows_and_keeps_its_content() {
    let mut machine = Machine::with_device("64K");
    let handle = machine.open("0");
    machine.write(handle, 15 * PAGE, &page(1)).unwrap();
    assert_eq!(machine.write(handle, 16 * PAGE, &page(2)), Err(ENOSPC));
    assert_eq!(machine.echo("0/resize", "1G\n"), Ok(3));
    assert_eq!(machine.cat("0/disksize").unwrap(), "1073741824\n");
    assert_eq!(machine.write(handle, (1 << 30) - PAGE, &page(2)), Ok(4096));
    assert_eq!(machine.read(handle, 15 * PAGE, 4096), Ok(page(1).to_vec()));
    assert_eq!(machine.verb(handle, [DISCARD, 0, 1 << 18]), Ok(0));
}

#[test]
fn a_device_shrinks_only_while_it_is_closed_and_nothing_is_stored_above() {
    let mut machine = Machine::with_device("1M");
    let handle = machine.open("0");
    machine.write(handle, 0, &page(1)).unwrap();
    machine.write(handle, 200 * PAGE, &page(2)).unwrap();
    let before = machine.daemon.remains();
    assert_eq!(machine.echo("0/resize", "64K"), Err(EBUSY));
    machine.close(handle);
    assert_eq!(machine.echo("0/resize", "64K"), Err(EBUSY));
    assert_eq!(machine.cat("0/disksize").unwrap(), "1048576\n");
    assert!(machine.cat("0/last_error").unwrap().contains("stored above the new end"));
    let handle = machine.open("0");
    assert_eq!(machine.daemon.remains(), before, "nothing was changed");
    machine.verb(handle, [DISCARD, 16, 240]).unwrap();
    machine.close(handle);
    assert_eq!(machine.echo("0/resize", "64K"), Ok(3));
    let handle = machine.open("0");
    assert_eq!(machine.read(handle, 0, 4096), Ok(page(1).to_vec()));
    assert_eq!(machine.read(handle, 16 * PAGE, 4096), Ok(vec![]));
    assert_eq!(machine.write(handle, 16 * PAGE, &page(3)), Err(ENOSPC));
}

#[test]
fn what_is_no_size_or_no_initialised_device_is_refused() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "\n").unwrap();
    for (path, text, errno) in [
        ("0/resize", "0", EINVAL),
        ("0/resize", "big", EINVAL),
        ("0/resize", "-1", EINVAL),
        ("0/resize", "1M x", EINVAL),
        ("0/resize", "16T", ENOMEM),
        ("1/resize", "1M", EINVAL),
    ] {
        assert_eq!(machine.echo(path, text), Err(errno), "{path} {text:?}");
    }
    assert_eq!(
        machine.cat("1/last_error").unwrap(),
        "resize: the device has no disksize yet, write that first\n"
    );
    assert_eq!(machine.cat("0/disksize").unwrap(), "1048576\n");
    assert_eq!(machine.echo("0/resize", "1M"), Ok(2), "the size it has is no change");
    let handle = machine.open_as("0/resize", O_WRONLY, 0).unwrap();
    assert_eq!(machine.read(handle, 0, 10), Err(EBADF));
    assert!(machine.open_as("0/resize", O_RDONLY, 0).is_err(), "disksize shows the size");
    machine.echo("control/hot_remove", "0").unwrap();
    assert_eq!(machine.write(handle, 0, b"2M"), Err(ENODEV));
}

#[test]
fn growing_that_lacks_memory_at_any_allocation_leaves_everything_as_it_was() {
    let mut machine = Machine::with_device("4K");
    let handle = machine.open_as("0/resize", O_WRONLY, 0).unwrap();
    let (before, bytes) = (machine.daemon.remains(), held());
    let write = |machine: &mut Machine, count| {
        let client = FakeClient::new(Opcode::Write, handle, [0; 3], "1G".into());
        with_allocations(count, || machine.call(client).0)
    };
    for count in 0.. {
        let (result, refused) = write(&mut machine, count);
        if !refused {
            assert_eq!(result, Ok(2));
            assert!(count > 10, "a directory that doubles eight times takes more than {count}");
            break;
        }
        assert_eq!(result, Err(ENOMEM), "allocation {count}");
        assert_eq!((machine.daemon.remains(), held()), (before, bytes), "allocation {count}");
        assert_eq!(machine.cat("0/disksize").unwrap(), "4096\n");
    }
    assert_eq!(machine.cat("0/disksize").unwrap(), "1073741824\n");
}

#[test]
fn a_mounted_area_keeps_its_size_and_its_pages_while_the_device_grows() {
    let mut machine = Machine::with_device("64K");
    let handle = machine.open("0");
    let attach = |machine: &mut Machine| {
        let word = machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        Cookie::unpack(word as u64).unwrap()
    };
    let cookie = attach(&mut machine);
    let mut worker = zram::Worker::new(0).unwrap();
    let mut window = [[0; 4096]; ENTRIES_MAX];
    window[0] = page(7);
    let mut serve = |machine: &mut Machine, operation| {
        let mut record = Record::new(operation, cookie.device.into(), cookie.generation.into(), 0);
        assert!(record.push(15));
        queue::serve(machine.daemon, &mut worker, &mut record, &mut window);
        (record.entries()[0].status, window[0] == page(7))
    };
    assert_eq!(serve(&mut machine, Operation::Store), (Status::Ok, true));
    assert_eq!(machine.echo("0/resize", "128K"), Ok(4));
    assert_eq!(machine.echo("0/resize", "64K"), Err(EBUSY), "the kernel has it open");
    assert_eq!(serve(&mut machine, Operation::Load), (Status::Ok, true));
    let later = attach(&mut machine);
    assert_eq!((cookie.pages, later.pages), (16, 32), "the next swapon gets the new size");
    assert_eq!(cookie.generation, later.generation, "it is the same content");
}
