//! The three levels of the reserve.

use super::world::World;
use crate::{Kernel, Whose};

/// Frames that the taker gets, of `left` that are free.
fn taken(world: &World, whose: Whose, left: u32) -> u32 {
    world.hog(left);
    let mut count = 0;
    while world.glue.frame(whose).is_some() {
        count += 1;
    }
    count
}

#[test]
fn a_program_stops_at_the_reserve() {
    let world = World::new();
    let _program = world.program(1, 1);
    assert_eq!(taken(&world, Whose::Program, 100), 100 - 64);
}

#[test]
fn the_kernel_stops_at_half_of_it() {
    let world = World::new();
    let _program = world.program(1, 1);
    assert_eq!(taken(&world, Whose::Kernel, 100), 100 - 32);
}

#[test]
fn the_daemon_takes_the_last_one() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    assert_eq!(taken(&world, Whose::Program, 100), 100);
}

#[test]
fn without_a_pager_there_is_no_reserve() {
    let (glue, kernel) = super::world::glue();
    (0..super::world::FRAMES - 1).for_each(|_| assert!(kernel.allocate().is_some()));
    assert!(glue.frame(Whose::Program).is_some());
}

#[test]
fn what_the_daemon_took_is_told_to_the_pager() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    assert!(world.glue.frame(Whose::Program).is_some());
    assert_eq!(world.glue.taken.load(core::sync::atomic::Ordering::Relaxed), 1);
    world.glue.settle();
    assert_eq!(world.glue.taken.load(core::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn a_program_gets_as_many_frames_as_are_said_to_be_available() {
    let world = World::new();
    let _program = world.program(1, 1);
    let available = world.glue.available(100);
    assert_eq!(taken(&world, Whose::Program, 100), available);
}

#[test]
fn fewer_frames_than_the_reserve_leave_none_available() {
    assert_eq!(World::new().glue.available(63), 0);
}

#[test]
fn without_a_pager_all_that_is_free_is_available() {
    let (glue, _kernel) = super::world::glue();
    assert_eq!(glue.available(7), 7);
}
