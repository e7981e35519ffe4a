//! An area gets another size while it is in use.

use super::world::{Access, CPU, IN, OUT, World, asking};
use crate::ports::{Frames, SpaceId, Waiter};
use crate::{Resize, ResizeBy, SwapOff, SwapOffError};

const SPACE: SpaceId = SpaceId(1);
const CALLER: Waiter = Waiter(9);
/// The daemon, of the life that is mounted.
const DAEMON: ResizeBy = ResizeBy::Daemon { generation: 1 };

/// Six pages, of which the first four lie in slots 0 to 3 of 16, and enough free frames.
fn swapped() -> World {
    let mut world = World::new(40, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let hogged = world.hog(3);
    world.post_batch();
    world.serve(OUT);
    hogged.into_iter().for_each(|frame| world.ports.release(frame));
    world
}

fn ask(world: &mut World, pages: u32, by: ResizeBy) -> SwapOff {
    let resize = Resize { device: 0, pages, by };
    world.pager.resize(resize, asking(CALLER.0), &mut world.ports)
}

/// Asks again and again, with a daemon that serves.
fn resize(world: &mut World, pages: u32) -> SwapOff {
    for _ in 0..50 {
        match ask(world, pages, ResizeBy::User) {
            SwapOff::Wait { .. } => {
                let _ = world.pager.commit(CALLER);
                world.serve(IN);
                world.serve(OUT);
                world.pager.tick(&mut world.ports);
            }
            end => return end,
        }
    }
    panic!("it does not end");
}

fn size(world: &World) -> u32 {
    world.pager.areas().map(|area| area.size_pages).sum()
}

fn all_pages_are_right(world: &mut World) {
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
}

#[test]
fn an_area_grows_at_once_when_its_device_has() {
    let mut world = World::new(9, 4);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    world.hog(3);
    assert!(!world.pager.wants_reclaim(CPU), "the area is full");
    assert_eq!(ask(&mut world, 8, DAEMON), SwapOff::Done);
    assert_eq!(size(&world), 8);
    world.reclaim_all();
    assert_eq!(world.used_slots(), 6);
    all_pages_are_right(&mut world);
}

#[test]
fn a_smaller_area_gives_up_the_slots_above_its_end_and_keeps_the_others() {
    let mut world = swapped();
    assert_eq!(resize(&mut world, 2), SwapOff::Done);
    assert_eq!((size(&world), world.used_slots()), (2, 2));
    assert!(world.stored.keys().all(|(_, slot)| *slot < 2), "{:?}", world.stored);
    all_pages_are_right(&mut world);
    world.assert_nothing_leaks();
}

#[test]
fn nothing_goes_above_the_end_while_slots_are_given_up_and_after() {
    let mut world = swapped();
    let begun = ask(&mut world, 2, ResizeBy::User);
    assert!(matches!(begun, SwapOff::Wait { .. }), "{begun:?}");
    world.hog(3);
    assert!(!world.pager.wants_reclaim(CPU), "the two slots that are left are used");
    assert_eq!(crate::files::texts::areas(&world.pager).matches("shrinking").count(), 1);
}

#[test]
fn a_smaller_area_that_is_done_is_told_so_by_the_daemon_and_grows_again() {
    let mut world = swapped();
    assert_eq!(ask(&mut world, 2, DAEMON), SwapOff::Failed(SwapOffError::Busy));
    assert_eq!(size(&world), 16);
    assert_eq!(resize(&mut world, 2), SwapOff::Done);
    assert_eq!(ask(&mut world, 2, DAEMON), SwapOff::Done);
    let larger = ask(&mut world, 3, ResizeBy::User);
    assert_eq!(larger, SwapOff::Failed(SwapOffError::NotMounted), "the device has 2 pages");
    assert_eq!(ask(&mut world, 16, DAEMON), SwapOff::Done);
    world.hog(3);
    world.reclaim_all();
    assert_eq!(world.used_slots(), 6);
    all_pages_are_right(&mut world);
}

#[test]
fn a_user_may_take_back_what_was_given_up_in_vain() {
    let mut world = swapped();
    assert_eq!(resize(&mut world, 2), SwapOff::Done);
    assert_eq!(resize(&mut world, 16), SwapOff::Done);
    assert_eq!(size(&world), 16);
}

#[test]
fn a_resize_without_memory_changes_nothing_and_kills_nobody() {
    let mut world = swapped();
    world.hog(super::world::MARKS.reserve + 1);
    assert_eq!(resize(&mut world, 2), SwapOff::Failed(SwapOffError::NoMemory));
    assert_eq!((size(&world), world.ports.killed.len()), (16, 0));
    assert_eq!(world.access(SPACE, 0, None), Access::Done(11));
}

#[test]
fn a_cancelled_resize_leaves_the_area_as_large_as_it_was() {
    let mut world = swapped();
    let _ = ask(&mut world, 2, ResizeBy::User);
    world.park(CALLER);
    world.pager.waiter_gone(CALLER, &mut world.ports);
    world.serve(IN);
    assert_eq!(size(&world), 16);
    all_pages_are_right(&mut world);
    world.assert_nothing_leaks();
}

#[test]
fn another_device_another_life_of_it_and_no_size_at_all_are_refused() {
    let mut world = swapped();
    let refused = SwapOff::Failed(SwapOffError::NotMounted);
    assert_eq!(ask(&mut world, 0, ResizeBy::User), refused);
    assert_eq!(ask(&mut world, 32, ResizeBy::Daemon { generation: 2 }), refused);
    assert_eq!(size(&world), 16);
    let other = Resize { device: 1, pages: 4, by: ResizeBy::User };
    assert_eq!(world.pager.resize(other, asking(CALLER.0), &mut world.ports), refused);
}

#[test]
fn one_resize_or_swapoff_at_a_time() {
    let mut world = swapped();
    let _ = ask(&mut world, 2, ResizeBy::User);
    let busy = SwapOff::Failed(SwapOffError::Busy);
    assert_eq!(world.pager.swapoff(0, asking(8), &mut world.ports), busy);
}
