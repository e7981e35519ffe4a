//! One file per concern; each test is named after the fact it proves.
//!
//! To show that a test can fail, the code it guards was broken once; the test says what was broken
//! where that is not plain.

mod areas;
mod daemon;
mod discard;
mod engine;
mod in_flight;
mod memory;
mod storm;
mod waiting;

use swap_pager::ports::{Direction, QueueId};

use crate::content::Kind;
use crate::machine::cpu_id;
use crate::world::{Setup, ThreadId, World};

/// The line for page-ins of a CPU.
const fn input(cpu: u32) -> QueueId {
    QueueId { cpu: cpu_id(cpu), direction: Direction::In }
}

/// The line for page-outs of a CPU.
const fn output(cpu: u32) -> QueueId {
    QueueId { cpu: cpu_id(cpu), direction: Direction::Out }
}

/// A roomy world with a program whose `pages` pages are all in swap.
fn with_swapped_program(setup: Setup, pages: u64) -> (World, ThreadId) {
    let mut world = World::with_swap(setup, 512);
    let program = world.add_program();
    (0..pages).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    assert_eq!(u64::from(world.swapped_pages(program)), pages);
    (world, program)
}

/// Ends everything and checks that nothing is left of it.
fn finish(mut world: World) {
    world.settle();
    world.assert_frames_add_up();
    world.assert_statistics_are_exact();
    world.read_everything();
    world.end_programs();
    world.assert_nothing_is_left();
}
