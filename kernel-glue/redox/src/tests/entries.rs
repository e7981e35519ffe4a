//! What unmap, fork and exit do to entries.

use std::boxed::Box;
use std::sync::Arc;

use zram_abi::error::EAGAIN;

use super::fake::{BITS, Space};
use super::world::World;
use crate::{Copied, Errno, Kernel, Outcome, Page, Tables};

fn swapped() -> (World, Arc<Space>, Page, u64) {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(20);
    world.reclaim();
    let page = world.a_swapped_page(&space);
    let raw = space.entries.lock().unwrap()[&page.0];
    (world, space, page, raw)
}

fn copy(world: &World, page: Page, raw: u64) -> Arc<Space> {
    let child = world.kernel.space(2, 300);
    let copied = world.glue.entry_copied(child.root(), raw);
    assert_eq!(copied, Ok(Copied::Counted));
    child.entries.lock().unwrap().insert(page.0, raw);
    world.glue.space_copied(&child);
    child
}

#[test]
fn a_copied_page_is_read_by_both() {
    let (world, space, page, raw) = swapped();
    let child = copy(&world, page, raw);
    for program in [&space, &child] {
        world.then_serve();
        assert_eq!(world.brings_in(program, page), Outcome::Done);
        assert_eq!(world.content(program, page), page.0 + 1000);
    }
    assert!(world.is_sound());
}

#[test]
fn the_slot_of_a_copied_page_outlives_the_first_program() {
    let (world, space, page, raw) = swapped();
    let child = copy(&world, page, raw);
    world.exit(space);
    world.kernel.run(2, &child);
    world.then_serve();
    assert_eq!(world.brings_in(&child, page), Outcome::Done);
    assert_eq!(world.content(&child, page), page.0 + 1000);
}

#[test]
fn a_page_on_its_way_out_cannot_be_copied() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(20);
    world.glue.call(|pager, machine| pager.tick(machine));
    world.glue.settle();
    let page = world.a_swapped_page(&space);
    let raw = space.entries.lock().unwrap()[&page.0];
    let child = world.kernel.space(2, 300);
    assert_eq!(world.glue.entry_copied(child.root(), raw), Err(Errno(EAGAIN)));
}

#[test]
fn a_present_page_is_no_entry() {
    let (world, space, ..) = swapped();
    assert_eq!(world.glue.entry_copied(space.root(), BITS.present), Ok(Copied::NoEntry));
}

#[test]
fn a_fork_waits_until_nothing_is_on_its_way() {
    let (world, space, page, _) = swapped();
    // A page-in of another context is with the daemon.
    let number = world.glue.number_of(&space).unwrap();
    let wait = world.glue.waiting().unwrap();
    let cpu = world.glue.cpu();
    let request = swap_pager::FaultRequest { space: number, page, waiter: wait.waiter, cpu };
    let _ = world.glue.call(|pager, machine| pager.fault(request, machine));
    let switches = world.kernel.lock().switches;
    world.then_serve();
    world.glue.fork_begins(space.root()).unwrap();
    assert_eq!(world.kernel.lock().switches, switches + 1);
    drop(wait);
}

#[test]
fn no_page_leaves_between_the_wait_and_the_copy() {
    let world = World::new();
    let space = world.program(1, 200);
    world.glue.fork_begins(space.root()).unwrap();
    world.hog(20);
    world.reclaim();
    assert_eq!(world.swapped(&space), 0);
}

#[test]
fn a_fork_waits_for_frames_for_its_tables() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(60);
    (0..16).for_each(|_| world.then_serve());
    world.glue.fork_begins(space.root()).unwrap();
    assert!(world.kernel.free_count() > 64);
    assert!(world.kernel.lock().switches > 0);
}

#[test]
fn a_fork_of_a_program_that_is_killed_meanwhile_fails() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(60);
    let kernel = world.kernel.clone();
    world.then(Box::new(move || {
        kernel.lock().killed.insert(1);
    }));
    assert!(world.glue.fork_begins(space.root()).is_err());
}

#[test]
fn a_space_that_ends_gives_its_slots_back() {
    let (world, space, ..) = swapped();
    world.exit(space);
    world.reclaim();
    let used = world.glue.call(|pager, _| pager.areas().map(|area| area.used_pages).sum::<u32>());
    assert_eq!(used, Some(0));
    assert!(world.is_sound());
}
