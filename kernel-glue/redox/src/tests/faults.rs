//! Pages leave and come back; wakes, kills and ends in between.

use std::boxed::Box;

use swap_pager::FaultRequest;
use swap_pager::ports::Direction;

use super::world::{FIRST, FRAMES, World, queue};
use crate::{Attempt, Kernel, Outcome, Page};

/// A program of which at least two batches have left.
fn swapped() -> (World, std::sync::Arc<super::fake::Space>, Page) {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(20);
    world.reclaim();
    let page = world.a_swapped_page(&space);
    (world, space, page)
}

#[test]
fn pages_leave_until_the_high_mark_is_reached() {
    let (world, space, _) = swapped();
    assert!(world.kernel.free_count() >= 72, "{} are free", world.kernel.free_count());
    assert!(world.swapped(&space) >= 52);
}

#[test]
fn a_page_comes_back_with_what_was_in_it() {
    let (world, space, page) = swapped();
    world.then_serve();
    assert_eq!(world.brings_in(&space, page), Outcome::Done);
    assert_eq!(world.content(&space, page), page.0 + 1000);
}

#[test]
fn every_page_of_a_program_larger_than_its_room_is_right() {
    let world = World::new();
    let space = world.program(1, 300);
    world.hog(4);
    world.reclaim();
    for page in (FIRST..FIRST + 300).map(Page) {
        (0..8).for_each(|_| world.then_serve());
        assert_eq!(world.brings_in(&space, page), Outcome::Done);
        world.kernel.lock().script.clear();
        assert_eq!(world.content(&space, page), page.0 + 1000);
        world.reclaim();
    }
    assert!(world.is_sound());
}

#[test]
fn a_batch_is_shot_down_before_it_is_read() {
    let (world, space, _) = swapped();
    assert!(world.kernel.lock().shot_down.contains(&space.root));
}

#[test]
fn a_wake_before_the_block_is_not_slept_through() {
    let (world, space, page) = swapped();
    let number = world.glue.number_of(&space).unwrap();
    let wait = world.glue.waiting().unwrap();
    let cpu = world.glue.cpu();
    let request = FaultRequest { space: number, page, waiter: wait.waiter, cpu };
    let _ = world.glue.call(|pager, machine| pager.fault(request, machine));
    world.serve();
    let switches = world.kernel.lock().switches;
    assert!(world.glue.sleep(&wait, "test"));
    assert_eq!(world.kernel.lock().switches, switches);
}

#[test]
fn who_is_killed_while_it_waits_stops_waiting() {
    let (world, space, page) = swapped();
    let kernel = world.kernel.clone();
    world.then(Box::new(move || {
        kernel.lock().killed.insert(1);
    }));
    assert_eq!(world.brings_in(&space, page), Outcome::Failed);
}

#[test]
fn the_number_of_a_killed_waiter_is_free_again() {
    let (world, space, page) = swapped();
    let kernel = world.kernel.clone();
    world.then(Box::new(move || {
        kernel.lock().killed.insert(1);
    }));
    let _ = world.brings_in(&space, page);
    let taken = world.glue.call(|_, machine| machine.parts.waiters.iter().flatten().count());
    assert_eq!(taken, Some(0));
}

#[test]
fn a_space_that_ends_while_its_pages_are_stored_leaves_no_frame_behind() {
    let world = World::new();
    let before = world.kernel.used();
    let space = world.program(1, 200);
    let hog = world.hog(20);
    world.glue.call(|pager, machine| pager.tick(machine));
    // A batch is with the daemon, which has not answered.
    world.glue.settle();
    world.exit(space);
    world.serve();
    hog.into_iter().for_each(|frame| world.kernel.release(frame));
    world.reclaim();
    assert_eq!(world.kernel.used(), before);
    assert!(world.is_sound());
}

#[test]
fn a_space_that_ends_while_a_page_comes_in_leaves_no_frame_behind() {
    let world = World::new();
    let before = world.kernel.used();
    let space = world.program(1, 200);
    let hog = world.hog(20);
    world.reclaim();
    let page = world.a_swapped_page(&space);
    let (other, kernel) = (world.clone(), world.kernel.clone());
    let ended = std::sync::Mutex::new(Some(std::sync::Arc::clone(&space)));
    world.then(Box::new(move || {
        kernel.lock().killed.insert(1);
        other.exit(ended.lock().unwrap().take().unwrap());
        other.serve();
    }));
    assert_eq!(world.brings_in(&space, page), Outcome::Failed);
    drop(space);
    hog.into_iter().for_each(|frame| world.kernel.release(frame));
    world.kernel.lock().space = None;
    world.reclaim();
    assert_eq!(world.kernel.used(), before);
    assert!(world.is_sound());
}

#[test]
fn a_page_is_lost_with_its_daemon_and_said_so() {
    let (world, space, page) = swapped();
    world.queues.iter().for_each(|&queue| world.glue.close_file(queue));
    assert_eq!(world.brings_in(&space, page), Outcome::Failed);
    assert!(world.kernel.lock().said.iter().any(|line| line.contains("is lost")));
}

#[test]
fn an_attempt_is_made_again_when_its_page_has_come() {
    let (world, space, page) = swapped();
    world.then_serve();
    let mut attempts = 0;
    let outcome = world.glue.correct(|| {
        attempts += 1;
        if attempts == 1 { Attempt::Swapped(space.clone(), page) } else { Attempt::Done }
    });
    assert_eq!((outcome, attempts), (Outcome::Done, 2));
}

#[test]
fn an_attempt_without_a_frame_is_made_again_with_one() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(10);
    (0..64).for_each(|_| world.then_serve());
    let mut frame = None;
    let outcome = world.glue.correct(|| {
        frame = world.glue.frame(crate::Whose::Program);
        if frame.is_some() { Attempt::Done } else { Attempt::NoFrame }
    });
    assert_eq!(outcome, Outcome::Done);
    assert!(frame.is_some());
    drop(space);
}

#[test]
fn a_frame_that_the_next_attempt_does_not_need_is_given_back() {
    let world = World::new();
    let frame = world.kernel.allocate().unwrap();
    world.glue.grant(frame);
    let used = world.kernel.used();
    let outcome = world.glue.correct(|| Attempt::Done);
    assert_eq!((outcome, world.kernel.used()), (Outcome::Done, used - 1));
}

#[test]
fn without_a_pager_a_fault_that_finds_no_frame_is_out_of_memory() {
    let (glue, _) = super::world::glue();
    assert_eq!(glue.correct(|| Attempt::NoFrame), Outcome::OutOfMemory);
}

#[test]
fn a_queue_that_waits_is_given_what_comes() {
    let (world, space, page) = swapped();
    world.then_serve();
    assert_eq!(world.brings_in(&space, page), Outcome::Done);
    let idle = world.glue.call(|pager, _| pager.queue_take(queue(Direction::In)));
    assert!(matches!(idle, Some(None)));
    assert!(world.kernel.used() <= FRAMES);
}
