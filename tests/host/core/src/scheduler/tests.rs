//! Run queues: priority, slices, affinity, stealing and hand-off.

use super::{Candidate, Scheduler};
use zram_abi::{CpuId, CpuSet};

/// Ticks after which a thread makes room for another of its priority.
const SLICE_TICKS: u32 = 3;

fn cpu(number: u32) -> CpuId {
    CpuId::new(number).expect("tests use few CPUs")
}

fn cpus(numbers: &[u32]) -> CpuSet {
    numbers.iter().map(|&number| cpu(number)).fold(CpuSet::EMPTY, CpuSet::with)
}

type ThreadId = usize;

fn threads<const N: usize>() -> [ThreadId; N] {
    core::array::from_fn(|number| number)
}

fn candidate(thread: ThreadId, priority: u8, affinity: CpuSet) -> Candidate<ThreadId> {
    Candidate { thread, priority, affinity }
}

fn pop(scheduler: &mut Scheduler<ThreadId>, number: u32) -> Option<ThreadId> {
    scheduler.pop(cpu(number)).map(|candidate| candidate.thread)
}

#[test]
fn lower_numbers_run_first_and_equal_ones_in_turn() {
    let [late, first, second] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0]));
    scheduler.push(cpu(0), candidate(late, 30, cpus(&[0])));
    scheduler.push(cpu(0), candidate(first, 20, cpus(&[0])));
    scheduler.push(cpu(0), candidate(second, 20, cpus(&[0])));
    let order = [(); 4].map(|()| pop(&mut scheduler, 0));
    assert_eq!(order, [Some(first), Some(second), Some(late), None]);
}

#[test]
fn a_thread_makes_room_after_its_slice_or_at_once_for_a_more_urgent_one() {
    let [waiting, urgent] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0]));
    scheduler.push(cpu(0), candidate(waiting, 20, cpus(&[0])));
    for _ in 1..SLICE_TICKS {
        assert!(!scheduler.tick(cpu(0), 20));
    }
    assert!(scheduler.tick(cpu(0), 20));
    assert!(!scheduler.has_before(cpu(0), 20));
    scheduler.push(cpu(0), candidate(urgent, 5, cpus(&[0])));
    assert!(scheduler.has_before(cpu(0), 20));
}

#[test]
fn a_hand_off_goes_first_and_does_not_start_a_new_slice() {
    let [queued, partner] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0]));
    scheduler.push(cpu(0), candidate(queued, 20, cpus(&[0])));
    for _ in 1..SLICE_TICKS {
        assert!(!scheduler.tick(cpu(0), 20));
        scheduler.hand_off(cpu(0), candidate(partner, 20, cpus(&[0])));
        assert_eq!(pop(&mut scheduler, 0), Some(partner));
    }
    assert!(scheduler.tick(cpu(0), 20), "two threads that serve each other keep the CPU for ever");
}

#[test]
fn an_idle_cpu_steals_what_it_may_run() {
    let [pinned, free] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0, 1]));
    scheduler.push(cpu(0), candidate(pinned, 20, cpus(&[0])));
    scheduler.push(cpu(0), candidate(free, 20, cpus(&[0, 1])));
    assert_eq!(pop(&mut scheduler, 1), Some(free));
    assert_eq!(pop(&mut scheduler, 1), None);
    assert_eq!(pop(&mut scheduler, 0), Some(pinned));
}

#[test]
fn an_idle_cpu_is_woken_once() {
    let mut scheduler = Scheduler::<ThreadId>::new(cpus(&[0, 1, 2]));
    assert_eq!(pop(&mut scheduler, 1), None);
    assert_eq!(pop(&mut scheduler, 2), None);
    assert_eq!(scheduler.wake_idle(cpus(&[0, 2]), cpu(0)), Some(cpu(2)));
    assert_eq!(scheduler.wake_idle(cpus(&[0, 2]), cpu(0)), None);
    assert_eq!(scheduler.wake_idle(cpus(&[0, 1, 2]), cpu(0)), Some(cpu(1)));
}

#[test]
fn affinity_binds_while_one_of_its_cpus_is_online() {
    let mut scheduler = Scheduler::<ThreadId>::new(cpus(&[0, 1]));
    assert_eq!(scheduler.choose(cpus(&[1]), cpu(0), cpu(0)), cpu(1));
    assert_eq!(scheduler.choose(cpus(&[0, 1]), cpu(1), cpu(0)), cpu(0));
    assert!(scheduler.set_offline(cpu(1)).is_empty());
    assert!(scheduler.may_run(cpus(&[1]), cpu(0)), "nothing waits for a CPU that has gone");
    scheduler.set_online(cpu(1));
    assert!(!scheduler.may_run(cpus(&[1]), cpu(0)));
}

#[test]
fn a_cpu_that_goes_gives_up_all_its_threads() {
    let [handed, queued] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0, 1]));
    scheduler.push(cpu(1), candidate(queued, 3, cpus(&[0, 1])));
    scheduler.hand_off(cpu(1), candidate(handed, 20, cpus(&[0, 1])));
    let given: Vec<_> = scheduler.set_offline(cpu(1)).iter().map(|found| found.thread).collect();
    assert_eq!(given, [handed, queued]);
}

#[test]
fn a_removed_thread_is_in_no_queue() {
    let [handed, queued] = threads();
    let mut scheduler = Scheduler::new(cpus(&[0]));
    scheduler.push(cpu(0), candidate(queued, 20, cpus(&[0])));
    scheduler.hand_off(cpu(0), candidate(handed, 20, cpus(&[0])));
    scheduler.remove(cpu(0), handed);
    scheduler.remove(cpu(0), queued);
    assert_eq!(pop(&mut scheduler, 0), None);
}
