//! Numbers of address spaces.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::vec::Vec;

use super::world::World;
use crate::{TableId, Tables};

#[test]
fn a_space_keeps_its_number() {
    let world = World::new();
    let space = world.program(1, 1);
    let number = world.glue.number_of(&space);
    assert!(number.is_some());
    assert_eq!(world.glue.number_of(&space), number);
}

#[test]
fn no_two_spaces_have_one_number_and_the_512th_is_the_last() {
    let world = World::new();
    let entries = world.glue.entries().unwrap();
    // All of them begin their search at the same place.
    let tables = (1..=600_usize).map(|number| TableId(number << 21));
    let numbers: Vec<_> = tables.map(|table| world.glue.spaces.number(table, entries)).collect();
    let given: BTreeSet<_> = numbers.iter().flatten().collect();
    assert_eq!(given.len(), numbers.iter().flatten().count());
    assert_eq!(given.len(), 512);
}

#[test]
fn a_number_is_not_given_again_before_the_pager_has_heard_of_the_end() {
    let world = World::new();
    let space = world.program(1, 1);
    let (root, number) = (space.root(), world.glue.number_of(&space));
    world.exit(space);
    let entries = world.glue.entries().unwrap();
    assert_ne!(world.glue.spaces.number(root, entries), number);
}

#[test]
fn a_number_is_given_again_after_that() {
    let world = World::new();
    let space = world.program(1, 1);
    let (root, number) = (space.root(), world.glue.number_of(&space));
    world.exit(space);
    world.reclaim();
    let entries = world.glue.entries().unwrap();
    assert_eq!(world.glue.spaces.number(root, entries), number);
}

#[test]
fn no_page_of_a_protected_program_leaves() {
    let world = World::new();
    let space = world.program(1, 200);
    world.glue.protect(&space).unwrap();
    world.hog(20);
    world.reclaim();
    assert_eq!(world.swapped(&space), 0);
}

#[test]
fn the_place_of_a_protected_program_that_has_ended_is_used_again() {
    let world = World::new();
    for number in 1..=20 {
        let space = world.kernel.space(number, 1);
        assert_eq!(world.glue.protect(&space), Ok(()));
    }
}

#[test]
fn a_fifth_protected_program_is_refused() {
    let world = World::new();
    let spaces: Vec<_> = (1..=5).map(|number| world.kernel.space(number, 1)).collect();
    let protected = spaces.iter().filter(|space| world.glue.protect(space).is_ok()).count();
    assert_eq!(protected, 4);
}

#[test]
fn a_last_reference_that_a_port_has_ends_after_the_call() {
    let world = World::new();
    let space = world.kernel.space(3, 1);
    let ended = Arc::clone(&world.kernel.ended);
    world.glue.call(|_, machine| {
        machine.glue.put_aside(space);
        assert!(ended.lock().unwrap().is_empty());
    });
    assert_eq!(*world.kernel.ended.lock().unwrap(), [3 << 12]);
}
