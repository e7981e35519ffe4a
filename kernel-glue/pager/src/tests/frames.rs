//! The reserve, the queue for frames, and exhausted memory.

use super::world::{Access, CONFIG, CPU, IN, MARKS, OUT, World};
use crate::ports::{Frames, KillReason, SpaceId, SpaceKind, Waiter};
use crate::pressure::END_NS;
use crate::{Config, ConfigError, FrameAnswer, FrameFor, Pager, Reclaim};

const SPACE: SpaceId = SpaceId(1);

fn wants(world: &mut World, waiter: u32) -> FrameAnswer {
    world.pager.frame_needed(FrameFor::Thread(Waiter(waiter)), &mut world.ports)
}

#[test]
fn a_pager_has_from_1_to_128_cpus() {
    let made = |cpus| Pager::new(Config { cpus, ..CONFIG }).map(|_| ());
    assert_eq!(made(0), Err(ConfigError::Invalid));
    assert_eq!((made(1), made(128)), (Ok(()), Ok(())));
    assert_eq!(made(129), Err(ConfigError::Invalid));
}

#[test]
fn the_reserve_is_for_pinned_spaces_alone() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    for _ in 0..MARKS.reserve {
        let answer = world.pager.frame_needed(FrameFor::Pinned, &mut world.ports);
        assert!(matches!(answer, FrameAnswer::Frame(_)));
    }
    let answer = world.pager.frame_needed(FrameFor::Pinned, &mut world.ports);
    assert_eq!(answer, FrameAnswer::OutOfMemory);
}

#[test]
fn freed_frames_fill_the_reserve_first_and_then_go_to_the_oldest_waiter() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.hog(1);
    for waiter in [8, 5, 7] {
        assert_eq!(wants(&mut world, waiter), FrameAnswer::Wait);
        world.park(Waiter(waiter));
    }
    world.post_batch();
    world.serve(OUT);
    assert_eq!(world.ports.woken, [Waiter(8), Waiter(5), Waiter(7)], "1 free + 4 - reserve 2");
    assert_eq!(world.ports.free_count(), MARKS.reserve);
    assert_eq!(wants(&mut world, 4), FrameAnswer::Wait, "a newcomer snatches nothing");
    assert!(matches!(wants(&mut world, 5), FrameAnswer::Frame(_)));
}

#[test]
fn a_grant_that_nobody_asks_for_goes_to_the_next() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    let mut hogged = world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.ports.release(hogged.pop().unwrap());
    world.pager.frames_freed(&mut world.ports);
    assert_eq!(wants(&mut world, 5), FrameAnswer::Wait);
    world.park(Waiter(5));
    world.ports.now_ns += 1_000_000_000;
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.woken, [Waiter(5)]);
}

#[test]
fn a_thread_that_waits_makes_batches_small() {
    let mut world = World::new(40, 64);
    let contents: alloc::vec::Vec<u64> = (100..136).collect();
    world.space_with(1, &contents);
    let marks = crate::Watermarks { batch: 32, ..MARKS };
    world.pager.set_watermarks(marks).unwrap();
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    let unmapped = world.unmap_batch();
    assert_eq!(world.pager.unmapped_pages(&unmapped).count(), 8);
    let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
}

#[test]
fn when_a_full_scan_gains_nothing_the_largest_ordinary_space_is_killed() {
    let mut world = World::new(14, 16);
    world.policy = |_, _| zram_abi::record::Status::NoGain;
    let shell = world.space_with(1, &[11, 12, 13, 14, 15]);
    world.ports.space_mut(shell).kind = SpaceKind::Protected;
    world.space_with(2, &[21, 22]);
    let large = world.space_with(3, &[31, 32, 33, 34]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 2), FrameAnswer::Wait);
    world.park(Waiter(2));
    world.reclaim_all();
    let reason = KillReason::OutOfMemory { resident_pages: 4, swapped_pages: 0 };
    assert_eq!(world.ports.killed, [(large, reason)]);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.killed.len(), 1, "one at a time");
    world.exit(large);
    assert_eq!(world.ports.woken, [Waiter(2)]);
}

#[test]
fn a_space_that_was_spared_may_be_condemned_again() {
    let mut world = World::without_area(9);
    let space = world.space_with(1, &[11, 12, 13, 14]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.killed.len(), 1);
    world.pager.space_spared(space);
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.killed.len(), 2);
}

