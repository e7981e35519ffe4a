//! Swap areas: mounting, priorities, limits, and bringing all pages back.

use swap_pager::SwapOffError;
use swap_pager::ports::SpaceKind;
use syscall::error::EBUSY;

use super::{finish, with_swapped_program};
use crate::content::Kind;
use crate::machine::lock;
use crate::world::{Change, Job, Outcome, Setup, ThreadId, World};

fn control(world: &mut World) -> ThreadId {
    world.add_space(SpaceKind::Protected).expect("there is room")
}

#[test]
fn swapoff_brings_every_page_back() {
    let setup = Setup::new(21, 200);
    let (mut world, program) = with_swapped_program(setup, 100);
    let Outcome::Forked(copy) = world.run(program, Job::Fork) else { panic!("no copy") };
    world.run(copy, Job::Unmap { first: 50, count: 50 });
    let control = control(&mut world);
    // Both have 50 pages of the first half; the frames are shared by nobody.
    assert_eq!(world.run(control, Job::SwapOff(0)), Outcome::Done);
    assert_eq!((world.swapped_pages(program), world.swapped_pages(copy)), (0, 0));
    world.close_forgotten();
    assert_eq!(world.mm_stat(0)[0], 0, "the device is empty");
    world.write_file("control/hot_remove", "0").expect("nobody has it open");
    world.devices.clear();
    finish(world);
}

#[test]
fn swapoff_while_programs_run_and_pages_move_leaves_nothing_behind() {
    for seed in 0..8 {
        let setup = Setup::new(seed, 220).cpus(4);
        let (mut world, program) = with_swapped_program(setup, 60);
        let control = control(&mut world);
        world.begin(control, Job::SwapOff(0));
        let mut others = vec![program];
        for page in 0..60 {
            let thread = others[page as usize % others.len()];
            world.write(thread, page % 20, Kind::Noise(700));
            if page % 20 == 10 {
                let Outcome::Forked(copy) = world.run(thread, Job::Fork) else { continue };
                others.push(copy);
            }
        }
        assert_eq!(world.await_outcome(control), Outcome::Done);
        finish(world);
    }
}

#[test]
fn swapoff_without_memory_fails_and_kills_nobody() {
    let mut world = World::with_swap(Setup::new(22, 96), 512);
    let program = world.add_program();
    (0..150).for_each(|page| world.write(program, page, Kind::Noise(300)));
    let control = control(&mut world);
    let outcome = world.run(control, Job::SwapOff(0));
    assert_eq!(outcome, Outcome::Refused(SwapOffError::NoMemory));
    assert!(world.killed.is_empty());
    // The area is in use as before.
    (0..150).for_each(|page| world.write(program, page, Kind::Noise(200)));
    (0..150).for_each(|page| world.read(program, page));
    finish(world);
}

#[test]
fn memory_that_runs_out_during_a_swapoff_ends_it_and_kills_nobody() {
    let (mut world, _swapped) = with_swapped_program(Setup::new(29, 128), 60);
    let hungry = world.add_program();
    // No page can leave while the only area is being emptied.
    let free = |world: &World| lock(&world.machine).kernel.frames.free_count();
    let pages = u64::from(free(&world) - world.setup.marks.reserve - 4);
    (0..pages).for_each(|page| world.write_alone(hungry, page, Kind::Noise(300)));
    let control = control(&mut world);
    assert_eq!(world.run_alone(control, Job::SwapOff(0)), None);
    let wanted = (pages..128).find(|page| {
        let write = Job::Write(*page, Change::Word(0, 1));
        world.run_alone(hungry, write).is_none()
    });
    assert!(wanted.is_some(), "memory was to run out");
    assert_eq!(world.await_outcome(hungry), Outcome::Done);
    assert_eq!(world.await_outcome(control), Outcome::Refused(SwapOffError::NoMemory));
    assert!(world.killed.is_empty(), "{:?}", world.killed);
    finish(world);
}

#[test]
fn a_cancelled_swapoff_leaves_the_area_in_use() {
    let (mut world, program) = with_swapped_program(Setup::new(23, 200), 100);
    let control = control(&mut world);
    world.begin(control, Job::SwapOff(0));
    world.run_until("some pages are back", |world| world.swapped_pages(program) < 100);
    world.cancel_swapoff(control);
    world.settle();
    assert!(world.swapped_pages(program) > 0, "it was cancelled too late");
    world.swap_out(program, |_| false);
    assert_eq!(world.swapped_pages(program), 100);
    finish(world);
}

#[test]
fn swapoff_spills_to_another_area_what_does_not_fit() {
    let mut world = World::with_swap(Setup::new(24, 96), 256);
    let program = world.add_program();
    (0..150).for_each(|page| world.write(program, page, Kind::Noise(300)));
    let other = world.add_device(256, "");
    world.swapon(other, -1);
    let control = control(&mut world);
    assert_eq!(world.run(control, Job::SwapOff(0)), Outcome::Done);
    assert!(world.killed.is_empty());
    (0..150).for_each(|page| world.read(program, page));
    finish(world);
}

