//! The daemon's answers, page by page, and what a full device does.

use zram_abi::record::{Operation, Status};

use super::fake::Pte;
use super::world::{Access, CPU, IN, OUT, World};
use crate::ports::Page;
use crate::{Next, Reclaim};

fn six_pages() -> World {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world
}

const SPACE: crate::ports::SpaceId = crate::ports::SpaceId(1);

#[test]
fn each_page_of_a_batch_has_its_own_answer() {
    let mut world = six_pages();
    world.policy = |_, slot| match slot {
        0 => Status::Ok,
        1 => Status::NoGain,
        2 => Status::NoReserve,
        _ => Status::Ok,
    };
    world.post_batch();
    world.serve(OUT);
    let statistics = world.pager.statistics();
    assert_eq!((statistics.pages_out, statistics.refused_no_gain), (2, 1));
    assert_eq!(statistics.refused_no_reserve, 1);
    let swapped: alloc::vec::Vec<bool> = (0..4)
        .map(|page| matches!(world.ports.pte(SPACE, Page(page)), Some(Pte::Swapped(_))))
        .collect();
    assert_eq!(swapped, [true, false, false, true]);
    world.policy = super::world::always_ok;
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
    world.assert_nothing_leaks();
}

#[test]
fn a_page_without_gain_is_not_offered_again_until_it_is_written() {
    let mut world = six_pages();
    world.policy = |_, _| Status::NoGain;
    world.hog(1);
    world.post_batch();
    world.serve(OUT);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(world.pager.statistics().refused_no_gain, 6);
    for _ in 0..10 {
        assert!(!matches!(world.pager.reclaim_begin(CPU, &mut world.ports), Reclaim::Unmapped(_)));
    }
    world.ports.now_ns += 1_000_000_000;
    world.policy = super::world::always_ok;
    assert_eq!(world.access(SPACE, 3, Some(99)), Access::Done(99));
    world.post_batch();
    assert_eq!(world.work(OUT).unwrap().entries().len(), 1);
}

#[test]
fn a_device_at_its_limit_is_not_asked_again_until_enough_was_freed() {
    let mut world = World::new(90, 80);
    let contents: alloc::vec::Vec<u64> = (100..180).collect();
    let space = world.space_with(1, &contents);
    world.policy = |operation, slot| match operation {
        Operation::Store if slot >= 60 => Status::Limit,
        _ => Status::Ok,
    };
    world.hog(3);
    world.pager.set_watermarks(crate::Watermarks { high: 1000, ..super::world::MARKS }).unwrap();
    world.reclaim_all();
    assert_eq!(world.pager.statistics().pages_out, 60);
    let refused = world.pager.statistics().refused_limit;
    assert!((1..=4).contains(&refused), "one batch at most: {refused}");
    assert!(world.pager.areas().all(|area| !area.takes_pages));
    world.policy = super::world::always_ok;
    for page in 0..31 {
        world.unmap_page(space, page);
        world.pager.tick(&mut world.ports);
        world.serve(OUT);
    }
    assert!(world.pager.areas().all(|area| !area.takes_pages), "31 of 32 slots are freed");
    world.unmap_page(space, 31);
    world.pager.tick(&mut world.ports);
    world.serve(OUT);
    world.pager.tick(&mut world.ports);
    assert!(world.pager.areas().all(|area| area.takes_pages));
    world.reclaim_all();
    assert_eq!(world.pager.statistics().refused_limit, refused);
}

#[test]
fn a_full_device_is_asked_once_a_second_in_case_its_limit_was_raised() {
    let mut world = six_pages();
    world.policy = |_, _| Status::Limit;
    world.post_batch();
    world.serve(OUT);
    assert!(world.pager.areas().all(|area| !area.takes_pages));
    world.ports.now_ns += 1_000_000_000;
    world.pager.tick(&mut world.ports);
    assert!(world.pager.areas().all(|area| area.takes_pages));
}

#[test]
fn without_frames_for_the_pool_the_device_is_full_until_the_reserve_is_whole() {
    let mut world = six_pages();
    world.policy = |_, _| Status::NoReserve;
    let hogged = world.hog(1);
    world.post_batch();
    world.serve(OUT);
    assert!(world.pager.areas().all(|area| !area.takes_pages));
    hogged.into_iter().for_each(|frame| crate::ports::Frames::release(&mut world.ports, frame));
    world.pager.tick(&mut world.ports);
    assert!(world.pager.areas().all(|area| area.takes_pages));
}

#[test]
fn damage_loses_the_page_for_its_owner_only() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    world.policy = |operation, slot| match (operation, slot) {
        (Operation::Take, 2) => Status::Damaged,
        _ => Status::Ok,
    };
    assert_eq!(world.access(SPACE, 2, None), Access::Lost);
    assert_eq!(world.access(SPACE, 2, Some(1)), Access::Lost);
    assert_eq!(world.access(SPACE, 1, None), Access::Done(12));
    world.exit(SPACE);
    world.assert_nothing_leaks();
    assert_eq!(world.used_slots(), 0);
}

#[test]
fn a_reply_to_something_else_is_refused_and_the_record_stays_open() {
    let mut world = six_pages();
    world.post_batch();
    let mut record = world.work(OUT).unwrap();
    record.ticket = record.ticket.wrapping_add(1);
    assert_eq!(world.pager.queue_next(OUT, &record, &mut world.ports), Next::Invalid);
    assert_eq!(world.pager.statistics().bad_replies, 1);
    world.serve(OUT);
    assert_eq!(world.access(SPACE, 0, None), Access::Done(11));
}

#[test]
fn pages_answered_by_nothing_go_back_and_are_not_offered_for_ever() {
    let mut world = six_pages();
    world.policy = |_, _| Status::Pending;
    world.hog(3);
    world.reclaim_all();
    assert_eq!(world.pager.statistics().bad_replies, 6);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
    assert_eq!(world.serve(IN), 0);
}

#[test]
fn a_call_repeated_after_idle_completes_nothing_twice() {
    let mut world = six_pages();
    world.post_batch();
    let mut record = world.work(OUT).unwrap();
    record.entries_mut().iter_mut().for_each(|entry| entry.status = Status::NoGain);
    let first = world.pager.queue_next(OUT, &record, &mut world.ports);
    let again = world.pager.queue_next(OUT, &record, &mut world.ports);
    assert_eq!((first, again), (Next::Idle { run: None }, Next::Idle { run: None }));
    assert_eq!(world.pager.statistics().refused_no_gain, 4);
}
