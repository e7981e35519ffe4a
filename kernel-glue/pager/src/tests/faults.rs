//! Page-ins: one request per slot, waiting for busy queues, hand-off, and waits that lose no wake.

use alloc::vec::Vec;

use zram_abi::record::{Operation, Status};

use super::world::{Access, CPU, CPUS, IN, OUT, World, asking, cpu_id};
use crate::ports::{CpuId, Direction, Page, QueueId, SpaceId, Waiter};
use crate::{Commit, Fault, FaultRequest, Fork, Next};

/// Space 1 with pages 0 to 3 swapped out, contents 11 to 14, and 5 more frames.
fn swapped() -> World {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world.post_batch();
    world.serve(OUT);
    world
}

fn request(waiter: u32, page: u64, cpu: CpuId) -> FaultRequest {
    let space = SpaceId(1);
    FaultRequest { space, page: Page(page), waiter: Waiter(waiter), cpu }
}

#[test]
fn a_fault_runs_the_idle_worker_of_its_cpu_and_the_reply_runs_the_faulter() {
    let mut world = swapped();
    let asked = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    assert_eq!(asked, Fault::Wait { run: Some(IN) });
    world.park(Waiter(1));
    let mut record = world.pager.queue_take(IN).unwrap();
    assert_eq!(record.operation, Operation::Take);
    record.entries_mut()[0].status = Status::Damaged;
    let next = world.pager.queue_next(IN, &record, &mut world.ports);
    assert_eq!(next, Next::Idle { run: Some(Waiter(1)) });
    assert_eq!(world.ports.woken, []);
}

#[test]
fn a_second_fault_on_a_slot_waits_for_the_first_request() {
    let mut world = swapped();
    let _ = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    world.park(Waiter(1));
    let second = world.pager.fault(request(5, 0, CPU), &mut world.ports);
    assert_eq!(second, Fault::Wait { run: None });
    world.park(Waiter(5));
    assert_eq!(world.serve(IN), 1);
    world.ports.woken.sort_unstable_by_key(|waiter| waiter.0);
    assert_eq!(world.ports.woken, [Waiter(1), Waiter(5)]);
    assert_eq!(world.pager.statistics().pages_in, 1);
}

#[test]
fn faults_on_a_busy_queue_get_their_turn_in_order() {
    let mut world = swapped();
    for (waiter, page) in [(1, 0), (5, 1), (6, 2)] {
        let _ = world.pager.fault(request(waiter, page, CPU), &mut world.ports);
        world.park(Waiter(waiter));
    }
    assert_eq!(world.serve(IN), 3);
    assert_eq!(world.ports.woken, [Waiter(1), Waiter(5), Waiter(6)]);
    world.assert_nothing_leaks();
}

#[test]
fn a_page_unmapped_while_its_fault_stands_in_line_is_not_asked_for() {
    let mut world = swapped();
    for (waiter, page) in [(1, 0), (5, 1)] {
        let _ = world.pager.fault(request(waiter, page, CPU), &mut world.ports);
        world.park(Waiter(waiter));
    }
    world.unmap_page(crate::ports::SpaceId(1), 1);
    assert_eq!(world.serve(IN), 1);
    assert!(world.ports.woken.contains(&Waiter(5)));
    world.assert_nothing_leaks();
}

#[test]
fn a_shared_page_unmapped_by_one_while_its_fault_stands_in_line_stays_for_the_other() {
    let mut world = swapped();
    let space = SpaceId(1);
    assert_eq!(world.pager.fork_begin(space, Waiter(1), &mut world.ports), Fork::Ready);
    let child = world.copy_space(space, 2);
    for (waiter, page) in [(1, 0), (5, 1)] {
        let _ = world.pager.fault(request(waiter, page, CPU), &mut world.ports);
        world.park(Waiter(waiter));
    }
    world.unmap_page(space, 1);
    assert_eq!(world.serve(IN), 1);
    assert_eq!(world.access(child, 1, None), Access::Done(12));
}

#[test]
fn two_cpus_with_the_same_page_in_line_ask_for_it_once() {
    let mut world = swapped();
    let other = QueueId { cpu: cpu_id(1), direction: Direction::In };
    world.open(other);
    let faults = [(1, 0, CPU), (5, 1, other.cpu), (6, 2, CPU), (7, 2, other.cpu)];
    for (waiter, page, cpu) in faults {
        let _ = world.pager.fault(request(waiter, page, cpu), &mut world.ports);
        world.park(Waiter(waiter));
    }
    assert!(world.work(IN).is_some());
    world.answer(IN);
    assert_eq!(world.work(IN).unwrap().entries()[0].slot, 2);
    assert_eq!(world.serve(other), 1);
    assert_eq!(world.ports.woken, [Waiter(1), Waiter(7), Waiter(5)]);
    let again = world.pager.fault(request(7, 2, other.cpu), &mut world.ports);
    assert_eq!(again, Fault::Wait { run: None });
    world.serve(IN);
    assert_eq!(world.pager.statistics().pages_in, 3);
    world.assert_nothing_leaks();
}

#[test]
fn a_page_unmapped_while_it_comes_is_not_mapped_and_its_frame_is_freed() {
    let mut world = swapped();
    let _ = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    assert!(world.work(IN).is_some());
    world.unmap_page(crate::ports::SpaceId(1), 0);
    world.serve(IN);
    assert_eq!(world.ports.pte(crate::ports::SpaceId(1), Page(0)), None);
    world.assert_nothing_leaks();
}

