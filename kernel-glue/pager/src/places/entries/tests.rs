//! What hooks report, and what of that the pager collects in one call.

use super::*;
use alloc::vec::Vec;

const AREA: AreaIndex = AreaIndex(3);
const SPACE: SpaceId = SpaceId(70);

fn entry(slot: u32) -> SwapEntry {
    SwapEntry { area: AREA, slot: SwapSlot(slot) }
}

/// Two chunks of slots with one user each.
fn stored() -> Entries {
    let entries = Entries::new(100).unwrap();
    entries.extend(AREA).unwrap();
    entries.extend(AREA).unwrap();
    for slot in 0..2 * CHUNK_SLOTS {
        entries.turn(entry(slot), |_| Ok(Slot::Stored(1))).unwrap();
        entries.add(SPACE).unwrap();
    }
    entries
}

fn collect(entries: &Entries, mut most: u32) -> Vec<u32> {
    let mut slots = Vec::new();
    entries.hear();
    entries.collect(AREA, &mut most, |slot| slots.push(slot.0));
    slots
}

#[test]
fn a_slot_whose_last_user_went_is_collected_once() {
    let entries = stored();
    for slot in [5, 4096, 8191, 64] {
        entries.drop_user(SPACE, entry(slot));
    }
    assert!(entries.have_news());
    assert_eq!(collect(&entries, 100), [5, 64, 4096, 8191]);
    assert!(!entries.have_news());
    assert_eq!(entries.slot(entry(64)), Slot::Noticed);
    assert_eq!(collect(&entries, 100), []);
    assert_eq!(entries.count(SPACE), 8188);
}

#[test]
fn a_slot_that_still_has_a_user_is_not_collected() {
    let entries = stored();
    assert_eq!(entries.add_user(SpaceId(1), entry(7)), Duplicate::Counted);
    entries.drop_user(SPACE, entry(7));
    assert!(!entries.have_news());
    assert_eq!(collect(&entries, 100), []);
    assert_eq!(entries.slot(entry(7)), Slot::Stored(1));
}

#[test]
fn what_one_turn_does_not_collect_is_there_for_the_next() {
    let entries = stored();
    (0..2 * CHUNK_SLOTS).for_each(|slot| entries.drop_user(SPACE, entry(slot)));
    let (mut slots, mut turns) = (Vec::new(), 0);
    while entries.have_news() {
        let some = collect(&entries, 100);
        assert!(some.len() <= 100 + 63, "{} in one turn", some.len());
        slots.extend(some);
        turns += 1;
    }
    assert_eq!(slots, (0..2 * CHUNK_SLOTS).collect::<Vec<_>>());
    assert!(turns > 50, "{turns} turns");
}

#[test]
fn a_slot_with_as_many_users_as_fit_gets_no_other() {
    let entries = stored();
    (1..crate::places::word::USERS_MAX)
        .for_each(|_| assert_eq!(entries.add_user(SPACE, entry(0)), Duplicate::Counted));
    assert_eq!(entries.add_user(SPACE, entry(0)), Duplicate::Full);
    assert_eq!(entries.take_broken(), None);
}

#[test]
fn an_entry_that_is_no_pages_is_told_as_a_broken_rule() {
    for wrong in [SwapEntry { area: AreaIndex(200), slot: SwapSlot(0) }, entry(9000)] {
        let entries = stored();
        entries.drop_user(SPACE, wrong);
        assert!(entries.have_news());
        assert_eq!(entries.take_broken(), Some(Invariant::EntryHasSlot));
    }
}

#[test]
fn a_space_that_is_gone_is_handed_out_once() {
    let entries = stored();
    entries.space_gone(SPACE);
    assert!(entries.is_gone(SPACE) && entries.have_news());
    assert_eq!((entries.take_gone(), entries.take_gone()), (Some(SPACE), None));
    assert!(!entries.is_gone(SPACE));
}
