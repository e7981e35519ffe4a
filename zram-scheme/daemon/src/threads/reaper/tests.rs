use std::sync::atomic::{AtomicBool, Ordering};

use hotplug::{CpuId, Stage};
use syscall::O_WRONLY;
use syscall::schemev2::Opcode;

use crate::fake::allocator::with_allocations;
use crate::fake::{FakeClient, Machine, page, result_of};
use crate::platform::Platform;
use crate::threads::reaper::Backlog;

/// A machine whose device 0 holds `count` pages in its pool.
fn filled(count: u64) -> Machine {
    let mut machine = Machine::with_device("4M");
    let handle = machine.open("0");
    let pages: Vec<u8> = (0..count).flat_map(page).collect();
    assert_eq!(machine.write(handle, 0, &pages), Ok(pages.len()));
    machine.close(handle);
    machine
}

#[test]
fn a_cpu_and_a_reset_are_answered_while_not_one_page_can_be_given_back() {
    let mut machine = filled(200);
    let committed = machine.daemon.remains().pool_pages;
    let reset = machine.open_as("0/reset", O_WRONLY, 0).unwrap();
    let daemon = machine.daemon;
    let actor = machine.actor.take().unwrap();
    machine.platform.block_releases(true);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| actor.run());
        scope.spawn(|| daemon.reaper().run(daemon.platform()));
        // Lets the test fail instead of hanging: releases go on after this in any case.
        scope.spawn(|| {
            for _ in 0..2000 {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            daemon.platform().block_releases(false);
        });
        let write = FakeClient::new(Opcode::Write, reset, [0; 3], b"1".to_vec());
        let tag = machine.send(write);
        assert_eq!(daemon.change_cpu(CpuId::new(1).unwrap(), Stage::Dying), Ok(()));
        assert_eq!(daemon.change_cpu(CpuId::new(1).unwrap(), Stage::Dead), Ok(()));
        let answer = daemon.socket.answer_to(tag).map(|(cqe, _)| result_of(cqe));
        let remains = daemon.remains();
        is_over.store(true, Ordering::Relaxed);
        let exit = machine.open_as("control/exit", O_WRONLY, 0).unwrap();
        machine.send(FakeClient::new(Opcode::Write, exit, [0; 3], b"1".to_vec()));
        assert_eq!(answer, Some(Ok(1)), "the reset is done");
        assert_eq!(remains.pool_pages, committed, "and its memory is still to come");
        assert!(remains.table_bytes > 0, "the tables as well");
    });
    let remains = daemon.remains();
    assert_eq!((remains.pool_pages, remains.table_bytes), (0, 0), "exit waited for all of it");
}

/// Many more contents than anybody resets in one go.
const MANY: usize = 40;

#[test]
fn the_actor_gives_back_nothing_however_many_contents_wait() {
    let mut machine = filled(1);
    let reset = machine.open_as("0/reset", O_WRONLY, 0).unwrap();
    let disksize = machine.open_as("0/disksize", O_WRONLY, 0).unwrap();
    for round in 0..MANY {
        for (handle, text) in [(reset, "1"), (disksize, "1M")] {
            machine.send(FakeClient::new(Opcode::Write, handle, [0; 3], text.into()));
            machine.actor.as_mut().unwrap().turn();
        }
        let waiting = machine.daemon.reaper.backlog().contents;
        assert_eq!(waiting, round + 1);
    }
    machine.actor.as_mut().unwrap().settle();
    assert_eq!(machine.daemon.reaper.backlog(), Backlog::default());
}

/// Resets the device, whose content then waits, and gives it a size while no memory is granted.
fn size_without_memory(machine: &mut Machine) -> Result<usize, i32> {
    let reset = machine.open_as("0/reset", O_WRONLY, 0).unwrap();
    machine.send(FakeClient::new(Opcode::Write, reset, [0; 3], b"1".to_vec()));
    machine.actor.as_mut().unwrap().turn();
    let disksize = machine.open_as("0/disksize", O_WRONLY, 0).unwrap();
    let tag = machine.send(FakeClient::new(Opcode::Write, disksize, [0; 3], b"1M".to_vec()));
    let actor = machine.actor.as_mut().unwrap();
    with_allocations(0, || actor.turn());
    machine.daemon.socket.answer_to(tag).map(|(cqe, _)| result_of(cqe)).unwrap()
}

#[test]
fn a_new_size_that_finds_no_memory_waits_a_second_for_what_others_give_back_and_is_refused() {
    let mut machine = filled(200);
    let before_ns = machine.platform.now_ns();
    assert_eq!(size_without_memory(&mut machine), Err(syscall::ENOMEM));
    assert_eq!(machine.platform.now_ns() - before_ns, 1_000_000_000);
    let waiting = machine.daemon.reaper.backlog().contents;
    assert_eq!(waiting, 1, "the actor gave nothing back itself");
}

#[test]
fn a_new_size_that_finds_no_memory_is_refused_at_once_when_nothing_comes_back() {
    let mut machine = filled(200);
    machine.echo("0/reset", "1").unwrap();
    let before_ns = machine.platform.now_ns();
    assert_eq!(size_without_memory(&mut machine), Err(syscall::ENOMEM));
    assert_eq!(machine.platform.now_ns(), before_ns);
}
