//! Memory that runs short, and memory that is used up.

use std::collections::BTreeSet;

use swap_pager::SwapOffError;
use swap_pager::ports::{KillReason, SpaceKind};

use super::{finish, with_swapped_program};
use crate::content::Kind;
use crate::machine::{Mishaps, lock};
use crate::world::{Change, Job, Outcome, Setup, ThreadId, World};

#[test]
fn pages_come_back_as_they_left() {
    let mut world = World::with_swap(Setup::new(1, 96), 512);
    let program = world.add_program();
    let kinds = [Kind::Noise(300), Kind::SameFilled, Kind::Zero, Kind::Noise(2500)];
    for (page, kind) in (0..200).zip(kinds.into_iter().cycle()) {
        world.write(program, page, kind);
    }
    (0..200).for_each(|page| world.read(program, page));
    let statistics = lock(&world.machine).pager.statistics();
    assert!(statistics.pages_out > 100 && statistics.pages_in > 100, "{statistics:?}");
    assert!(world.killed.is_empty());
    finish(world);
}

#[test]
fn a_storm_of_stores_whose_every_commit_fails_loses_nothing_and_hangs_nobody() {
    let setup = Setup::new(11, 120).cpus(2);
    let mut world = World::with_swap(setup, 512);
    lock(&world.machine).mishaps = Mishaps { commit_fails: 1, bit_rots: 0 };
    let programs = [world.add_program(), world.add_program()];
    // All memory but the reserve and some frames: below the low watermark all the time.
    let each = u64::from(120 - setup.marks.reserve - 12) / 2;
    for page in 0..each {
        programs.iter().for_each(|it| world.write(*it, page, Kind::Noise(400)));
    }
    for round in 0..5 {
        world.steps(400);
        for page in 0..each {
            let change = Change::Word(7, round);
            programs.iter().for_each(|it| {
                assert_eq!(world.run(*it, Job::Write(page, change)), Outcome::Done);
            });
        }
    }
    let refused = lock(&world.machine).pager.statistics().refused_no_reserve;
    assert!(refused > 50, "{refused} stores were refused");
    world.settle();
    let statistics = lock(&world.machine).pager.statistics();
    let refused = statistics.refused_no_reserve + statistics.refused_limit;
    let device = world.areas[0].cookie.device;
    assert_eq!(world.io_stat(device)[1], refused, "the device counts as the pager does");
    assert!(world.killed.is_empty(), "nobody dies: {:?}", world.killed);
    finish(world);
}

#[test]
fn when_commits_fail_now_and_then_what_was_refused_goes_later() {
    let mut world = World::with_swap(Setup::new(12, 96), 512);
    lock(&world.machine).mishaps = Mishaps { commit_fails: 3, bit_rots: 0 };
    let program = world.add_program();
    (0..150).for_each(|page| world.write(program, page, Kind::Noise(500)));
    (0..150).for_each(|page| world.read(program, page));
    let statistics = lock(&world.machine).pager.statistics();
    assert!(statistics.refused_no_reserve > 0 && statistics.pages_out > 60, "{statistics:?}");
    assert!(world.killed.is_empty());
    finish(world);
}

/// Writes pages that cannot be compressed until the thread is killed, or `pages` are written.
fn gorge(world: &mut World, thread: ThreadId, pages: u64) -> Outcome {
    for page in 0..pages {
        let change = Change::Whole(Kind::Incompressible, world.random.next());
        let outcome = world.run(thread, Job::Write(page, change));
        if outcome != Outcome::Done {
            return outcome;
        }
    }
    Outcome::Done
}

#[test]
fn when_memory_is_really_gone_the_largest_space_alone_is_killed() {
    let mut world = World::with_swap(Setup::new(13, 128), 512);
    let shell = world.add_space(SpaceKind::Protected).expect("there is room");
    let (small, large) = (world.add_program(), world.add_program());
    assert_eq!(gorge(&mut world, shell, 40), Outcome::Done);
    assert_eq!(gorge(&mut world, small, 10), Outcome::Done);
    let space = world.space_of(large);
    assert_eq!(gorge(&mut world, large, 128), Outcome::Killed);
    let [(killed, KillReason::OutOfMemory { resident_pages, .. })] = world.killed[..] else {
        panic!("killed: {:?}", world.killed)
    };
    assert_eq!(killed, space);
    // What could be had was had: all but the reserve, the others' pages and the daemon's.
    assert!(resident_pages >= 128 - 12 - 50 - 10, "{resident_pages}");
    (0..40).for_each(|page| world.read(shell, page));
    (0..10).for_each(|page| world.read(small, page));
    finish(world);
}

