//! `swap:` as programs see it.

use std::string::String;
use std::vec::Vec;

use zram_abi::error::{EACCES, EBADF, EBUSY, EINVAL, ENODEV, ENOENT, ENOTDIR, EOPNOTSUPP};
use zram_abi::record::{RECORD_SIZE, Record};
use zram_abi::verb::{QUEUE_NEXT, SWAPOFF, SWAPON};

use super::fake::Fake;
use super::world::World;
use crate::{Attempt, Errno, Glue, Kernel, Outcome, Payload, ROOT};

/// A user's bytes.
struct Bytes(Vec<u8>);

impl Payload for Bytes {
    fn read(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        if into.len() != self.0.len() {
            return Err(Errno(EINVAL));
        }
        into.copy_from_slice(&self.0);
        Ok(())
    }

    fn write(&mut self, from: &[u8]) -> Result<(), Errno> {
        self.0 = from.to_vec();
        Ok(())
    }
}

fn none() -> Bytes {
    Bytes(Record::none().encode().to_vec())
}

fn text(world: &World, path: &str) -> String {
    let file = world.open(path).unwrap();
    let mut text = String::new();
    let copy = |bytes: &[u8]| {
        text.push_str(core::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    };
    world.glue.read(file, 0, copy).unwrap();
    world.glue.close_file(file);
    text
}

fn write(world: &World, words: &str) -> Result<usize, Errno> {
    let file = world.open("params").unwrap();
    world.glue.write(file, words.len(), |into| {
        into.copy_from_slice(words.as_bytes());
        Ok(())
    })
}

#[test]
fn the_table_of_areas_has_the_device() {
    assert!(text(&World::new(), "areas").contains("zram:7"));
}

#[test]
fn a_text_is_read_from_its_offset() {
    let world = World::new();
    let whole = text(&world, "stat");
    let file = world.open("stat").unwrap();
    let mut rest = Vec::new();
    let copy = |bytes: &[u8]| {
        rest = bytes.to_vec();
        Ok(bytes.len())
    };
    world.glue.read(file, 10, copy).unwrap();
    assert_eq!(rest, whole.as_bytes()[10..]);
}

#[test]
fn marks_are_set_and_hooks_follow() {
    let world = World::new();
    write(&world, "high=90 low=80 reserve=70").unwrap();
    assert!(text(&world, "params").contains("reserve=70"));
    let reserve = world.glue.reserve.load(core::sync::atomic::Ordering::Relaxed);
    assert_eq!(reserve, 70);
}

#[test]
fn refused_marks_are_put_in_words() {
    let world = World::new();
    assert_eq!(write(&world, "low=1"), Err(Errno(EINVAL)));
    assert!(text(&world, "last_error").contains("low=1"));
}

#[test]
fn a_path_that_is_not_there_is_enoent() {
    assert_eq!(World::new().open("nothing"), Err(Errno(ENOENT)));
}

#[test]
fn a_queue_of_a_cpu_that_is_not_there_is_enoent() {
    assert_eq!(World::new().open("pager/1/in"), Err(Errno(ENOENT)));
}

#[test]
fn nothing_is_opened_below_a_file() {
    let world = World::new();
    assert_eq!(world.glue.open(world.control, "stat"), Err(Errno(ENOTDIR)));
}

#[test]
fn a_queue_is_open_once() {
    assert_eq!(World::new().open("pager/0/in"), Err(Errno(EBUSY)));
}

#[test]
fn a_second_process_gets_no_queue() {
    let world = World::new();
    world.glue.close_file(world.queues[0]);
    let _other = world.program(1, 1);
    assert_eq!(world.open("pager/0/in"), Err(Errno(EBUSY)));
}

#[test]
fn queues_are_roots() {
    let world = World::new();
    world.kernel.lock().uid = 1000;
    assert_eq!(world.open("pager/0/in"), Err(Errno(EACCES)));
}

#[test]
fn a_closed_queue_gives_its_window_back() {
    let world = World::new();
    let used = world.kernel.used();
    world.glue.close_file(world.queues[0]);
    assert_eq!(world.kernel.used(), used - 32);
}

#[test]
fn without_queues_there_is_no_daemon() {
    let world = World::new();
    world.queues.iter().for_each(|&queue| world.glue.close_file(queue));
    assert_eq!(world.glue.daemon().0, 0);
}

#[test]
fn a_closed_file_is_no_file() {
    let world = World::new();
    let file = world.open("stat").unwrap();
    world.glue.close_file(file);
    assert_eq!(world.glue.read(file, 0, |_| Ok(0)), Err(Errno(EBADF)));
}

#[test]
fn a_file_of_another_process_is_no_device_and_is_closed() {
    let world = World::new();
    let mounted = world.glue.take_device(world.control, [SWAPON, 0, 0], 99);
    assert_eq!(mounted, Err(Errno(EINVAL)));
    assert_eq!(world.kernel.lock().closed, [99]);
}

#[test]
fn without_a_daemon_nothing_is_mounted() {
    let world = World::new();
    world.queues.iter().for_each(|&queue| world.glue.close_file(queue));
    let mounted = world.glue.take_device(world.control, [SWAPON, 0, 0], 7);
    assert_eq!(mounted, Err(Errno(ENODEV)));
}

#[test]
fn swapoff_brings_everything_back_and_closes_the_device() {
    let world = World::new();
    let space = world.program(1, 150);
    let hog = world.hog(20);
    world.reclaim();
    assert!(world.swapped(&space) > 0);
    hog.into_iter().for_each(|frame| world.kernel.release(frame));
    (0..64).for_each(|_| world.then_serve());
    let done = world.glue.call_file(world.control, [SWAPOFF, 7, 0], &mut none());
    assert_eq!(done, Ok(0));
    assert_eq!(world.swapped(&space), 0);
    assert_eq!(world.kernel.lock().closed, [7]);
}

#[test]
fn swapoff_of_what_does_not_fit_fails_and_loses_nothing() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(10);
    world.reclaim();
    let before = world.swapped(&space);
    (0..1000).for_each(|_| world.then_tick());
    let done = world.glue.call_file(world.control, [SWAPOFF, 7, 0], &mut none());
    assert!(done.is_err());
    assert!(before > 0 && text(&world, "areas").contains("zram:7"));
    let page = world.a_swapped_page(&space);
    assert_eq!(world.brings_in(&space, page), Outcome::Done);
    assert_eq!(world.content(&space, page), page.0 + 1000);
}