#[test]
fn a_fault_on_a_cpu_without_queue_uses_another_ones_and_wakes_its_worker() {
    let mut world = swapped();
    let asked = world.pager.fault(request(1, 0, cpu_id(1)), &mut world.ports);
    assert_eq!(asked, Fault::Wait { run: None });
    assert_eq!(world.ports.woken_workers, [IN]);
}

#[test]
fn each_cpu_has_its_own_queue() {
    let mut world = swapped();
    let other = QueueId { cpu: cpu_id(CPUS - 1), direction: Direction::In };
    world.open(other);
    let first = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    let second = world.pager.fault(request(5, 1, other.cpu), &mut world.ports);
    assert_eq!((first, second), (Fault::Wait { run: Some(IN) }, Fault::Wait { run: Some(other) }));
    assert_eq!((world.serve(other), world.serve(IN)), (1, 1));
}

#[test]
fn a_wake_between_prepare_and_commit_is_kept() {
    let mut world = swapped();
    let asked = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    assert_eq!(asked, Fault::Wait { run: Some(IN) });
    world.serve(IN);
    assert_eq!(world.ports.woken, [], "nobody sleeps yet");
    assert_eq!(world.pager.commit(Waiter(1)), Commit::Retry);
    let again = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    assert_eq!(again, Fault::Mapped);
}

#[test]
fn a_thread_that_is_gone_is_not_woken_and_its_page_still_comes() {
    let mut world = swapped();
    let _ = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    let _ = world.pager.fault(request(5, 1, CPU), &mut world.ports);
    world.park(Waiter(1));
    world.park(Waiter(5));
    world.pager.waiter_gone(Waiter(1), &mut world.ports);
    world.pager.waiter_gone(Waiter(5), &mut world.ports);
    world.serve(IN);
    assert_eq!(world.ports.woken, []);
    assert_eq!(world.access(crate::ports::SpaceId(1), 0, None), Access::Done(11));
    world.assert_nothing_leaks();
}

#[test]
fn sharers_of_a_slot_each_get_the_page_and_the_last_one_frees_the_slot() {
    let mut world = swapped();
    let space = SpaceId(1);
    let ready = world.pager.fork_begin(space, Waiter(1), &mut world.ports);
    assert_eq!(ready, Fork::Ready);
    let child = world.copy_space(space, 2);
    assert_eq!(world.access(child, 0, None), Access::Done(11));
    assert_eq!(world.access(child, 0, Some(77)), Access::Done(77));
    assert_eq!(world.access(space, 0, None), Access::Done(11));
    world.assert_nothing_leaks();
}

#[test]
fn the_latency_of_a_page_in_is_counted_from_fault_to_map() {
    let mut world = swapped();
    let _ = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    world.ports.now_ns += 5_000;
    world.serve(IN);
    let latencies = world.pager.page_in_latencies();
    assert_eq!(latencies.count(), 1);
    assert!((5_000..5_160).contains(&latencies.percentile_ns(50)));
}

#[test]
fn a_probe_is_an_empty_record_whose_reply_runs_its_thread() {
    let mut world = World::new(9, 16);
    let caller = asking(5);
    assert_eq!(world.pager.probe(caller, &mut world.ports), Some(IN));
    world.park(Waiter(5));
    assert_eq!(world.pager.probe(asking(6), &mut world.ports), None, "the queue is busy");
    let record = world.pager.queue_take(IN).unwrap();
    assert_eq!(record.entries().len(), 0);
    let next = world.pager.queue_next(IN, &record, &mut world.ports);
    assert_eq!(next, Next::Idle { run: Some(Waiter(5)) });
    assert_eq!(world.pager.page_in_latencies().count(), 0);
}

#[test]
fn a_fault_behind_a_probe_gets_its_turn() {
    let mut world = swapped();
    assert_eq!(world.pager.probe(asking(5), &mut world.ports), Some(IN));
    world.park(Waiter(5));
    let asked = world.pager.fault(request(1, 0, CPU), &mut world.ports);
    assert_eq!(asked, Fault::Wait { run: None });
    world.park(Waiter(1));
    assert_eq!(world.serve(IN), 2);
    assert_eq!(world.ports.woken, [Waiter(5), Waiter(1)]);
}

#[test]
fn a_page_of_63_sharers_is_freed_once_by_the_last_of_them_in_any_order() {
    const SHARERS: core::ops::RangeInclusive<u32> = 1..=63;
    for seed in 1..20_u32 {
        let mut world = World::new(20, 16);
        let parent = world.space_with(1, &[11]);
        world.hog(3);
        world.reclaim_all();
        for child in SHARERS.skip(1) {
            let ready = world.pager.fork_begin(parent, Waiter(1), &mut world.ports);
            assert_eq!(ready, Fork::Ready);
            world.copy_space(parent, child);
        }
        // A full cycle modulo the prime 67, whose start and step are the seed's.
        let order = (0..67).map(|turn| (seed * 7 + turn * (seed * 3 + 1)) % 67);
        let order: Vec<u32> = order.filter(|space| SHARERS.contains(space)).collect();
        let faulter = SpaceId(order[40]);
        for (turn, space) in order.iter().enumerate() {
            assert_eq!((world.used_slots(), world.stored.len()), (1, 1), "{turn} have gone");
            if turn == 30 {
                assert_eq!(world.access(faulter, 0, None), Access::Done(11));
            }
            world.exit(SpaceId(*space));
        }
        world.pager.tick(&mut world.ports);
        world.serve(OUT);
        assert_eq!((world.used_slots(), world.stored.len()), (0, 0));
        assert_eq!(world.pager.statistics().notices, 1, "seed {seed}");
    }
}
