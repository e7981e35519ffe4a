//! Discards through the handle of a mounted device, beside other operations on its slots.
//!
//! Our pager gives free notices instead. A kernel that discarded a page that a program still has
//! would lose that page, but no other, and no thread would read wrong bytes or wait for ever.

use swap_pager::ports::SpaceKind;
use syscall::error::EINVAL;
use zramd::platform::Answer;

use super::{finish, with_swapped_program};
use crate::content::Kind;
use crate::machine::lock;
use crate::world::{Change, Job, Setup, World};
use host_core::order::Random;

/// Slots that are in use at some time or other in [`storm`].
const SLOTS: usize = 160;

#[test]
fn ranges_up_to_the_end_are_discarded_and_others_refused() {
    let (mut world, program) = with_swapped_program(Setup::new(41, 160), 30);
    let area = world.areas[0];
    let end = u64::from(area.cookie.pages);
    let none = [(0, 0), (end, 0), (end - 1, 1), (end - 10, 10)];
    for (first, count) in none {
        let answer = world.discard(area, first, count);
        assert_eq!(answer, Answer::Number(0), "{first} {count}");
    }
    let past = [(end, 1), (end + 1, 0), (0, end + 1), (u64::from(u32::MAX), 1), (1 << 32, 1)];
    for (first, count) in past {
        let answer = world.discard(area, first, count);
        assert_eq!(answer, Answer::Error(EINVAL), "{first} {count}");
    }
    (0..30).for_each(|page| world.read(program, page));
    finish(world);
}

/// Programs that write and read, discards and compactions in a random order.
fn storm(seed: u64) -> World {
    let mut world = World::with_swap(Setup::new(seed, 130).cpus(3), 256);
    let mut random = Random::new(seed);
    for _ in 0..400 {
        while world.living().len() < 3 && world.add_space(SpaceKind::Ordinary).is_some() {}
        let mut idle = world.living();
        idle.retain(|thread| world.threads[thread.0].is_idle());
        if let Some(&thread) = idle.first() {
            let page = random.index(100) as u64;
            let whole = Change::Whole(Kind::any(&mut random), random.next());
            let job = if random.once_in(3) { Job::Read(page) } else { Job::Write(page, whole) };
            world.begin(thread, job);
        }
        world.steps(random.index(30));
        if random.once_in(4) {
            let (first, count) = (random.index(SLOTS) as u64, random.index(20) as u64);
            let answer = world.discard(world.areas[0], first, count);
            assert_eq!(answer, Answer::Number(0), "seed {seed}: {first} {count}");
        }
        if random.once_in(20) {
            world.write_file("0/compact", "1").expect("it can be compacted");
        }
    }
    world
}

#[test]
fn discards_meet_stores_loads_takes_and_compactions_of_the_same_slots_and_every_request_is_answered()
 {
    let mut bereft = 0;
    let mut records = std::collections::BTreeMap::new();
    for seed in 0..8 {
        let world = storm(seed);
        bereft += world.bereft.len();
        for (name, count) in &lock(&world.machine).ledger.records {
            *records.entry(*name).or_insert(0) += count;
        }
        assert!(world.killed.is_empty(), "seed {seed}: {:?}", world.killed);
        finish(world);
    }
    assert!(bereft > 0, "no discard met a page that was still wanted");
    assert!(["store", "take", "free"].iter().all(|it| records.contains_key(it)), "{records:?}");
}