#[test]
fn pages_go_to_the_area_of_the_highest_priority_until_it_is_full() {
    let mut world = World::with_swap(Setup::new(25, 128), 256);
    let fast = world.add_device(40, "");
    world.swapon(fast, 10);
    let program = world.add_program();
    (0..30).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    let used = |world: &World, device: u16| {
        let machine = lock(&world.machine);
        machine.pager.areas().find(|area| area.device == device).map(|area| area.used_pages)
    };
    assert_eq!((used(&world, fast), used(&world, 0)), (Some(30), Some(0)));
    (30..60).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    assert_eq!((used(&world, fast), used(&world, 0)), (Some(40), Some(20)));
    finish(world);
}

#[test]
fn areas_of_one_priority_are_filled_in_turn() {
    let mut world = World::with_swap(Setup::new(26, 160), 256);
    let other = world.add_device(256, "");
    world.swapon(other, 0);
    let program = world.add_program();
    (0..80).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.swap_out(program, |_| false);
    let used: Vec<u32> = lock(&world.machine).pager.areas().map(|it| it.used_pages).collect();
    assert!(used.iter().all(|used| (30..=50).contains(used)), "{used:?}");
    finish(world);
}

#[test]
fn a_device_at_its_limit_refuses_pages_until_the_limit_is_raised() {
    let mut world = World::with_swap(Setup::new(27, 128), 512);
    world.write_file("0/mem_limit", "16K").expect("a limit");
    let program = world.add_program();
    (0..90).for_each(|page| world.write(program, page, Kind::Noise(1500)));
    let now_ns = |world: &World| lock(&world.machine).kernel.now_ns;
    let begun_ns = now_ns(&world);
    world.press(3000);
    let seconds = (now_ns(&world) - begun_ns) / 1_000_000_000;
    let refused = lock(&world.machine).pager.statistics().refused_limit;
    assert!(refused > 0);
    assert!(world.mm_stat(0)[2] <= 16384, "the limit is exact");
    // It is asked again once a second, by two CPUs at most, for a batch of 8 pages.
    assert!(refused <= (seconds + 2) * 16, "{refused} refusals in {seconds} s");
    world.write_file("0/mem_limit", "0").expect("no limit");
    world.pass(2_000_000_000);
    world.swap_out(program, |_| false);
    assert_eq!(world.swapped_pages(program), 90);
    finish(world);
}

#[test]
fn a_mounted_device_refuses_reset_removal_and_the_daemons_exit() {
    let (mut world, program) = with_swapped_program(Setup::new(28, 160), 30);
    let busy = [("0/reset", "1"), ("control/hot_remove", "0"), ("control/exit", "1")];
    for (file, text) in busy {
        assert_eq!(world.write_file(file, text), Err(EBUSY), "{file}");
        (0..30).for_each(|page| world.read(program, page));
        world.swap_out(program, |_| false);
    }
    let control = control(&mut world);
    assert_eq!(world.run(control, Job::SwapOff(0)), Outcome::Done);
    world.close_forgotten();
    assert_eq!(world.write_file("0/reset", "1"), Ok(()));
    assert_eq!(world.write_file("control/hot_remove", "0"), Ok(()));
    world.devices.clear();
    finish(world);
}

fn size_pages(world: &World) -> u32 {
    lock(&world.machine).pager.areas().map(|area| area.size_pages).sum()
}

#[test]
fn a_full_area_takes_pages_as_soon_as_its_device_has_grown() {
    let mut world = World::with_swap(Setup::new(30, 128), 40);
    let program = world.add_program();
    (0..60).for_each(|page| world.write(program, page, Kind::Noise(300)));
    world.press(200);
    assert_eq!(world.swapped_pages(program), 40);
    world.write_file("0/resize", "400K").expect("a device grows while it is mounted");
    world.areas[0].cookie.pages = 100;
    assert_eq!(size_pages(&world), 100);
    world.swap_out(program, |_| false);
    assert_eq!(world.swapped_pages(program), 60);
    finish(world);
}

#[test]
fn a_mounted_device_shrinks_after_its_end_was_given_up_and_every_page_is_right() {
    let (mut world, program) = with_swapped_program(Setup::new(31, 200), 100);
    assert_eq!(world.write_file("0/resize", "160K"), Err(EBUSY), "pages lie above");
    let control = control(&mut world);
    assert_eq!(world.run(control, Job::Shrink(0, 40)), Outcome::Done);
    assert_eq!((size_pages(&world), world.swapped_pages(program) <= 40), (40, true));
    world.write_file("0/resize", "160K").expect("nothing lies above");
    (0..100).for_each(|page| world.read(program, page));
    world.write_file("0/resize", "1M").expect("it may grow again");
    assert_eq!(size_pages(&world), 256);
    world.swap_out(program, |_| false);
    assert_eq!(world.swapped_pages(program), 100);
    finish(world);
}

#[test]
fn programs_run_fork_and_end_while_an_area_gives_up_its_end() {
    for seed in 40..46 {
        let setup = Setup::new(seed, 220).cpus(4);
        let (mut world, program) = with_swapped_program(setup, 60);
        let control = control(&mut world);
        world.begin(control, Job::Shrink(0, 20));
        for page in 0..40 {
            world.write(program, page % 20, Kind::Noise(700));
            if page == 15 {
                let Outcome::Forked(copy) = world.run(program, Job::Fork) else { continue };
                world.begin(copy, Job::Exit);
            }
        }
        world.run_until("the end is given up", |world| size_pages(world) == 20);
        (0..60).for_each(|page| world.read(program, page));
        finish(world);
    }
}
