//! A message never waits for the end of a compaction.

use syscall::O_WRONLY;
use syscall::schemev2::Opcode;
use zram_abi::verb::DISCARD;

use crate::fake::{FakeClient, Machine, page, result_of};

/// A machine whose device 0 has objects that compaction brings together.
fn scattered() -> Machine {
    let mut machine = Machine::with_device("4M");
    let handle = machine.open("0");
    let pages: Vec<u8> = (0..200).flat_map(page).collect();
    assert_eq!(machine.write(handle, 0, &pages), Ok(pages.len()));
    for slot in (0..200).filter(|slot| slot % 4 != 0) {
        assert_eq!(machine.verb(handle, [DISCARD, slot, 1]), Ok(0));
    }
    machine.close(handle);
    machine
}

fn write(machine: &mut Machine, path: &str, text: &str) -> u32 {
    let handle = machine.open_as(path, O_WRONLY, 0).unwrap();
    machine.send(FakeClient::new(Opcode::Write, handle, [0; 3], text.into()))
}

fn answer(machine: &Machine, tag: u32) -> Option<Result<usize, i32>> {
    machine.daemon.socket.answer_to(tag).map(|(cqe, _)| result_of(cqe))
}

#[test]
fn a_message_is_answered_before_the_compaction_that_was_asked_for_earlier() {
    let mut machine = scattered();
    let before = machine.daemon.remains().pool_pages;
    let compact = write(&mut machine, "0/compact", "1");
    let limit = write(&mut machine, "0/mem_limit", "1M");
    machine.actor.as_mut().unwrap().turn();
    machine.actor.as_mut().unwrap().turn();
    assert_eq!(answer(&machine, limit), Some(Ok(2)));
    assert_eq!(answer(&machine, compact), None, "it is not at its end");
    machine.actor.as_mut().unwrap().settle();
    assert_eq!(answer(&machine, compact), Some(Ok(1)));
    assert!(machine.daemon.remains().pool_pages < before, "pages were released");
}

#[test]
fn a_reset_ends_the_compaction_of_its_device() {
    let mut machine = scattered();
    let compact = write(&mut machine, "0/compact", "1");
    let reset = write(&mut machine, "0/reset", "1");
    machine.actor.as_mut().unwrap().turn();
    machine.actor.as_mut().unwrap().turn();
    assert_eq!((answer(&machine, compact), answer(&machine, reset)), (Some(Ok(1)), Some(Ok(1))));
}