/// Two spaces and nothing to gain; a thread waits, and the larger one has been killed for it.
fn killed_for_a_waiter() -> (World, SpaceId, SpaceId) {
    let mut world = World::without_area(9);
    let small = world.space_with(1, &[11]);
    let large = world.space_with(2, &[21, 22, 23]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.park(Waiter(8));
    world.pager.tick(&mut world.ports);
    (world, small, large)
}

fn killed(world: &World) -> std::vec::Vec<SpaceId> {
    world.ports.killed.iter().map(|(space, _)| *space).collect()
}

#[test]
fn who_is_killed_and_does_not_end_is_hoped_for_until_its_time_is_over() {
    let (mut world, small, large) = killed_for_a_waiter();
    world.pass(END_NS - 1_000_000_000);
    assert_eq!(killed(&world), [large]);
    world.pass(2_000_000_000);
    assert_eq!(killed(&world), [large, small]);
}

#[test]
fn a_thread_that_waits_for_those_who_do_not_end_is_told_that_nobody_is_left() {
    let (mut world, ..) = killed_for_a_waiter();
    world.pass(3 * END_NS);
    assert_eq!(world.ports.woken, [Waiter(8)]);
    assert_eq!(wants(&mut world, 8), FrameAnswer::OutOfMemory);
}

#[test]
fn a_space_with_the_number_of_one_that_was_killed_in_vain_may_be_killed() {
    let (mut world, small, large) = killed_for_a_waiter();
    world.pass(3 * END_NS);
    world.exit(large);
    let next = world.space_with(2, &[31, 32, 33, 34]);
    assert_eq!(next, large, "the number is used again");
    world.hog(MARKS.reserve);
    let _ = wants(&mut world, 8);
    world.pager.tick(&mut world.ports);
    assert_eq!(killed(&world), [large, small, large]);
}

#[test]
fn nobody_is_killed_while_a_batch_is_in_flight() {
    let mut world = World::new(9, 4);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.post_batch();
    assert!(world.work(OUT).is_some(), "all four slots are taken: no room is left");
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.killed, []);
    world.serve(OUT);
    assert_eq!(world.ports.killed, []);
}

#[test]
fn without_swap_the_end_of_memory_kills_and_never_hangs() {
    let mut world = World::without_area(9);
    world.space_with(1, &[11, 12, 13, 14]);
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 1), FrameAnswer::Wait);
    assert_eq!(world.ports.killed.len(), 1);
}

#[test]
fn who_asks_when_nobody_is_left_to_kill_is_told() {
    let mut world = World::without_area(9);
    let shell = world.space_with(1, &[11, 12, 13, 14]);
    world.ports.space_mut(shell).kind = SpaceKind::Protected;
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 1), FrameAnswer::OutOfMemory);
}

#[test]
fn who_waits_already_when_nobody_is_left_to_kill_is_woken_to_hear_it() {
    let mut world = World::new(9, 16);
    let shell = world.space_with(1, &[11, 12, 13, 14]);
    world.ports.space_mut(shell).kind = SpaceKind::Protected;
    world.policy = |_, _| zram_abi::record::Status::NoGain;
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 1), FrameAnswer::Wait);
    world.park(Waiter(1));
    world.reclaim_all();
    assert_eq!(world.ports.woken, [Waiter(1)]);
    assert_eq!(wants(&mut world, 1), FrameAnswer::OutOfMemory);
}

#[test]
fn pages_that_all_were_used_lately_are_still_to_be_had() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, Some(page + 11)), Access::Done(page + 11));
    }
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.reclaim_all();
    assert_eq!(world.ports.killed, []);
    assert!(matches!(wants(&mut world, 8), FrameAnswer::Frame(_)));
}

#[test]
fn pages_in_constant_use_leave_before_anyone_is_killed() {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.ports.always_accessed = true;
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, Some(page + 11)), Access::Done(page + 11));
    }
    world.hog(MARKS.reserve);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    world.reclaim_all();
    assert_eq!(world.ports.killed, []);
    assert!(matches!(wants(&mut world, 8), FrameAnswer::Frame(_)));
}

