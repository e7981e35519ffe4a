//! Ranges whose pages stay in memory during a call.

use std::sync::Arc;

use zram_abi::error::ENOMEM;

use super::fake::{BITS, Space};
use super::world::{FIRST, World};
use crate::{Errno, Kernel, Page, Range};

fn range(first: u64, count: u64) -> Range {
    Range { base: first as usize * 4096, size: count as usize * 4096, is_written: false }
}

#[test]
fn held_pages_do_not_leave() {
    let world = World::new();
    let space = world.program(1, 200);
    world.glue.hold(range(FIRST, 64)).unwrap();
    world.hog(10);
    world.reclaim();
    let entries = space.entries.lock().unwrap();
    assert!((FIRST..FIRST + 64).all(|page| entries[&page] & BITS.present != 0));
}

#[test]
fn pages_may_leave_when_the_call_has_ended() {
    let world = World::new();
    let space = world.program(1, 70);
    world.glue.hold(range(FIRST, 64)).unwrap();
    world.glue.call_ended();
    world.hog(10);
    world.reclaim();
    assert!(world.swapped(&space) > 6);
}

#[test]
fn another_context_does_not_let_go_of_them() {
    let world = World::new();
    let space = world.program(1, 70);
    world.glue.hold(range(FIRST, 64)).unwrap();
    world.kernel.lock().thread = 2;
    world.glue.call_ended();
    world.hog(10);
    world.reclaim();
    assert!(world.swapped(&space) <= 6);
}

/// Expects a page that is in swap to come in by `hold`.
fn comes_in(hold: impl Fn(&World, &Arc<Space>, Page)) {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(20);
    world.reclaim();
    let page = world.a_swapped_page(&space);
    world.then_serve();
    hold(&world, &space, page);
    assert_eq!(world.content(&space, page), page.0 + 1000);
}

#[test]
fn what_a_call_names_is_brought_in() {
    comes_in(|world, _, page| world.glue.hold(range(page.0, 1)).unwrap());
}

#[test]
fn what_was_never_touched_is_made_present() {
    let world = World::new();
    let space = world.program(1, 1);
    world.glue.hold(range(FIRST + 100, 1)).unwrap();
    let raw = space.entries.lock().unwrap()[&(FIRST + 100)];
    assert!(raw & BITS.present != 0);
}

#[test]
fn a_long_range_is_held_to_its_64th_page() {
    let world = World::new();
    let space = world.program(1, 1);
    world.glue.hold(range(FIRST, 200)).unwrap();
    let touched = space.entries.lock().unwrap().len();
    assert_eq!(touched, 64);
}

#[test]
fn the_2049th_range_is_refused() {
    let world = World::new();
    let _space = world.program(1, 1);
    for thread in 1..=2048 {
        world.kernel.lock().thread = thread;
        world.glue.hold(range(FIRST, 1)).unwrap();
    }
    world.kernel.lock().thread = 2049;
    assert_eq!(world.glue.hold(range(FIRST, 1)), Err(Errno(ENOMEM)));
}

#[test]
fn the_daemon_needs_to_hold_nothing() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    world.glue.hold(range(FIRST, 1)).unwrap();
    let root = crate::Tables::root(&*world.daemon);
    assert!(!world.glue.held.of(root).holds(Page(FIRST)));
}

#[test]
fn all_of_a_range_that_moves_comes_in() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(40);
    world.reclaim();
    // Room for what comes.
    (0..64).for_each(|_| world.then_serve());
    let before = world.swapped(&space);
    world.glue.hold_all(&space, range(FIRST, 30)).unwrap();
    let entries = space.entries.lock().unwrap();
    assert!((FIRST..FIRST + 30).all(|page| entries[&page] & BITS.present != 0));
    assert!(before > 0);
}

#[test]
fn a_page_whose_address_is_asked_for_comes_in() {
    comes_in(|world, space, page| world.glue.hold_all(space, range(page.0, 1)).unwrap());
}

#[test]
fn a_page_that_was_never_touched_gets_no_frame_by_being_asked_for() {
    let world = World::new();
    let space = world.program(1, 1);
    world.glue.hold_all(&space, range(FIRST + 100, 1)).unwrap();
    assert!(!space.entries.lock().unwrap().contains_key(&(FIRST + 100)));
}

#[test]
fn a_range_with_more_in_swap_than_a_quarter_of_memory_does_not_move() {
    let world = World::new();
    let space = world.program(1, 0);
    // Entries that nobody would bring in: the count alone decides.
    let total = u64::from(world.kernel.total_count());
    let fake = swap_pager::SwapEntry::from_bits(1 << 32 | 5).unwrap().bits() << 1;
    let mut entries = space.entries.lock().unwrap();
    (0..=total / 4).for_each(|page| {
        entries.insert(FIRST + page, fake);
    });
    drop(entries);
    assert_eq!(world.glue.hold_all(&space, range(FIRST, total)), Err(Errno(ENOMEM)));
}
