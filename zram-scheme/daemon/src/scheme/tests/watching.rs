//! Events: the watcher of a handle is told when there is something new to read.

use syscall::flag::{EventFlags, O_RDONLY};
use syscall::schemev2::Opcode;
use syscall::{EBADF, EIO};

use crate::fake::{FakeClient, Machine, noise};

/// The page size, for offsets.
const PAGE: u64 = 4096;

fn fevent(machine: &mut Machine, handle: usize, flags: EventFlags) -> Result<usize, i32> {
    let mut client = FakeClient::new(Opcode::Fevent, handle, [0; 3], Vec::new());
    client.sqe.args[1] = flags.bits() as u64;
    machine.call(client).0
}

fn watch(machine: &mut Machine, path: &str) -> usize {
    let handle = machine.open_as(path, O_RDONLY, 0).unwrap();
    assert_eq!(fevent(machine, handle, EventFlags::EVENT_READ), Ok(0), "nothing is new yet");
    handle
}

#[test]
fn size_and_state_are_told_to_who_watches_an_attribute() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    machine.echo("control/hot_add", "\n").unwrap();
    let handle = watch(&mut machine, "0/initstate");
    for (path, text, is_told) in [
        ("0/disksize", "1M", true),
        ("0/resize", "2M", true),
        ("0/resize", "2M", false),
        ("0/mem_limit", "1M", false),
        ("1/disksize", "1M", false),
        ("0/reset", "1", true),
        ("0/comp_algorithm", "lz4", false),
        ("control/hot_remove", "1", false),
        ("control/hot_remove", "0", true),
    ] {
        machine.echo(path, text).unwrap();
        let expected = if is_told { vec![handle] } else { vec![] };
        assert_eq!(machine.daemon.socket.notified(), expected, "{path} {text}");
    }
}

#[test]
fn devices_that_come_and_go_are_told_to_who_watches_the_root() {
    let mut machine = Machine::new();
    let handle = watch(&mut machine, "");
    for (path, text, is_told) in [
        ("control/hot_add", "\n", true),
        ("control/hot_add", "disksize=1M", true),
        ("0/disksize", "1M", false),
        ("1/reset", "1", false),
        ("control/hot_remove", "1", true),
    ] {
        machine.echo(path, text).unwrap();
        let expected = if is_told { vec![handle] } else { vec![] };
        assert_eq!(machine.daemon.socket.notified(), expected, "{path} {text}");
    }
}

#[test]
fn the_watermark_is_told_once_and_again_after_the_pool_was_below() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "disksize=1M mem_watermark=8K mem_limit=16K\n").unwrap();
    assert_eq!(machine.cat("0/mem_watermark").unwrap(), "8192\n");
    let device = machine.open("0");
    assert_eq!(fevent(&mut machine, device, EventFlags::EVENT_READ), Ok(0));
    let mut told = Vec::new();
    for slot in 0..4 {
        machine.write(device, slot * PAGE, &noise(slot)).unwrap();
        told.push(machine.daemon.socket.notified().len());
    }
    assert_eq!(told, [0, 1, 0, 0], "incompressible pages take one each");
    assert_eq!(machine.write(device, 4 * PAGE, &noise(4)), Err(EIO), "only mem_limit refuses");
    machine.echo("0/mem_watermark", "16K").unwrap();
    assert_eq!(machine.daemon.socket.notified(), [device], "the pool is above the new mark");
    machine.echo("0/mem_watermark", "0").unwrap();
    assert_eq!(machine.daemon.socket.notified(), [], "no mark");
}

#[test]
fn nobody_is_told_who_watches_no_longer() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let handle = watch(&mut machine, "0/disksize");
    let closed = watch(&mut machine, "0/disksize");
    machine.close(closed);
    assert_eq!(fevent(&mut machine, handle, EventFlags::empty()), Ok(0));
    machine.echo("0/disksize", "1M").unwrap();
    assert_eq!(machine.daemon.socket.notified(), []);
    assert_eq!(fevent(&mut machine, closed, EventFlags::EVENT_READ), Err(EBADF));
}
