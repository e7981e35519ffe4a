//! Every event for a page that is being swapped out: the table in `lines/in_flight.rs`.

use super::fake::Pte;
use super::world::{Access, IN, OUT, World, asking};
use crate::ports::{Page, SpaceId, UserPage, Waiter};
use crate::{Duplicate, Fault, Fork, SwapEntry, SwapOff};
use zram_abi::record::{Operation, Status};

fn small() -> World {
    World::new(9, 16)
}

#[test]
fn a_page_swapped_out_comes_back_the_same() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(world.pager.statistics().pages_out, 4);
    for (page, content) in [(0, 11), (3, 14), (1, 12), (2, 13), (5, 16)] {
        assert_eq!(world.access(space, page, None), Access::Done(content));
    }
    assert!(world.pager.statistics().pages_in >= 4);
    world.assert_nothing_leaks();
}

#[test]
fn a_fault_between_unmap_and_shootdown_gets_the_page_back_and_frees_the_slot() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let unmapped = world.unmap_batch();
    assert_eq!(world.pager.unmapped_pages(&unmapped).count(), 4);
    assert_eq!(world.fault(space, 2), Fault::Mapped);
    assert_eq!(world.used_slots(), 3);
    let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
    let record = world.work(OUT).unwrap();
    assert_eq!(record.entries().len(), 3);
    world.serve(OUT);
    assert_eq!(world.access(space, 2, None), Access::Done(13));
    world.assert_nothing_leaks();
}

#[test]
fn a_write_fault_on_a_page_on_its_way_out_gets_the_held_frame_and_the_new_bytes_stay() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    assert!(world.work(OUT).is_some());
    assert_eq!(world.access(space, 0, Some(99)), Access::Done(99));
    world.serve(OUT);
    assert_eq!(world.access(space, 0, None), Access::Done(99));
    assert_eq!(world.pager.statistics().cancelled, 1);
    world.assert_nothing_leaks();
}

#[test]
fn fork_brings_pages_in_flight_back_before_they_are_shared() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    assert!(world.work(OUT).is_some());
    let ready = world.pager.fork_begin(space, Waiter(1), &mut world.ports);
    assert_eq!(ready, Fork::Ready);
    let child = world.copy_space(space, 2);
    world.serve(OUT);
    assert_eq!(world.access(space, 0, Some(99)), Access::Done(99));
    assert_eq!(world.access(child, 0, None), Access::Done(11));
    world.assert_nothing_leaks();
}

#[test]
fn fork_waits_for_a_take_and_is_ready_after_it() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(world.fault(space, 0), Fault::Wait { run: Some(IN) });
    assert_eq!(world.pager.fork_begin(space, Waiter(9), &mut world.ports), Fork::Wait);
    world.park(Waiter(9));
    world.park(Waiter(1));
    world.serve(IN);
    assert!(world.ports.woken.contains(&Waiter(9)));
    assert_eq!(world.pager.fork_begin(space, Waiter(9), &mut world.ports), Fork::Ready);
    let child = world.copy_space(space, 2);
    assert_eq!(world.access(child, 0, None), Access::Done(11));
    assert_eq!(world.access(child, 1, None), Access::Done(12));
    assert_eq!(world.access(space, 1, None), Access::Done(12));
    world.exit(space);
    world.exit(child);
    world.assert_nothing_leaks();
}

#[test]
fn unmap_of_a_page_in_flight_frees_frame_and_slot_after_the_reply() {
    for before_shootdown in [false, true] {
        let mut world = small();
        let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
        let unmapped = world.unmap_batch();
        if before_shootdown {
            world.unmap_page(space, 1);
            let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
        } else {
            let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
            world.unmap_page(space, 1);
        }
        world.serve(OUT);
        assert_eq!(world.access(space, 2, None), Access::Done(13));
        world.assert_nothing_leaks();
    }
}

#[test]
fn exit_with_pages_on_the_way_out_and_in_leaves_nothing_behind() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    let _ = world.fault(space, 0);
    assert!(world.work(IN).is_some());
    world.ports.now_ns += 1;
    let hogged = world.hog(3);
    world.post_batch();
    world.exit(space);
    hogged.into_iter().for_each(|frame| crate::ports::Frames::release(&mut world.ports, frame));
    world.serve(OUT);
    world.serve(IN);
    world.assert_nothing_leaks();
    assert_eq!(world.used_slots(), 0);
}

#[test]
fn swapoff_with_pages_in_flight_brings_them_all_back() {
    let mut world = World::new(24, 16);
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let hogged = world.hog(3);
    world.post_batch();
    assert!(world.work(OUT).is_some());
    hogged.into_iter().for_each(|frame| crate::ports::Frames::release(&mut world.ports, frame));
    let caller = asking(9);
    assert_eq!(world.pager.swapoff(0, caller, &mut world.ports), SwapOff::Wait { run: None });
    world.park(Waiter(9));
    world.serve(OUT);
    assert_eq!(world.ports.woken, [Waiter(9)]);
    let asked = world.pager.swapoff(0, caller, &mut world.ports);
    assert_eq!(asked, SwapOff::Wait { run: Some(IN) });
    world.park(Waiter(9));
    world.serve(IN);
    assert_eq!(world.pager.swapoff(0, caller, &mut world.ports), SwapOff::Done);
    for (page, content) in (0..6).zip(11..) {
        let pte = world.ports.pte(space, Page(page)).unwrap();
        let Pte::Present { frame, .. } = pte else { panic!("page {page} is {pte:?}") };
        assert_eq!(world.ports.content(frame), content);
    }
    world.assert_nothing_leaks();
}