#[test]
fn a_worker_that_is_killed_gets_eintr() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    let kernel = world.kernel.clone();
    world.then(std::boxed::Box::new(move || {
        kernel.lock().killed.insert(90);
    }));
    let next = world.glue.call_file(world.queues[0], [QUEUE_NEXT, 0, 0], &mut none());
    assert_eq!(next, Err(Errno(4)));
}

#[test]
fn a_worker_whose_queue_is_closed_gets_enodev() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    let other = world.clone();
    world.then(std::boxed::Box::new(move || other.glue.close_file(other.queues[0])));
    let next = world.glue.call_file(world.queues[0], [QUEUE_NEXT, 0, 0], &mut none());
    assert_eq!(next, Err(Errno(ENODEV)));
}

#[test]
fn a_worker_that_rests_is_given_the_record_that_comes() {
    let world = World::new();
    let space = world.program(1, 200);
    world.hog(20);
    world.kernel.run(90, &world.daemon);
    let other = world.clone();
    world.then(std::boxed::Box::new(move || {
        other.kernel.run(1, &space);
        other.glue.call(|pager, machine| pager.tick(machine));
        other.glue.settle();
    }));
    let mut payload = none();
    let next = world.glue.call_file(world.queues[1], [QUEUE_NEXT, 0, 0], &mut payload);
    assert_eq!(next, Ok(0));
    assert_eq!(payload.0.len(), RECORD_SIZE);
    assert_ne!(Record::decode(&payload.0).unwrap(), Record::none());
}

#[test]
fn what_is_no_record_is_einval() {
    let world = World::new();
    world.kernel.run(90, &world.daemon);
    let next = world.glue.call_file(
        world.queues[0],
        [QUEUE_NEXT, 0, 0],
        &mut Bytes(std::vec![9; RECORD_SIZE]),
    );
    assert_eq!(next, Err(Errno(EINVAL)));
}

#[test]
fn the_fullest_machine_opens_files_no_further_than_it_says() {
    let world = World::new();
    let opened = (0..5000).filter(|_| world.open("stat").is_ok()).count();
    assert_eq!(opened, 4096 - 3);
    assert!(world.kernel.free_count() > 0);
}

/// A machine with one CPU more than the pager can tell apart, of which the last one runs.
fn large() -> (&'static Glue<Fake>, Fake) {
    let (glue, kernel) = super::world::glue();
    let mut state = kernel.lock();
    (state.cpu, state.cpus) = (128, 129);
    drop(state);
    (glue, kernel)
}

#[test]
fn more_cpus_than_the_pager_can_tell_apart_are_refused_in_words() {
    let (glue, kernel) = large();
    let opened = glue.open(ROOT, "control").map(|opened| opened.number);
    assert_eq!(opened, Err(Errno(EOPNOTSUPP)));
    assert!(kernel.lock().said.iter().any(|line| line.contains("129 cpus")));
}

#[test]
fn that_there_are_too_many_cpus_is_said_once() {
    let (glue, kernel) = large();
    (0..2).for_each(|_| assert!(glue.open(ROOT, "control").is_err()));
    assert_eq!(kernel.lock().said.len(), 1);
}

#[test]
fn a_cpu_that_the_pager_cannot_name_has_its_faults_corrected_as_ever() {
    let (glue, _) = large();
    assert_eq!(glue.correct(|| Attempt::Done), Outcome::Done);
}

#[test]
fn as_many_cpus_as_the_pager_can_tell_apart_are_taken() {
    // Frames for the reserves of all of them.
    let glue = Glue::new(Fake::new(1 << 15));
    glue.kernel.lock().cpus = 128;
    assert!(glue.open(ROOT, "control").is_ok());
}
