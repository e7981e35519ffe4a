//! Threads that wait: every thread wakes when what it waits for happens.

use super::{finish, input, with_swapped_program};
use crate::content::Kind;
use crate::machine::{cpu_id, lock};
use crate::world::{Change, Job, Outcome, Setup, World};

#[test]
fn a_page_that_comes_between_prepare_and_commit_is_not_slept_through() {
    let setup = Setup::new(3, 128);
    let (mut world, program) = with_swapped_program(setup, 4);
    world.begin(program, Job::Read(2));
    world.step_program(program);
    assert!(world.threads[program.0].is_prepared(), "the fault must wait for the daemon");
    world.run_daemon();
    // The commit.
    world.step_program(program);
    assert!(!world.threads[program.0].is_parked(), "the page is there");
    assert_eq!(world.go_on_alone(program), Some(Outcome::Done));
    finish(world);
}

#[test]
fn a_frame_that_comes_between_prepare_and_commit_is_not_slept_through() {
    let mut world = World::new(Setup::new(4, 60));
    let (full, hungry) = (world.add_program(), world.add_program());
    let reserve = world.setup.marks.reserve;
    let take = |world: &mut World, page| {
        let change = Change::Whole(Kind::Noise(9), page);
        world.run_alone(full, Job::Write(page, change))
    };
    // All but the reserve. With no area there is nowhere to put a page.
    (0..u64::from(60 - reserve)).for_each(|page| {
        assert_eq!(take(&mut world, page), Some(Outcome::Done));
    });
    world.begin(hungry, Job::Write(0, Change::Word(0, 1)));
    world.step_program(hungry);
    assert!(world.threads[hungry.0].is_prepared(), "there is no frame above the reserve");
    // The largest space was killed for it; the frames come back before the commit.
    assert_eq!(world.killed.len(), 1);
    world.bury_alone();
    world.step_program(hungry);
    assert!(!world.threads[hungry.0].is_parked(), "frames are there");
    assert_eq!(world.go_on_alone(hungry), Some(Outcome::Done));
    finish(world);
}

#[test]
fn a_thread_that_slept_through_nothing_sleeps_until_its_page_comes() {
    let (mut world, program) = with_swapped_program(Setup::new(5, 128), 4);
    world.threads[program.0].pinned = Some(cpu_id(1));
    assert_eq!(world.run_alone(program, Job::Read(2)), None);
    assert!(world.threads[program.0].is_parked());
    world.take_record(input(1));
    world.complete_record(input(1));
    assert!(!world.threads[program.0].is_parked(), "the reply wakes it");
    assert_eq!(world.go_on_alone(program), Some(Outcome::Done));
    finish(world);
}

#[test]
fn sharers_of_a_page_in_swap_ask_for_it_one_after_the_other() {
    let setup = Setup::new(6, 160).cpus(4);
    let (mut world, parent) = with_swapped_program(setup, 3);
    let mut sharers = vec![parent];
    for _ in 0..3 {
        let Outcome::Forked(child) = world.run(parent, Job::Fork) else { panic!("no copy") };
        sharers.push(child);
    }
    for (cpu, sharer) in (0..).zip(&sharers) {
        world.threads[sharer.0].pinned = Some(cpu_id(cpu));
        assert_eq!(world.run_alone(*sharer, Job::Read(1)), None, "all wait");
    }
    // That no two records ask for a slot at once is asserted whenever one is taken.
    sharers.iter().for_each(|sharer| {
        assert_eq!(world.await_outcome(*sharer), Outcome::Done);
    });
    let records = &lock(&world.machine).ledger.records.clone();
    assert_eq!((records["load"], records["take"]), (3, 1), "the last one takes the page");
    finish(world);
}