#[test]
fn a_batch_whose_frames_the_daemon_took_is_no_gain() {
    for (taken, killed) in [(0, 0), (4, 1)] {
        let mut world = World::new(16, 16);
        world.space_with(1, &[11, 12, 13, 14, 15, 16]);
        let marks = crate::Watermarks { reserve: 6, low: 7, high: 8, batch: 4 };
        world.pager.reserve.set_least(marks.reserve);
        world.pager.set_watermarks(marks).unwrap();
        world.hog(marks.reserve);
        assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
        world.post_batch();
        assert!(world.work(OUT).is_some());
        while !world.pager.pressure.is_hand_exhausted() {
            let _ = world.pager.pressure.look(world.pager.spaces, &mut world.ports);
        }
        for _ in 0..taken {
            let answer = world.pager.frame_needed(FrameFor::Pinned, &mut world.ports);
            assert!(matches!(answer, FrameAnswer::Frame(_)));
        }
        world.serve(OUT);
        assert_eq!(world.ports.killed.len(), killed, "{taken} frames taken");
    }
}

#[test]
fn a_program_larger_than_memory_runs_to_its_end() {
    let mut world = World::new(20, 64);
    let space = world.space(1, SpaceKind::Ordinary);
    for round in 0..3 {
        for page in 0..50 {
            let old = world.access(space, page, None);
            let expected = if round == 0 { 0 } else { page * 3 + round - 1 };
            assert_eq!(old, Access::Done(expected));
            let new = page * 3 + round;
            assert_eq!(world.access(space, page, Some(new)), Access::Done(new));
        }
    }
    assert_eq!(world.ports.killed, []);
    world.exit(space);
    world.assert_nothing_leaks();
}

#[test]
fn reclaim_rests_when_nothing_can_be_had_and_nobody_waits() {
    let mut world = World::new(9, 16);
    world.policy = |_, _| zram_abi::record::Status::NoGain;
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.reclaim_all();
    assert!(matches!(world.pager.reclaim_begin(CPU, &mut world.ports), Reclaim::Nothing));
    world.pager.tick(&mut world.ports);
    assert!(!world.pager.wants_reclaim(CPU));
    assert_eq!(world.serve(IN), 0);
}

#[test]
fn a_reserve_that_was_set_too_large_is_used_before_anybody_is_killed() {
    let mut world = World::without_area(16);
    world.space_with(1, &[11, 12, 13, 14]);
    let marks = crate::Watermarks { reserve: 12, low: 13, high: 14, batch: 4 };
    world.pager.set_watermarks(marks).unwrap();
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    let is_frame = |answer: &FrameAnswer| matches!(answer, FrameAnswer::Frame(_));
    let given = core::iter::repeat_with(|| wants(&mut world, 8)).take_while(is_frame).count();
    assert_eq!(given as u32, marks.reserve - MARKS.reserve, "what is left is the daemon's");
    assert_eq!(world.ports.killed.len(), 1, "and only then somebody is killed");
}

#[test]
fn a_reserve_that_was_opened_is_kept_again_once_there_are_frames() {
    let mut world = World::without_area(16);
    let marks = crate::Watermarks { reserve: 12, low: 13, high: 14, batch: 4 };
    world.pager.set_watermarks(marks).unwrap();
    let mut hogged = world.hog(10);
    assert_eq!(wants(&mut world, 8), FrameAnswer::Wait);
    assert!(matches!(wants(&mut world, 8), FrameAnswer::Frame(_)));
    assert_eq!(world.pager.reserve.kept(), MARKS.reserve);
    hogged.drain(..4).for_each(|frame| world.ports.release(frame));
    world.pager.tick(&mut world.ports);
    assert_eq!(world.pager.reserve.kept(), marks.reserve);
}

#[test]
fn a_protected_thread_waits_when_nobody_is_left_to_kill() {
    let mut world = World::without_area(9);
    world.space(1, SpaceKind::Protected);
    let hogged = world.hog(MARKS.reserve);
    let wants = |world: &mut World| {
        world.pager.frame_needed(FrameFor::Protected(Waiter(1)), &mut world.ports)
    };
    assert_eq!(wants(&mut world), FrameAnswer::Wait);
    world.park(Waiter(1));
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.woken, [Waiter(1)], "the tick has it ask again");
    assert_eq!(wants(&mut world), FrameAnswer::Wait);
    hogged.into_iter().for_each(|frame| world.ports.release(frame));
    world.pager.tick(&mut world.ports);
    assert!(matches!(wants(&mut world), FrameAnswer::Frame(_)));
}
