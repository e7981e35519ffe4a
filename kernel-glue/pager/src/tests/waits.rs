//! Every wait ends, though the daemon never answers.

use super::world::{IN, MARKS, OUT, World, asking};
use crate::frames::waiters::Reason;
use crate::ports::{SpaceId, Waiter};
use crate::{Caller, FaultRequest, Fork, FrameAnswer, FrameFor, STUCK_NS, SwapOff};

const SPACE: SpaceId = SpaceId(1);

/// The thread that waits.
const ME: Waiter = Waiter(8);

/// The same, as it asks.
const ASKING: Caller = asking(ME.0);

/// Makes [`ME`] wait for something.
type Begin = fn(&mut World);

/// Returns the number of a reason. A new one has to be named here, and waited for below.
fn number(reason: Reason) -> usize {
    match reason {
        Reason::Frame => 0,
        Reason::Slot(_) => 1,
        Reason::Turn(..) => 2,
        Reason::Reply => 3,
    }
}

const WAITS: [(&str, Begin); 7] = [
    ("a frame", frame),
    ("a page on its way in", |world| fault(world, ME, 0)),
    ("a fork of a page on its way in", fork),
    ("a turn on a queue", |world| {
        fault(world, Waiter(2), 0);
        fault(world, ME, 1);
    }),
    ("swapoff", swapoff),
    ("swapoff of slots to be forgotten", |world| {
        (0..4).for_each(|page| world.unmap_page(SPACE, page));
        swapoff(world);
    }),
    ("a probe", |world| assert!(world.pager.probe(ASKING, &mut world.ports).is_some())),
];

fn frame(world: &mut World) {
    world.hog(MARKS.reserve);
    world.post_batch();
    let answer = world.pager.frame_needed(FrameFor::Thread(ME), &mut world.ports);
    assert_eq!(answer, FrameAnswer::Wait);
}

fn fault(world: &mut World, waiter: Waiter, page: u64) {
    let request = FaultRequest { waiter, ..World::request(SPACE, page) };
    let _ = world.pager.fault(request, &mut world.ports);
}

fn fork(world: &mut World) {
    fault(world, Waiter(2), 0);
    assert_eq!(world.pager.fork_begin(SPACE, ME, &mut world.ports), Fork::Wait);
}

fn swapoff(world: &mut World) {
    let asked = world.pager.swapoff(0, ASKING, &mut world.ports);
    assert!(matches!(asked, SwapOff::Wait { .. }));
}

/// Pages 0 to 3 are in the daemon; nothing is in its hands.
fn four_pages_out() -> World {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    world
}

#[test]
fn every_wait_ends_though_the_daemon_never_answers() {
    let mut tried = [false; 4];
    for (what, begin) in WAITS {
        let mut world = four_pages_out();
        begin(&mut world);
        let reason = world.pager.waiters.reason(ME);
        tried[number(reason.expect(what))] = true;
        world.park(ME);
        // Both workers take what they are given, and keep it.
        let _ = (world.work(IN), world.work(OUT));
        world.pass(STUCK_NS);
        if !world.ports.killed.is_empty() {
            // Nothing can leave any more: memory comes from who is killed for it.
            world.exit(SPACE);
        }
        assert!(world.ports.woken.contains(&ME), "{what}");
    }
    assert_eq!(tried, [true; 4], "every reason is waited for");
}

#[test]
fn a_swapoff_without_a_frame_fails_when_nobody_takes_pages() {
    let mut world = four_pages_out();
    // There is room for the pages elsewhere.
    world.swapon(1, 16, 0);
    world.hog(MARKS.reserve);
    swapoff(&mut world);
    world.pager.queue_closed(OUT, &mut world.ports);
    let asked = world.pager.swapoff(0, ASKING, &mut world.ports);
    assert_eq!(asked, SwapOff::Failed(crate::SwapOffError::NoMemory));
}