/// A world without swap, all memory but the reserve in the hands of one program, and two threads of
/// another that are told to wait for a frame for the same page.
fn starving() -> (World, [ThreadId; 2]) {
    let mut world = World::new(Setup::new(18, 80));
    let (full, other, hungry) = (world.add_program(), world.add_program(), world.add_program());
    (0..20).for_each(|page| world.write_alone(other, page, Kind::Noise(5)));
    let rest = u64::from(80 - world.setup.marks.reserve) - 20;
    (0..rest).for_each(|page| world.write_alone(full, page, Kind::Noise(5)));
    let threads = [hungry, world.add_thread(world.space_of(hungry))];
    for (thread, at) in threads.into_iter().zip(1..) {
        let waits = world.run_alone(thread, Job::Write(0, Change::Word(at, at as u64)));
        assert_eq!(waits, None);
    }
    (world, threads)
}

#[test]
fn nobody_else_is_killed_for_memory_before_the_first_is_gone() {
    let (mut world, threads) = starving();
    (0..50).for_each(|_| world.pass(200_000_000));
    assert_eq!(world.killed.len(), 1, "{:?}", world.killed);
    threads.iter().for_each(|thread| assert_eq!(world.await_outcome(*thread), Outcome::Done));
    assert_eq!(world.killed.len(), 1, "{:?}", world.killed);
    finish(world);
}

#[test]
fn a_frame_that_its_waiter_no_longer_needs_goes_back() {
    let (mut world, [first, second]) = starving();
    world.bury_alone();
    // Both were given a frame; the first one's is the page that both wait for.
    assert_eq!(world.go_on_alone(first), Some(Outcome::Done));
    assert_eq!(world.go_on_alone(second), Some(Outcome::Done));
    world.pass(200_000_000);
    world.assert_frames_add_up();
    finish(world);
}

#[test]
fn nobody_is_killed_while_pages_can_still_leave() {
    let mut world = World::with_swap(Setup::new(19, 80), 512);
    let program = world.add_program();
    // Up to the reserve, with no reclaim; every page was just used.
    for page in 0..100 {
        let change = Change::Whole(Kind::Noise(300), page);
        let outcome = world.run_alone(program, Job::Write(page, change));
        assert!(world.killed.is_empty(), "page {page}: nothing was reclaimed yet");
        if outcome.is_none() {
            break;
        }
    }
    assert!(world.threads[program.0].is_parked(), "memory was to run short");
    assert_eq!(world.await_outcome(program), Outcome::Done);
    assert!(world.killed.is_empty());
    finish(world);
}

#[test]
fn a_thread_that_waits_for_memory_when_nobody_is_left_to_kill_is_told() {
    let mut world = World::new(Setup::new(14, 40));
    let shell = world.add_space(SpaceKind::Protected).expect("there is room");
    assert_eq!(gorge(&mut world, shell, 40), Outcome::Killed, "the kernel ends it");
    assert!(world.killed.is_empty(), "the pager kills nobody");
    finish(world);
}

