//! swapon and swapoff: priorities, refusals, and nothing changed by failure.

use zram_abi::verb::Cookie;

use super::world::{Access, IN, OUT, World, asking};
use crate::ports::{Frames, SpaceId, Waiter};
use crate::{AreaState, Caller, SwapOff, SwapOffError, SwapOnError};

const SPACE: SpaceId = SpaceId(1);
const CALLER: Caller = asking(9);

/// Space 1 with 6 pages, four of them on device 0; 10 frames free, 3 of them after hogging.
fn swapped() -> World {
    let mut world = World::new(16, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let hogged = world.hog(3);
    world.post_batch();
    world.serve(OUT);
    hogged.into_iter().for_each(|frame| world.ports.release(frame));
    world.pager.tick(&mut world.ports);
    world
}

fn swapoff(world: &mut World, device: u16) -> SwapOff {
    for _ in 0..1000 {
        match world.pager.swapoff(device, CALLER, &mut world.ports) {
            SwapOff::Wait { .. } => {
                let _ = world.pager.commit(CALLER.waiter);
                world.serve(IN);
                world.serve(OUT);
                world.reclaim_all();
            }
            end @ (SwapOff::Done | SwapOff::Failed(_)) => return end,
        }
    }
    panic!("swapoff does not end");
}

#[test]
fn swapoff_brings_everything_back_and_removes_the_area() {
    let mut world = swapped();
    assert_eq!(swapoff(&mut world, 0), SwapOff::Done);
    assert_eq!(world.pager.areas().count(), 0);
    assert_eq!(world.stored.len(), 0);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
    assert_eq!(world.pager.swapped_pages(SPACE), 0);
}

#[test]
fn swapoff_of_shared_slots_brings_every_sharer_its_page() {
    let mut world = swapped();
    let ready = world.pager.fork_begin(SPACE, Waiter(1), &mut world.ports);
    assert_eq!(ready, crate::Fork::Ready);
    let child = world.copy_space(SPACE, 2);
    assert_eq!(swapoff(&mut world, 0), SwapOff::Done);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
        assert_eq!(world.access(child, page, None), Access::Done(page + 11));
    }
}

#[test]
fn swapoff_without_memory_changes_nothing_and_kills_nobody() {
    let mut world = swapped();
    world.hog(super::world::MARKS.reserve + 1);
    assert_eq!(swapoff(&mut world, 0), SwapOff::Failed(SwapOffError::NoMemory));
    assert!(world.pager.areas().all(|area| area.state == AreaState::Active));
    assert_eq!(world.ports.killed, []);
    assert_eq!(world.access(SPACE, 0, None), Access::Done(11));
}

#[test]
fn a_thread_that_starves_ends_swapoff_before_anyone_is_killed() {
    let mut world = swapped();
    let _ = world.pager.swapoff(0, CALLER, &mut world.ports);
    world.park(CALLER.waiter);
    world.hog(super::world::MARKS.reserve);
    let wish = crate::FrameFor::Thread(Waiter(7));
    let answer = world.pager.frame_needed(wish, &mut world.ports);
    assert_eq!(answer, crate::FrameAnswer::Wait);
    assert_eq!(world.ports.woken, [CALLER.waiter]);
    let end = world.pager.swapoff(0, CALLER, &mut world.ports);
    assert_eq!(end, SwapOff::Failed(SwapOffError::NoMemory));
    assert_eq!(world.ports.killed, []);
    assert!(world.pager.areas().all(|area| area.state == AreaState::Active));
}

#[test]
fn swapoff_spills_to_another_area_when_memory_is_short() {
    let mut world = swapped();
    world.swapon(1, 16, -5);
    world.hog(super::world::MARKS.reserve + 1);
    assert_eq!(swapoff(&mut world, 0), SwapOff::Done);
    assert_eq!(world.pager.areas().map(|area| area.device).collect::<alloc::vec::Vec<_>>(), [1]);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
}

#[test]
fn swapoff_that_waits_for_a_frame_looks_again_at_the_next_tick() {
    let mut world = swapped();
    world.swapon(1, 16, -5);
    let hogged = world.hog(super::world::MARKS.reserve);
    let asked = world.pager.swapoff(0, CALLER, &mut world.ports);
    assert_eq!(asked, SwapOff::Wait { run: None });
    world.park(CALLER.waiter);
    hogged.into_iter().for_each(|frame| world.ports.release(frame));
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.woken, [CALLER.waiter]);
    assert_eq!(swapoff(&mut world, 0), SwapOff::Done);
}

#[test]
fn a_cancelled_swapoff_puts_the_area_back_in_use() {
    let mut world = swapped();
    let _ = world.pager.swapoff(0, CALLER, &mut world.ports);
    world.park(CALLER.waiter);
    world.pager.waiter_gone(CALLER.waiter, &mut world.ports);
    assert!(world.pager.areas().all(|area| area.state == AreaState::Active));
    world.serve(IN);
    assert_eq!(world.ports.woken, []);
    world.assert_nothing_leaks();
}

#[test]
fn one_swapoff_at_a_time_and_only_of_what_is_mounted() {
    let mut world = swapped();
    let none = world.pager.swapoff(7, CALLER, &mut world.ports);
    assert_eq!(none, SwapOff::Failed(SwapOffError::NotMounted));
    let _ = world.pager.swapoff(0, CALLER, &mut world.ports);
    let second = world.pager.swapoff(0, asking(8), &mut world.ports);
    assert_eq!(second, SwapOff::Failed(SwapOffError::Busy));
}

#[test]
fn swapoff_waits_for_a_probe_that_names_the_area() {
    let mut world = World::new(9, 16);
    assert_eq!(world.pager.probe(asking(5), &mut world.ports), Some(IN));
    let asked = world.pager.swapoff(0, CALLER, &mut world.ports);
    assert_eq!(asked, SwapOff::Wait { run: None });
    world.park(CALLER.waiter);
    assert_eq!(world.serve(IN), 1);
    assert_eq!(world.ports.woken, [CALLER.waiter]);
    assert_eq!(world.pager.swapoff(0, CALLER, &mut world.ports), SwapOff::Done);
}

#[test]
fn swapon_refuses_what_it_cannot_mount() {
    let mut world = World::new(9, 16);
    let cookie = Cookie { device: 0, generation: 1, pages: 16 };
    assert_eq!(world.pager.swapon(cookie, 0), Err(SwapOnError::Mounted));
    let empty = Cookie { device: 1, generation: 1, pages: 0 };
    assert_eq!(world.pager.swapon(empty, 0), Err(SwapOnError::Invalid));
    world.pager.queue_closed(OUT, &mut world.ports);
    let other = Cookie { device: 1, generation: 1, pages: 16 };
    assert_eq!(world.pager.swapon(other, 0), Err(SwapOnError::NoDaemon));
}

#[test]
fn the_area_of_highest_priority_is_filled_first_and_equals_take_turns() {
    let mut world = World::without_area(40);
    world.swapon(1, 4, 1);
    world.swapon(2, 4, 5);
    world.swapon(3, 8, 1);
    let contents: alloc::vec::Vec<u64> = (100..130).collect();
    world.space_with(1, &contents);
    world.hog(3);
    let mut devices = alloc::vec::Vec::new();
    for _ in 0..3 {
        world.post_batch();
        devices.push(world.work(OUT).unwrap().device);
        world.serve(OUT);
        world.hog(3);
    }
    assert_eq!(devices[0], 2);
    assert_eq!(devices[1..].iter().sum::<u32>(), 4, "1 and 3, in some order: {devices:?}");
}
