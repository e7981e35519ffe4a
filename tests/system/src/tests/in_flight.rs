//! Pages on their way out and in, and what happens to them meanwhile.

use swap_pager::Watermarks;
use swap_pager::ports::{CpuId, Page, UserPage};

use super::{finish, input, output, with_swapped_program};
use crate::content::Kind;
use crate::machine::{cpu_id, lock};
use crate::world::{Change, Job, Outcome, Setup, ThreadId, World};

/// Batches of one page; pressure below 30 free frames.
const MARKS: Watermarks = Watermarks { reserve: 4, low: 30, high: 36, batch: 1 };

/// A world of two programs, each with 20 pages, that has to reclaim and has not begun; with an area
/// of `slots` slots.
fn under_pressure(slots: u32) -> (World, [ThreadId; 2]) {
    let setup = Setup { marks: MARKS, ..Setup::new(7, 70) };
    let mut world = World::with_swap(setup, slots);
    let programs = [world.add_program(), world.add_program()];
    for page in 0..20 {
        programs.iter().for_each(|it| world.write_alone(*it, page, Kind::Noise(200)));
    }
    (world, programs)
}

/// Has a CPU unmap one page, and returns whose it is.
fn unmap_one(world: &mut World, cpu: u32, programs: &[ThreadId]) -> (ThreadId, u64) {
    let batch = world.unmap_batch(cpu);
    let [UserPage { space, page: Page(page) }] = batch[..] else { panic!("a batch of {batch:?}") };
    let owner = programs.iter().find(|it| world.space_of(**it) == space);
    (*owner.expect("it is some program's"), page)
}

#[test]
fn a_slot_freed_before_the_shootdown_serves_another_cpus_page_meanwhile() {
    let (mut world, programs) = under_pressure(1);
    let (owner, _) = unmap_one(&mut world, 0, &programs);
    // To be copied, it goes back.
    let forked = world.run_alone(owner, Job::Fork);
    assert!(matches!(forked, Some(Outcome::Forked(_))), "{forked:?}");
    // The only slot is free again, and the other CPU's page gets it.
    let (other, its_page) = unmap_one(&mut world, 1, &programs);
    world.offer_batch(1);
    assert_eq!(world.run_alone(other, Job::Read(its_page)), Some(Outcome::Done));
    world.offer_batch(0);
    finish(world);
}

/// Has the daemon take one page, and stop before it answers; returns whose it is.
fn leave_one_in_the_daemons_hands(world: &mut World, programs: &[ThreadId]) -> (ThreadId, u64) {
    let leaving = unmap_one(world, 0, programs);
    world.offer_batch(0);
    world.take_record(output(0));
    leaving
}

#[test]
fn a_read_during_page_out_gets_the_held_frames_content_at_once() {
    let (mut world, programs) = under_pressure(64);
    let (owner, page) = leave_one_in_the_daemons_hands(&mut world, &programs);
    assert_eq!(world.run_alone(owner, Job::Read(page)), Some(Outcome::Done));
    world.complete_record(output(0));
    assert_eq!(world.run_alone(owner, Job::Read(page)), Some(Outcome::Done));
    finish(world);
}

#[test]
fn a_write_during_page_out_is_done_at_once_and_not_lost() {
    let (mut world, programs) = under_pressure(64);
    let (owner, page) = leave_one_in_the_daemons_hands(&mut world, &programs);
    let write = Job::Write(page, Change::Word(3, 0xabcd));
    assert_eq!(world.run_alone(owner, write), Some(Outcome::Done));
    // What the daemon has stored is the page as it was before.
    world.complete_record(output(0));
    assert_eq!(world.run_alone(owner, Job::Read(page)), Some(Outcome::Done));
    finish(world);
}

#[test]
fn a_copy_made_during_page_out_has_the_page() {
    let (mut world, programs) = under_pressure(64);
    let (owner, page) = leave_one_in_the_daemons_hands(&mut world, &programs);
    let Some(Outcome::Forked(copy)) = world.run_alone(owner, Job::Fork) else {
        panic!("the copy waits")
    };
    assert_eq!(world.run_alone(copy, Job::Read(page)), Some(Outcome::Done));
    world.complete_record(output(0));
    assert_eq!(world.run(owner, Job::Write(page, Change::Word(1, 1))), Outcome::Done);
    assert_eq!(world.run(copy, Job::Read(page)), Outcome::Done);
    finish(world);
}

#[test]
fn a_write_of_another_cpu_before_the_shootdown_is_in_the_page_that_leaves() {
    let (mut world, programs) = under_pressure(64);
    for program in programs {
        world.threads[program.0].pinned = Some(cpu_id(1));
    }
    let (owner, page) = unmap_one(&mut world, 0, &programs);
    // Only a page that is still in the other CPU's TLB is written without a fault.
    let faults = |world: &World| lock(&world.machine).pager.statistics().cancelled;
    let before = faults(&world);
    let written = world.run_alone(owner, Job::Write(page, Change::Word(5, 0x5a5a)));
    assert_eq!(written, Some(Outcome::Done));
    assert!(faults(&world) - before <= 1);
    world.offer_batch(0);
    world.settle();
    assert_eq!(world.run(owner, Job::Read(page)), Outcome::Done);
    finish(world);
}

#[test]
fn pages_that_go_while_they_leave_or_come_are_forgotten_by_the_daemon() {
    // On its way out: before it is offered, and while the daemon has it.
    let (mut world, programs) = under_pressure(64);
    let (owner, page) = unmap_one(&mut world, 1, &programs);
    assert_eq!(world.run_alone(owner, Job::Unmap { first: page, count: 1 }), Some(Outcome::Done));
    let (owner, page) = leave_one_in_the_daemons_hands(&mut world, &programs);
    assert_eq!(world.run_alone(owner, Job::Unmap { first: page, count: 1 }), Some(Outcome::Done));
    world.offer_batch(1);
    finish(world);
    // On its way in.
    let (mut world, program) = with_swapped_program(Setup::new(8, 128), 5);
    let other = world.add_thread(world.space_of(program));
    world.threads[program.0].pinned = Some(CpuId::BOOT);
    assert_eq!(world.run_alone(program, Job::Read(2)), None);
    world.take_record(input(0));
    assert_eq!(world.run_alone(other, Job::Unmap { first: 0, count: 5 }), Some(Outcome::Done));
    assert_eq!(world.await_outcome(program), Outcome::Done);
    finish(world);
}
