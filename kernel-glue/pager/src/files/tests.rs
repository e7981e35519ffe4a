//! Paths, verbs and texts, byte for byte.

use zram_abi::record::Status;

use super::texts::Memory;
use super::*;
use crate::tests::world::{OUT, World, cpu_id};
use crate::{Watermarks, ports::SpaceId};

const ROOT: Asker = Asker { uid: 0, is_daemon: false };
const USER: Asker = Asker { uid: 1000, is_daemon: false };
const DAEMON: Asker = Asker { uid: 0, is_daemon: true };
const QUEUE: QueueId = QueueId { cpu: cpu_id(3), direction: Direction::Out };

#[test]
fn every_file_has_its_path() {
    for (path, file) in [
        ("", File::Root),
        ("/control/", File::Control),
        ("areas", File::Areas),
        ("stat", File::Stat),
        ("latencies", File::Latencies),
        ("params", File::Params),
        ("last_error", File::LastError),
        ("pager", File::Queues),
        ("pager/3/out", File::Queue(QUEUE)),
    ] {
        assert_eq!(File::named(path), Ok(file), "{path}");
    }
}

#[test]
fn other_paths_are_no_files() {
    for path in ["x", "areas/x", "pager/3", "pager/3/up", "pager/-1/in", "pager/99999999999/in"] {
        assert_eq!(File::named(path), Err(Errno(ENOENT)), "{path}");
    }
}

#[test]
fn only_root_opens_queues_mounts_unmounts_and_writes() {
    assert_eq!(File::Queue(QUEUE).may_open(USER), Err(Errno(EACCES)));
    assert_eq!(File::Control.take(USER, [SWAPON, 0, 0]), Err(Errno(EACCES)));
    assert_eq!(File::Control.call(USER, [SWAPOFF, 0, 0]), Err(Errno(EACCES)));
    assert_eq!(File::Params.may_write(USER, 5), Err(Errno(EACCES)));
    assert_eq!(File::Queue(QUEUE).may_open(ROOT), Ok(()));
    let mount = SwapOn { priority: -2 };
    assert_eq!(File::Control.take(ROOT, [SWAPON, u64::MAX - 1, 0]), Ok(mount));
    let unmount = Call::SwapOff { device: 7 };
    assert_eq!(File::Control.call(ROOT, [SWAPOFF, 7, 0]), Ok(unmount));
    assert_eq!(File::Params.may_write(ROOT, WRITE_MAX), Ok(()));
}

#[test]
fn the_daemon_alone_says_how_large_its_devices_are() {
    let cookie = Cookie { device: 7, generation: 2, pages: 100 };
    let word = cookie.pack().unwrap();
    let by = ResizeBy::Daemon { generation: 2 };
    let resize = Resize { device: 7, pages: 100, by };
    let told = File::Control.call(DAEMON, [SWAP_RESIZE, word, RESIZE_DAEMON]);
    assert_eq!(told, Ok(Call::Resize(resize)));
    let lie = File::Control.call(ROOT, [SWAP_RESIZE, word, RESIZE_DAEMON]);
    assert_eq!(lie, Err(Errno(EACCES)));
    let wish = File::Control.call(ROOT, [SWAP_RESIZE, word, RESIZE_USER]);
    assert_eq!(wish, Ok(Call::Resize(Resize { by: ResizeBy::User, ..resize })));
    for wrong in [[SWAP_RESIZE, 1 << 63, 0], [SWAP_RESIZE, word, 9]] {
        assert_eq!(File::Control.call(ROOT, wrong), Err(Errno(EINVAL)));
    }
    assert_eq!(File::Control.call(USER, [SWAP_RESIZE, word, 0]), Err(Errno(EACCES)));
}

#[test]
fn what_a_file_has_not_and_what_does_not_fit_is_refused() {
    assert_eq!(File::Control.call(ROOT, [SWAPOFF, 1 << 16, 0]), Err(Errno(EINVAL)));
    assert_eq!(File::Params.may_write(ROOT, WRITE_MAX + 1), Err(Errno(EINVAL)));
    assert_eq!(File::Stat.may_write(ROOT, 1), Err(Errno(EBADF)));
    assert_eq!(File::Stat.call(ROOT, [SWAPOFF, 0, 0]), Err(Errno(EOPNOTSUPP)));
    assert_eq!(File::Control.call(ROOT, [QUEUE_NEXT, 0, 0]), Err(Errno(EOPNOTSUPP)));
    assert_eq!(File::Areas.take(ROOT, [SWAPON, 0, 0]), Err(Errno(EOPNOTSUPP)));
}

