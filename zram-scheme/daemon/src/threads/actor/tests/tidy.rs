//! Compactions of pools that no request asked for.

use zram_abi::verb::DISCARD;

use crate::fake::{Machine, noise, page};

const PAGE: u64 = 4096;

/// A device in which every third of 3,000 pages is left, and what its pool takes.
fn gaps() -> (Machine, usize, u64) {
    let mut machine = Machine::with_device("16M");
    let handle = machine.open("0");
    for slot in 0..3000 {
        let content = if slot % 5 == 0 { noise(slot) } else { page(slot) };
        machine.write(handle, slot * PAGE, &content).unwrap();
    }
    for slot in (0..3000).filter(|slot| slot % 3 != 0) {
        machine.verb(handle, [DISCARD, slot, 1]).unwrap();
    }
    let used = machine.column("0/mm_stat", 2);
    (machine, handle, used)
}

#[test]
fn what_is_left_of_a_program_that_has_ended_takes_a_hundredth_more_than_compacted() {
    let (mut machine, _handle, before) = gaps();
    machine.idle(10);
    let by_itself = machine.column("0/mm_stat", 2);
    machine.echo("0/compact", "1").unwrap();
    let compacted = machine.column("0/mm_stat", 2);
    assert!(before > compacted * 11 / 10, "there were gaps: {before}, {compacted}");
    assert!(by_itself <= compacted * 101 / 100, "{by_itself}, compacted {compacted}");
}

#[test]
fn pages_are_whole_after_a_compaction_that_nobody_asked_for() {
    let (mut machine, handle, _) = gaps();
    machine.idle(10);
    for slot in (0..3000).step_by(3) {
        let content = if slot % 5 == 0 { noise(slot) } else { page(slot) };
        assert_eq!(machine.read(handle, slot * PAGE, 4096).unwrap(), content, "slot {slot}");
    }
}

#[test]
fn a_quiet_pool_is_compacted_once() {
    let (mut machine, _handle, _) = gaps();
    machine.idle(10);
    let (used, gained) = (machine.column("0/mm_stat", 2), machine.column("0/mm_stat", 6));
    assert!(gained > 0);
    machine.idle(60);
    assert_eq!(machine.column("0/mm_stat", 6), gained, "nothing was gained again");
    assert_eq!(machine.column("0/mm_stat", 2), used);
}
