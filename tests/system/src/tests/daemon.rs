//! A daemon that dies, falls silent or loses a queue.

use swap_pager::ports::{CpuId, SpaceKind};
use swap_pager::{AreaState, STUCK_NS};

use super::{finish, input, output, with_swapped_program};
use crate::content::Kind;
use crate::machine::lock;
use crate::world::{Job, Outcome, Setup, World};

/// Who has lost all, who has lost pages and does not touch them, and who has lost nothing.
fn assert_only_who_touches_a_lost_page_dies(mut world: World, program: crate::world::ThreadId) {
    let Outcome::Forked(careful) = world.run(program, Job::Fork) else { panic!("no copy") };
    let bystander = world.add_program();
    (0..20).for_each(|page| world.write(bystander, page, Kind::Noise(100)));
    (100..110).for_each(|page| world.write(careful, page, Kind::Noise(100)));
    let outcome = world.run(program, Job::Read(3));
    assert_eq!(outcome, Outcome::Killed, "it touches a page that is lost");
    (0..20).for_each(|page| world.read(bystander, page));
    (100..110).for_each(|page| world.read(careful, page));
    assert!(world.killed.is_empty(), "nobody dies for memory");
    // Nothing is in the dead area any more once its owners are gone.
    let control = world.add_space(SpaceKind::Protected).expect("there is room");
    world.run(careful, Job::Unmap { first: 0, count: 50 });
    assert_eq!(world.run(control, Job::SwapOff(0)), Outcome::Done);
    finish(world);
}

#[test]
fn a_dead_daemon_kills_only_who_touches_a_lost_page() {
    let setup = Setup::new(31, 160);
    let (mut world, program) = with_swapped_program(setup, 50);
    world.kill_daemon();
    assert_only_who_touches_a_lost_page_dies(world, program);
}

#[test]
fn a_daemon_that_dies_with_pages_in_its_hands_loses_only_what_it_had_stored() {
    for seed in 0..6 {
        let setup = Setup::new(seed, 96).cpus(3);
        let mut world = World::with_swap(setup, 512);
        let program = world.add_program();
        (0..60).for_each(|page| world.write(program, page, Kind::Noise(300)));
        world.steps(100 + 40 * seed as usize);
        world.kill_daemon();
        world.settle();
        world.assert_frames_add_up();
        // Every page that is not lost has its bytes; whoever meets a lost one dies of it.
        world.read_everything();
        world.bury_the_dead();
        world.end_programs();
        world.settle();
        world.assert_frames_add_up();
    }
}

#[test]
fn a_silent_daemon_is_given_up_after_ten_seconds_and_nobody_hangs() {
    let setup = Setup::new(32, 160);
    let (mut world, program) = with_swapped_program(setup, 50);
    world.silence_daemon(true);
    let thread = world.add_thread(world.space_of(program));
    assert_eq!(world.run_alone(thread, Job::Read(1)), None, "it waits for the daemon");
    let state = |world: &World| lock(&world.machine).pager.areas().next().map(|area| area.state);
    world.pass(STUCK_NS - 100_000_000);
    assert_eq!(state(&world), Some(AreaState::Active));
    world.pass(200_000_000);
    assert_eq!(state(&world), Some(AreaState::Dead));
    assert_eq!(world.await_outcome(thread), Outcome::Killed);
    // It wakes up too late: its replies change nothing.
    world.silence_daemon(false);
    world.run_daemon();
    world.settle();
    world.assert_frames_add_up();
    world.kill_daemon();
    world.assert_nothing_is_left();
}

#[test]
fn a_daemon_without_work_may_be_silent_as_long_as_it_likes() {
    let (mut world, program) = with_swapped_program(Setup::new(33, 160), 50);
    world.silence_daemon(true);
    (0..20).for_each(|_| world.pass(STUCK_NS));
    world.silence_daemon(false);
    (0..50).for_each(|page| world.read(program, page));
    finish(world);
}

#[test]
fn a_new_daemon_is_mounted_while_pages_of_the_dead_one_are_still_around() {
    let (mut world, careful) = with_swapped_program(Setup::new(34, 160), 20);
    (100..110).for_each(|page| world.write(careful, page, Kind::Noise(100)));
    world.kill_daemon();
    world.start_daemon();
    // Its first device has the number and the generation of the dead one.
    let device = world.add_device(512, "");
    world.swapon(device, 0);
    let program = world.add_program();
    (0..50).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    (0..50).for_each(|page| world.read(program, page));
    (100..110).for_each(|page| world.read(careful, page));
    world.swap_out(program, |_| false);
    // The name means the one that lives.
    let control = world.add_space(SpaceKind::Protected).expect("there is room");
    assert_eq!(world.run(control, Job::SwapOff(device)), Outcome::Done);
    assert_eq!(world.swapped_pages(program), 0);
    (0..50).for_each(|page| world.read(program, page));
    // And then the dead one, once nobody has a page in it.
    world.run(careful, Job::Unmap { first: 0, count: 20 });
    assert_eq!(world.run(control, Job::SwapOff(device)), Outcome::Done);
    assert_eq!(lock(&world.machine).pager.areas().count(), 0);
    finish(world);
}

#[test]
fn a_page_taken_by_a_thread_whose_queue_closes_is_never_read_as_zeros() {
    let (mut world, program) = with_swapped_program(Setup::new(35, 160), 20);
    world.threads[program.0].pinned = Some(CpuId::BOOT);
    assert_eq!(world.run_alone(program, Job::Read(5)), None);
    world.take_record(input(0));
    // The daemon forgets the page, and its thread ends before it says so.
    world.lose_queue(input(0), true);
    assert_eq!(world.await_outcome(program), Outcome::Killed, "the page is lost");
    finish(world);
}

#[test]
fn a_page_asked_for_on_a_queue_that_closes_comes_on_another_one() {
    let (mut world, program) = with_swapped_program(Setup::new(36, 160), 20);
    world.threads[program.0].pinned = Some(CpuId::BOOT);
    assert_eq!(world.run_alone(program, Job::Read(5)), None);
    world.take_record(input(0));
    world.lose_queue(input(0), false);
    assert_eq!(world.await_outcome(program), Outcome::Done);
    finish(world);
}

#[test]
fn a_free_notice_on_a_queue_that_closes_is_sent_on_another_one() {
    for performs in [false, true] {
        let (mut world, program) = with_swapped_program(Setup::new(37, 160), 20);
        let dropped = world.run_alone(program, Job::Unmap { first: 0, count: 20 });
        assert_eq!(dropped, Some(Outcome::Done));
        // So few notices wait for the timer, which puts them on the first free queue.
        world.pass(1_000_000);
        world.take_record(output(0));
        world.lose_queue(output(0), performs);
        finish(world);
    }
}

#[test]
fn pages_offered_on_a_queue_that_closes_stay_and_what_was_stored_is_forgotten() {
    for performs in [false, true] {
        let mut world = World::with_swap(Setup::new(38, 160), 512);
        let program = world.add_program();
        (0..40).for_each(|page| world.write(program, page, Kind::Noise(300)));
        world.begin_pressure();
        world.unmap_batch(0);
        world.offer_batch(0);
        world.take_record(output(0));
        world.end_pressure();
        world.lose_queue(output(0), performs);
        (0..40).for_each(|page| world.read(program, page));
        finish(world);
    }
}