/// Pages 0 to 5, four of them about to leave.
fn six_pages(slots: u32) -> World {
    let mut world = World::new(9, slots);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world
}

fn state(world: &World) -> alloc::string::String {
    let table = texts::areas(&world.pager);
    let line = table.lines().nth(1).expect("one area is mounted");
    line.rsplit('\t').next().expect("it has columns").into()
}

#[test]
fn the_table_of_areas_is_that_of_linux_and_a_state() {
    let mut world = six_pages(16);
    world.post_batch();
    world.serve(OUT);
    let table =
        "Filename\tType\tSize\tUsed\tPriority\tState\nzram:0\tpartition\t64\t16\t0\tactive\n";
    assert_eq!(texts::areas(&world.pager), table);
}

#[test]
fn an_area_without_a_free_slot_is_shown_as_full() {
    let mut world = six_pages(4);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(state(&world), "full");
    world.exit(SpaceId(1));
    world.pager.tick(&mut world.ports);
    world.serve(OUT);
    assert_eq!(state(&world), "active");
}

#[test]
fn an_area_whose_device_refused_pages_is_shown_as_limited_until_it_takes_some() {
    let mut world = six_pages(16);
    world.policy = |_, _| Status::Limit;
    world.post_batch();
    world.serve(OUT);
    assert_eq!(state(&world), "limited");
    // It may be asked again by now, and has not been.
    world.ports.now_ns += 1_000_000_000;
    world.pager.tick(&mut world.ports);
    assert_eq!(state(&world), "limited");
    world.policy = crate::tests::world::always_ok;
    world.post_batch();
    world.serve(OUT);
    assert_eq!(state(&world), "active");
}

#[test]
fn an_area_whose_pool_had_no_frame_is_shown_as_starved() {
    let mut world = six_pages(16);
    world.policy = |_, _| Status::NoReserve;
    world.hog(1);
    world.post_batch();
    world.serve(OUT);
    assert_eq!(state(&world), "starved");
}

#[test]
fn the_counts_have_their_names_and_order() {
    let mut world = six_pages(16);
    world.post_batch();
    world.serve(OUT);
    let memory = Memory { total_pages: 100, free_pages: 7, resident_pages: 50, window_pages: 32 };
    let text = texts::stat(&world.pager, memory);
    let names: alloc::vec::Vec<_> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(names.first(), Some(&("pages_out", "4")));
    assert_eq!(names.last(), Some(&("closed", "0")));
    for pair in [("free_bytes", "28672"), ("usable_bytes", "401408"), ("window_bytes", "131072")] {
        assert!(names.contains(&pair), "{pair:?}: {text}");
    }
    assert_eq!(names.len(), 24);
}

#[test]
fn params_are_set_by_name_and_the_others_stay() {
    let mut world = six_pages(16);
    assert_eq!(world.pager.set_params(" high=20\nbatch=8 "), Ok(()));
    let marks = Watermarks { high: 20, batch: 8, ..crate::tests::world::MARKS };
    assert_eq!(world.pager.watermarks(), marks);
    assert_eq!(params::text(marks), "reserve=2\nlow=4\nhigh=20\nbatch=8\n");
}

#[test]
fn params_that_are_refused_are_told_in_words_and_change_nothing() {
    let mut world = six_pages(16);
    for (words, told) in [
        ("low", "low: not name=number"),
        ("slow=1", "slow: not reserve, low, high or batch"),
        ("batch=8 low=x", "low=x: not a number"),
        ("low=1", "low=1: must be above the reserve, which is 2 pages"),
        ("batch=99", "batch=99: from 1 to 32 pages"),
        ("reserve=1", "reserve=1: from 2 to 4294967295 pages"),
    ] {
        let refusal = world.pager.set_params(words).map_err(|it| alloc::format!("{it}"));
        assert_eq!(refusal, Err(told.into()));
        assert_eq!(world.pager.watermarks(), crate::tests::world::MARKS);
    }
}

#[test]
fn the_queues_are_listed_by_cpu() {
    assert_eq!(texts::queues([0, 2].into_iter()), "0\n2\n");
}
