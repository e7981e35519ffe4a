//! All memory of the daemon is present.

use zram_abi::error::ENOMEM;
use zram_abi::verb::{Cookie, SWAPON};

use super::fake::{BITS, Fake, Mapping, Space};
use super::world::World;
use crate::{Errno, Kernel, Page, Range, Span};

/// Where a further mapping lies.
const FURTHER: u64 = 1000;

fn map(space: &Space, first: u64, count: u64, is_writable: bool) -> Range {
    let span = Span { first: Page(first), count };
    space.mappings.lock().unwrap().push(Mapping { span, is_writable });
    Range { base: first as usize * 4096, size: count as usize * 4096, is_written: true }
}

fn present(space: &Space) -> usize {
    let entries = space.entries.lock().unwrap();
    entries.values().filter(|&&raw| raw & BITS.present != 0).count()
}

#[test]
fn all_that_the_daemon_has_is_there_when_a_device_is_mounted() {
    let world = World::new();
    assert_eq!(present(&world.daemon), 8);
}

#[test]
fn what_the_daemon_maps_is_there_before_it_is_touched() {
    let world = World::new();
    let range = map(&world.daemon, FURTHER, 5, true);
    assert_eq!(world.glue.mapped(&world.daemon, range), Ok(()));
    assert_eq!(present(&world.daemon), 8 + 5);
}

#[test]
fn a_mapping_of_the_daemon_without_a_frame_for_each_page_is_refused() {
    let world = World::new();
    let range = map(&world.daemon, FURTHER, 5, true);
    world.hog(4);
    assert_eq!(world.glue.mapped(&world.daemon, range), Err(Errno(ENOMEM)));
}

#[test]
fn what_may_not_be_written_is_left_as_it_is() {
    let world = World::new();
    let range = map(&world.daemon, FURTHER, 5, false);
    assert_eq!(world.glue.mapped(&world.daemon, range), Ok(()));
    assert_eq!(present(&world.daemon), 8);
}

#[test]
fn what_other_programs_map_waits_until_it_is_touched() {
    let world = World::new();
    let space = world.program(1, 3);
    let range = map(&space, FURTHER, 5, true);
    assert_eq!(world.glue.mapped(&space, range), Ok(()));
    assert_eq!(present(&space), 3);
}

#[test]
fn a_device_is_not_mounted_when_the_daemon_does_not_fit() {
    let world = World::new();
    let cookie = Cookie { device: 8, generation: 1, pages: 4096 };
    let answer = Ok(cookie.pack().unwrap());
    world.kernel.lock().devices.insert(8, (Fake::key(&world.daemon), answer));
    map(&world.daemon, FURTHER, 5, true);
    world.hog(4);
    let done = world.glue.take_device(world.control, [SWAPON, 0, 0], 8);
    assert_eq!((done, world.kernel.lock().closed.clone()), (Err(Errno(ENOMEM)), std::vec![8]));
}