#[test]
fn pages_that_do_not_compress_are_not_offered_again_until_written() {
    let mut world = World::with_swap(Setup::new(15, 96), 512);
    let program = world.add_program();
    (0..30).for_each(|page| world.write(program, page, Kind::Incompressible));
    (30..60).for_each(|page| world.write(program, page, Kind::Noise(200)));
    world.swap_out(program, |page| page < 30);
    let offers = |world: &World| -> Vec<u32> {
        (0..30).map(|page| world.times_unmapped(program, page)).collect()
    };
    assert_eq!(offers(&world), [1; 30], "each was offered once");
    (0..30).for_each(|page| world.read(program, page));
    (30..60).for_each(|page| world.read(program, page));
    world.press(2000);
    assert_eq!(offers(&world), [1; 30], "reading them changes nothing");
    // Written, they are offered again: half of them compress now.
    for page in 0..30 {
        let kind = if page < 15 { Kind::Noise(100) } else { Kind::Incompressible };
        world.write(program, page, kind);
    }
    world.press(2000);
    assert!(offers(&world).iter().all(|times| *times >= 2), "{:?}", offers(&world));
    assert_eq!(world.swapped_pages(program), 45, "those that compress have left");
    finish(world);
}

#[test]
fn pages_of_zeros_leave_without_a_request() {
    let mut world = World::with_swap(Setup::new(16, 96), 512);
    let program = world.add_program();
    (0..20).for_each(|page| world.write(program, page, Kind::Zero));
    world.swap_out(program, |_| false);
    let machine = lock(&world.machine);
    assert_eq!(machine.pager.statistics().zero_pages, 20);
    assert_eq!(machine.ledger.records.get("store"), None);
    drop(machine);
    (0..20).for_each(|page| world.read(program, page));
    finish(world);
}

#[test]
fn a_damaged_page_is_lost_for_who_touches_it_and_for_nobody_else() {
    let (mut world, program) = with_swapped_program(Setup::new(17, 160), 40);
    let other = world.add_program();
    // Every page of the pool that is written to changes one bit: some pages of both are damaged.
    lock(&world.machine).mishaps = Mishaps { commit_fails: 0, bit_rots: 1 };
    (0..40).for_each(|page| world.write(other, page, Kind::Noise(300)));
    world.swap_out(other, |_| false);
    lock(&world.machine).mishaps = Mishaps::default();
    let bystander = world.add_program();
    (0..10).for_each(|page| world.write(bystander, page, Kind::Noise(50)));
    let spaces: BTreeSet<_> = [program, other].iter().map(|it| world.space_of(*it)).collect();
    // Wrong bytes would fail here; what is lost must have been answered as damaged.
    world.read_everything();
    world.bury_the_dead();
    assert!(!world.bereft.is_empty(), "no page was damaged");
    assert!(world.bereft.iter().all(|space| spaces.contains(space)), "{:?}", world.bereft);
    assert!(world.threads[bystander.0].is_idle(), "who lost nothing lives");
    finish(world);
}

#[test]
fn sharers_of_a_damaged_page_die_of_it_one_by_one_and_who_lost_nothing_lives() {
    let mut world = World::with_swap(Setup::new(18, 160), 512);
    let program = world.add_program();
    // Every page of the pool that is written to changes one bit.
    lock(&world.machine).mishaps = Mishaps { commit_fails: 0, bit_rots: 1 };
    (0..40).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    lock(&world.machine).mishaps = Mishaps::default();
    let Outcome::Forked(sharer) = world.run(program, Job::Fork) else { panic!("no copy") };
    let bystander = world.add_program();
    (0..10).for_each(|page| world.write(bystander, page, Kind::Noise(50)));
    let damaged = (0..40).find(|&page| {
        let is_lost = world.run(program, Job::Read(page)) == Outcome::Killed;
        world.bury_the_dead();
        is_lost
    });
    let damaged = damaged.expect("a page was damaged");
    let area = world.areas[0];
    let control = world.add_space(SpaceKind::Protected).expect("there is room");
    let lost = |world: &World| lock(&world.machine).pager.statistics().lost;
    assert_eq!(lost(&world), 1, "counted when it was touched");
    assert_eq!(
        world.run(control, Job::SwapOff(area.cookie.device)),
        Outcome::Refused(SwapOffError::Busy),
        "the sharer still has an entry of the lost page"
    );
    assert_eq!(world.run(sharer, Job::Read(damaged)), Outcome::Killed);
    world.bury_the_dead();
    assert_eq!(lost(&world), 2, "once for each who touches it");
    (0..10).for_each(|page| world.read(bystander, page));
    assert_eq!(world.run(control, Job::SwapOff(area.cookie.device)), Outcome::Done);
    finish(world);
}
