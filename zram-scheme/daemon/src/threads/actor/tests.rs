//! All-or-nothing on the real engine: memory fails at every allocation and every page in turn.

mod bounded;
mod stopped;
mod tidy;

use crate::daemon::Remains;
use crate::fake::allocator::{held, with_allocations};
use crate::fake::{FakeClient, Machine, page};
use syscall::schemev2::Opcode;
use zram_lifecycle::Refusal;

const NOTHING: Remains =
    Remains { instances: 0, devices: 0, pool_pages: 0, table_bytes: 0, streams: 0, handles: 0 };

/// Writes `text` to the open `handle` while only `count` allocations are granted.
fn write_with(
    machine: &mut Machine,
    handle: usize,
    text: &str,
    count: usize,
) -> (Result<usize, i32>, bool) {
    let client = FakeClient::new(Opcode::Write, handle, [0; 3], text.into());
    let ((result, _), refused) = with_allocations(count, || machine.call(client));
    (result, refused)
}

#[test]
fn hot_add_that_lacks_memory_at_any_allocation_leaves_everything_as_it_was() {
    let mut machine = Machine::new();
    let handle = machine.open("control/hot_add");
    let line = "id=5 disksize=1G mem_limit=1M";
    let before = (machine.daemon.remains(), machine.cat("").unwrap());
    let bytes = held();
    for count in 0.. {
        let (result, refused) = write_with(&mut machine, handle, line, count);
        if !refused {
            assert_eq!(result, Ok(line.len()));
            assert!(count > 5, "streams, table and pool take more than {count} allocations");
            break;
        }
        assert_eq!(result, Err(syscall::ENOMEM), "allocation {count}");
        assert_eq!((machine.daemon.remains(), machine.cat("").unwrap()), before);
        assert_eq!(held(), bytes, "allocation {count} leaked");
    }
    assert_eq!(machine.cat("5/disksize").unwrap(), "1073741824\n");
}

#[test]
fn disksize_that_lacks_memory_at_any_allocation_leaves_the_device_empty() {
    let mut machine = Machine::new();
    machine.echo("control/hot_add", "\n").unwrap();
    let handle = machine.open("0/disksize");
    let bytes = held();
    for count in 0.. {
        let (result, refused) = write_with(&mut machine, handle, "64M", count);
        if !refused {
            break;
        }
        assert_eq!(result, Err(syscall::ENOMEM), "allocation {count}");
        assert_eq!(held(), bytes, "allocation {count} leaked");
        assert_eq!(machine.cat("0/initstate").unwrap(), "0\n");
        let words = "disksize: not enough memory for the tables and streams of 64 MiB, nothing was changed\n";
        assert_eq!(machine.cat("0/last_error").unwrap(), words);
    }
    assert_eq!(machine.cat("0/initstate").unwrap(), "1\n");
}

#[test]
fn a_cpu_that_lacks_memory_at_any_allocation_is_refused_and_leaves_no_stream() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    let cpu = hotplug::CpuId::new(3).unwrap();
    let request = zram_lifecycle::Request::Cpu(cpu, hotplug::Stage::Prepare);
    let before = machine.daemon.remains();
    let bytes = held();
    for count in 0.. {
        let actor = machine.actor.as_mut().unwrap();
        let (reply, refused) = with_allocations(count, || actor.request(request));
        if !refused {
            assert!(reply.is_ok() && count > 0);
            break;
        }
        assert_eq!(reply, Err(Refusal::NoMemory));
        assert_eq!((machine.daemon.remains(), held()), (before, bytes));
    }
    assert_eq!(machine.daemon.remains().streams, before.streams + 2);
}

#[test]
fn what_takes_away_needs_no_memory() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    let cpu = hotplug::CpuId::new(1).unwrap();
    for stage in [hotplug::Stage::Dying, hotplug::Stage::Dead] {
        let actor = machine.actor.as_mut().unwrap();
        let request = zram_lifecycle::Request::Cpu(cpu, stage);
        let (reply, refused) = with_allocations(0, || actor.request(request));
        assert!(reply.is_ok() && !refused, "{stage:?}");
    }
    for (path, text) in [("0/reset", "1"), ("control/hot_remove", "1"), ("control/exit", "1")] {
        let handle = machine.open_as(path, syscall::O_WRONLY, 0).unwrap();
        assert_eq!(write_with(&mut machine, handle, text, 0), (Ok(1), false), "{path}");
    }
    assert_eq!(machine.daemon.remains(), NOTHING);
}

#[test]
fn exit_leaves_nothing_and_refuses_the_rest_of_the_mailbox() {
    let mut machine = Machine::with_device("4M");
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    let handle = machine.open("0");
    let pages: Vec<u8> = (0..64).flat_map(page).collect();
    assert_eq!(machine.write(handle, 0, &pages), Ok(pages.len()));
    machine.close(handle);
    let [exit, reset, compact] = ["control/exit", "0/reset", "0/compact"]
        .map(|path| machine.open_as(path, syscall::O_WRONLY, 0).unwrap());
    let write = |handle, text: &str| FakeClient::new(Opcode::Write, handle, [0; 3], text.into());
    let tags = [write(compact, "1"), write(exit, "1"), write(reset, "1"), write(exit, "1")]
        .map(|client| machine.send(client));
    assert!(machine.daemon.remains().pool_pages > 0);
    machine.actor.take().unwrap().run();
    let results = tags.map(|tag| {
        crate::fake::result_of(machine.daemon.socket.answer_to(tag).expect("answered").0)
    });
    assert_eq!(results, [Ok(1), Ok(1), Err(syscall::ENODEV), Err(syscall::ENODEV)]);
    assert_eq!(machine.daemon.remains(), NOTHING);
    let late = machine.send(write(exit, "1"));
    let late = crate::fake::result_of(machine.daemon.socket.answer_to(late).unwrap().0);
    assert_eq!(late, Err(syscall::ENODEV));
    assert_eq!(machine.open_as("control/exit", syscall::O_WRONLY, 0), Err(syscall::ENODEV));
}

#[test]
fn exit_with_an_open_device_is_refused_before_anything_changed() {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    let handle = machine.open("1");
    let before = machine.daemon.remains();
    assert_eq!(machine.echo("control/exit", "1"), Err(syscall::EBUSY));
    assert_eq!(machine.daemon.remains(), before);
    assert_eq!(machine.write(handle, 0, &page(1)), Ok(4096));
    let other = machine.open("0");
    machine.close(other);
}

#[test]
fn cycles_of_add_fill_and_remove_hold_no_memory() {
    let mut machine = Machine::new();
    let cycle = |machine: &mut Machine| {
        machine.echo("control/hot_add", "disksize=1M").unwrap();
        let handle = machine.open("0");
        machine.write(handle, 0, &page(7)).unwrap();
        machine.close(handle);
        machine.echo("0/reset", "1").unwrap();
        machine.echo("0/disksize", "2M").unwrap();
        machine.echo("control/hot_remove", "0").unwrap();
    };
    cycle(&mut machine);
    let bytes = held();
    for _ in 0..5 {
        cycle(&mut machine);
        assert_eq!((held(), machine.daemon.remains()), (bytes, NOTHING));
    }
}
