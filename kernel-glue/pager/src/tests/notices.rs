//! Free notices: none is lost, and no slot is given out before the reply to its notice.

use alloc::vec::Vec;

use zram_abi::record::{Operation, Status};

use super::world::{OUT, World, cpu_id};
use crate::ports::SpaceId;

const SPACE: SpaceId = SpaceId(1);

/// An area of 4 slots, all of them used by pages 0 to 3.
fn full() -> World {
    let mut world = World::new(9, 4);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    world
}

#[test]
fn a_slot_in_a_free_notice_is_not_allocatable_until_its_reply() {
    let mut world = full();
    world.unmap_page(SPACE, 0);
    world.hog(3);
    assert!(!world.pager.wants_reclaim(super::world::CPU), "the notice is pending");
    world.pager.tick(&mut world.ports);
    let notice = world.work(OUT).unwrap();
    assert_eq!((notice.operation, notice.entries().len()), (Operation::Free, 1));
    assert!(!world.pager.wants_reclaim(super::world::CPU), "the notice is in flight");
    world.serve(OUT);
    assert!(world.pager.wants_reclaim(super::world::CPU));
}

#[test]
fn the_last_user_of_many_slots_frees_them_in_records_of_32() {
    let mut world = World::new(80, 80);
    let contents: Vec<u64> = (100..170).collect();
    world.space_with(1, &contents);
    world.hog(3);
    world.pager.set_watermarks(crate::Watermarks { high: 1000, ..super::world::MARKS }).unwrap();
    world.reclaim_all();
    assert_eq!(world.stored.len(), 70);
    world.exit(SPACE);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.serve(OUT), 3);
    assert_eq!(world.pager.statistics().notices, 70);
    assert_eq!(world.stored.len(), 0);
    assert_eq!(world.used_slots(), 0);
}

#[test]
fn a_notice_on_a_queue_that_closes_is_sent_again_on_another() {
    let mut world = full();
    let other = crate::ports::QueueId { cpu: cpu_id(1), ..OUT };
    world.unmap_page(SPACE, 0);
    world.pager.tick(&mut world.ports);
    assert!(world.work(OUT).is_some());
    world.pager.queue_closed(OUT, &mut world.ports);
    assert!(world.pager.queue_open(other));
    world.held.insert(super::fake::key(other), zram_abi::record::Record::none());
    assert!(world.work(other).is_some());
    assert_eq!(world.serve(other), 1);
    assert_eq!(world.stored.len(), 3);
    assert_eq!(world.used_slots(), 3);
}

#[test]
fn a_notice_does_not_take_the_queue_that_a_batch_is_about_to_use() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    world.hog(3);
    let unmapped = world.unmap_batch();
    world.unmap_page(SPACE, 0);
    world.pager.tick(&mut world.ports);
    let run = world.pager.reclaim_finish(unmapped, &mut world.ports);
    assert_eq!(run, Some(OUT));
    assert_eq!(world.serve(OUT), 2);
    assert_eq!(world.pager.statistics().pages_out, 6);
}

#[test]
fn a_notice_that_is_answered_with_nonsense_is_not_sent_for_ever() {
    let mut world = full();
    world.policy = |operation, _| match operation {
        Operation::Free => Status::NoReserve,
        _ => Status::Ok,
    };
    world.unmap_page(SPACE, 0);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.serve(OUT), 1);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.serve(OUT), 0);
    assert_eq!((world.pager.statistics().bad_replies, world.used_slots()), (1, 3));
}
