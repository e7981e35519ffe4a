//! A broken invariant closes the pager, and the machine goes on.
//!
//! Each test breaks the pager's own tables.

use zram_abi::verb::Cookie;

use super::fake::Pte;
use super::world::{Access, CPU, IN, OUT, World, asking};
use crate::lines::in_flight::{Load, Work};
use crate::places::slots::{LoadEnd, SlotMap};
use crate::ports::{Frames, SpaceId};
use crate::{AreaIndex, AreaState, Fault, Invariant, SwapEntry, SwapOnError, SwapSlot};

const SPACE: SpaceId = SpaceId(1);
const AREA: AreaIndex = AreaIndex(0);

fn six_pages() -> World {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world
}

fn entry(slot: u32) -> SwapEntry {
    SwapEntry { area: AREA, slot: SwapSlot(slot) }
}

/// Checks that the pager is closed for this reason, and that a page in memory is still there.
fn assert_closed(world: &mut World, invariant: Invariant) {
    assert_eq!(world.pager.broken_invariant(), Some(invariant));
    assert!(world.pager.areas().all(|area| area.state == AreaState::Dead));
    assert_eq!(world.ports.revoked, [IN, OUT]);
    assert_eq!(world.access(SPACE, 5, None), Access::Done(16));
}

#[test]
fn a_transition_that_the_slot_map_forbids_closes_the_pager() {
    let mut world = six_pages();
    world.post_batch();
    assert!(world.work(OUT).is_some());
    world.pager.turn_slot(entry(2), SlotMap::abandon).unwrap();
    world.answer(OUT);
    assert_eq!(world.work(OUT), None);
    assert_closed(&mut world, Invariant::SlotTransition);
}

#[test]
fn an_entry_that_is_no_pages_closes_the_pager_and_is_lost() {
    let mut world = six_pages();
    world.ports.space_mut(SPACE).table.insert(0, Pte::Swapped(entry(9)));
    assert_eq!(world.fault(SPACE, 0), Fault::Lost);
    assert_closed(&mut world, Invariant::EntryHasSlot);
}

#[test]
fn an_entry_that_is_dropped_but_no_pages_closes_the_pager() {
    let mut world = six_pages();
    world.pager.entry_placed(SPACE);
    world.pager.entries().drop_user(SPACE, entry(9));
    world.pager.tick(&mut world.ports);
    assert_closed(&mut world, Invariant::EntryHasSlot);
}

#[test]
fn a_page_on_its_way_out_that_no_batch_has_closes_the_pager_and_is_lost() {
    let mut world = six_pages();
    let unmapped = world.unmap_batch();
    assert!(world.pager.lines.end_batch(CPU, unmapped.ticket).is_some());
    assert_eq!(world.fault(SPACE, 0), Fault::Lost);
    assert_closed(&mut world, Invariant::PageHasBatch);
}

#[test]
fn a_batch_that_is_finished_but_was_not_begun_closes_the_pager() {
    let mut world = six_pages();
    let unmapped = world.unmap_batch();
    assert!(world.pager.lines.end_batch(CPU, unmapped.ticket).is_some());
    assert_eq!(world.pager.reclaim_finish(unmapped, &mut world.ports), None);
    assert_closed(&mut world, Invariant::PageHasBatch);
}

#[test]
fn work_for_a_queue_that_has_some_closes_the_pager() {
    let mut world = six_pages();
    world.post_batch();
    let load = Load::new(AREA, 7, false);
    assert!(!world.pager.post(OUT, Work::Load(load), &mut world.ports));
    world.pager.tick(&mut world.ports);
    assert_closed(&mut world, Invariant::QueueIsFree);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
}

#[test]
fn one_entry_less_than_none_closes_the_pager() {
    let mut world = six_pages();
    world.pager.entries().drop_user(SPACE, entry(0));
    world.pager.tick(&mut world.ports);
    assert_closed(&mut world, Invariant::CountsAgree);
}

#[test]
fn a_used_slot_that_nobody_names_closes_the_pager_when_its_area_is_unmounted() {
    let mut world = six_pages();
    let slot = world.pager.areas.take_free(AREA, 0).unwrap();
    world.pager.turn_slot(entry(slot.0), SlotMap::stored).unwrap();
    for _ in 0..20 {
        let caller = asking(9);
        let _ = world.pager.swapoff(0, caller, &mut world.ports);
    }
    world.pager.tick(&mut world.ports);
    assert_closed(&mut world, Invariant::SlotHasUser);
}

#[test]
fn an_entry_that_went_unreported_closes_the_pager_when_its_area_is_unmounted() {
    let mut world = World::new(24, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let hogged = world.hog(3);
    world.post_batch();
    world.serve(OUT);
    hogged.into_iter().for_each(|frame| world.ports.release(frame));
    let _ = world.fault(SPACE, 0);
    assert!(world.work(IN).is_some());
    world.ports.space_mut(SPACE).table.remove(&0);
    world.serve(IN);
    for _ in 0..20 {
        let caller = asking(9);
        let _ = world.pager.swapoff(0, caller, &mut world.ports);
        world.serve(IN);
    }
    world.pager.tick(&mut world.ports);
    assert_closed(&mut world, Invariant::SlotHasUser);
}

#[test]
fn a_space_that_ends_with_pages_on_their_way_out_closes_the_pager_and_gets_none_back() {
    let mut world = six_pages();
    world.post_batch();
    world.ports.spaces[1] = None;
    world.pager.entries().space_gone(SPACE);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.pager.broken_invariant(), Some(Invariant::EntryIsReported));
    assert_eq!(world.ports.revoked, [IN, OUT]);
}

#[test]
fn the_first_broken_rule_is_the_one_that_is_told() {
    let mut world = six_pages();
    world.pager.broke(Invariant::CountsAgree);
    world.pager.turn_slot(entry(0), |slots, slot| slots.end_load(slot, LoadEnd::Came));
    assert_eq!(world.pager.broken_invariant(), Some(Invariant::CountsAgree));
}

#[test]
fn a_closed_pager_takes_neither_daemons_nor_areas() {
    let mut world = six_pages();
    world.pager.broke(Invariant::CountsAgree);
    let cookie = Cookie { device: 3, generation: 1, pages: 16 };
    assert_eq!(world.pager.swapon(cookie, 0), Err(SwapOnError::NoDaemon));
    world.pager.tick(&mut world.ports);
    world.pager.queue_closed(OUT, &mut world.ports);
    assert!(!world.pager.queue_open(OUT));
}