#[test]
fn swapoff_that_waits_for_a_batch_goes_on_when_that_is_not_offered() {
    let mut world = World::new(24, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.hog(3);
    let unmapped = world.unmap_batch();
    let caller = asking(9);
    assert_eq!(world.pager.swapoff(0, caller, &mut world.ports), SwapOff::Wait { run: None });
    world.park(Waiter(9));
    assert_eq!(world.pager.reclaim_finish(unmapped, &mut world.ports), None);
    assert_eq!(world.ports.woken, [Waiter(9)]);
    assert_eq!(world.pager.swapoff(0, caller, &mut world.ports), SwapOff::Done);
}

#[test]
fn pages_of_zeros_are_dropped_without_a_request() {
    let mut world = small();
    let space = world.space_with(1, &[0, 0, 0, 0, 15, 16]);
    world.post_batch();
    assert_eq!(world.work(OUT), None);
    assert_eq!(world.pager.statistics().zero_pages, 4);
    assert_eq!(world.ports.pte(space, Page(0)), None);
    world.assert_nothing_leaks();
}

#[test]
fn pinned_and_shared_pages_are_no_victims() {
    let mut world = small();
    let pinned = world.space_with(1, &[11, 12]);
    world.ports.space_mut(pinned).kind = crate::ports::SpaceKind::Pinned;
    let space = world.space_with(2, &[21, 22]);
    let shared = world.copy_space(space, 3);
    let lone = world.space_with(4, &[41, 42]);
    world.hog(1);
    let unmapped = world.unmap_batch();
    let pages: alloc::vec::Vec<_> = world.pager.unmapped_pages(&unmapped).collect();
    assert_eq!(pages, [0, 1].map(|page| UserPage { space: lone, page: Page(page) }));
    let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
    assert_eq!(world.access(shared, 1, None), Access::Done(22));
}

#[test]
fn a_page_used_lately_stays_while_others_are_to_be_had() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    for page in [0, 1] {
        assert_eq!(world.access(space, page, Some(page + 11)), Access::Done(page + 11));
    }
    let unmapped = world.unmap_batch();
    let pages: alloc::vec::Vec<_> =
        world.pager.unmapped_pages(&unmapped).map(|unmapped| unmapped.page.0).collect();
    assert_eq!(pages, [2, 3, 4, 5]);
    let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
}

/// Takes an entry out of the page table and returns it, for its report to come later.
fn take_entry(world: &mut World, space: SpaceId, page: u64) -> SwapEntry {
    match world.ports.space_mut(space).table.remove(&page) {
        Some(Pte::Swapped(entry)) => entry,
        other => panic!("page {page} is {other:?}"),
    }
}

#[test]
fn a_page_that_comes_between_its_entrys_end_and_the_report_of_it_is_let_go() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(world.fault(space, 0), Fault::Wait { run: Some(IN) });
    let entry = take_entry(&mut world, space, 0);
    world.serve(IN);
    assert_eq!(world.ports.pte(space, Page(0)), None);
    assert_eq!(world.used_slots(), 4, "the slot is nobody's yet");
    world.pager.entries().drop_user(space, entry);
    world.pager.tick(&mut world.ports);
    world.serve(OUT);
    assert_eq!(world.used_slots(), 3);
    world.assert_nothing_leaks();
}

#[test]
fn a_page_that_is_refused_between_its_entrys_end_and_the_report_of_it_is_let_go() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.policy = |operation, _| match operation {
        Operation::Store => Status::NoGain,
        _ => Status::Ok,
    };
    world.post_batch();
    let entry = take_entry(&mut world, space, 0);
    world.serve(OUT);
    assert_eq!((world.ports.pte(space, Page(0)), world.used_slots()), (None, 1));
    world.pager.entries().drop_user(space, entry);
    world.assert_nothing_leaks();
    assert_eq!(world.used_slots(), 0);
}

#[test]
fn a_fault_between_an_entrys_end_and_the_report_of_it_maps_nothing() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    let entry = take_entry(&mut world, space, 0);
    assert!(world.pager.give_back(entry, &mut world.ports));
    assert_eq!(world.ports.pte(space, Page(0)), None);
    world.pager.entries().drop_user(space, entry);
    world.serve(OUT);
    world.assert_nothing_leaks();
}

#[test]
fn a_copy_of_an_entry_whose_page_is_in_flight_is_refused() {
    let mut world = small();
    let space = world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    let Some(Pte::Swapped(entry)) = world.ports.pte(space, Page(0)) else { panic!("not out") };
    let entries = world.pager.entries();
    assert_eq!(entries.add_user(SpaceId(2), entry), Duplicate::InFlight);
    world.serve(OUT);
    assert_eq!(entries.add_user(SpaceId(2), entry), Duplicate::Counted);
    assert_eq!(world.fault(space, 1), Fault::Wait { run: Some(IN) });
    let Some(Pte::Swapped(taken)) = world.ports.pte(space, Page(1)) else { panic!("not out") };
    assert_eq!(entries.add_user(SpaceId(2), taken), Duplicate::InFlight);
}
