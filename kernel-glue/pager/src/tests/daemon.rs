//! A daemon that dies, hangs or comes back.

use zram_abi::record::Record;

use super::world::{Access, IN, OUT, World, asking, cpu_id};
use crate::ports::{Page, SpaceId, Waiter};
use crate::{AREAS_MAX, AreaState, Fault, Next, STUCK_NS, SwapOff, SwapOffError};

const SPACE: SpaceId = SpaceId(1);

fn six_pages() -> World {
    let mut world = World::new(9, 16);
    world.space_with(1, &[11, 12, 13, 14, 15, 16]);
    world
}

fn close_all(world: &mut World) {
    world.pager.queue_closed(IN, &mut world.ports);
    world.pager.queue_closed(OUT, &mut world.ports);
}

#[test]
fn when_the_daemon_dies_pages_in_flight_go_back() {
    for posted in [false, true] {
        let mut world = six_pages();
        let unmapped = world.unmap_batch();
        if posted {
            let _ = world.pager.reclaim_finish(unmapped, &mut world.ports);
            assert!(world.work(OUT).is_some());
            close_all(&mut world);
        } else {
            close_all(&mut world);
            assert_eq!(world.pager.reclaim_finish(unmapped, &mut world.ports), None);
        }
        for page in 0..6 {
            assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
        }
        assert!(world.pager.areas().all(|area| area.state == AreaState::Dead));
        assert_eq!(world.used_slots(), 0);
    }
}

#[test]
fn who_touches_a_page_of_a_dead_area_is_told_and_everyone_else_lives() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    let other = world.space_with(2, &[21, 22]);
    close_all(&mut world);
    assert_eq!(world.access(SPACE, 0, None), Access::Lost);
    assert_eq!(world.access(SPACE, 5, None), Access::Done(16));
    assert_eq!(world.access(other, 1, None), Access::Done(22));
}

#[test]
fn who_waits_for_a_page_when_the_daemon_dies_is_woken_and_told() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    let _ = world.fault(SPACE, 0);
    world.park(Waiter(1));
    let line = crate::FaultRequest { waiter: Waiter(7), ..World::request(SPACE, 1) };
    let _ = world.pager.fault(line, &mut world.ports);
    world.park(Waiter(7));
    assert!(world.work(IN).is_some());
    close_all(&mut world);
    assert_eq!(world.ports.woken, [Waiter(1), Waiter(7)]);
    assert_eq!(world.fault(SPACE, 0), Fault::Lost);
}

#[test]
fn work_that_waits_ten_seconds_without_a_sign_of_life_ends_the_daemon() {
    let mut world = six_pages();
    world.post_batch();
    assert!(world.work(OUT).is_some());
    world.pass(STUCK_NS - 1);
    assert_eq!(world.ports.revoked, []);
    world.pass(1);
    assert_eq!(world.ports.revoked, [IN, OUT]);
    let late = world.held[&super::fake::key(OUT)].clone();
    assert_eq!(world.pager.queue_next(OUT, &late, &mut world.ports), Next::Closed);
    for page in 0..6 {
        assert_eq!(world.access(SPACE, page, None), Access::Done(page + 11));
    }
}

#[test]
fn one_silent_queue_ends_the_daemon_whatever_the_others_do() {
    for silent in [IN, OUT] {
        let mut world = six_pages();
        world.post_batch();
        world.serve(OUT);
        let other = crate::ports::QueueId { cpu: cpu_id(1), ..IN };
        world.open(other);
        if silent == IN {
            let _ = world.fault(SPACE, 0);
        } else {
            world.hog(3);
            world.post_batch();
        }
        assert!(world.work(silent).is_some());
        for _ in 0..20 {
            let _ = world.pager.queue_next(other, &Record::none(), &mut world.ports);
            world.pass(STUCK_NS / 20);
        }
        assert_eq!(world.ports.revoked, [IN, OUT, other], "{silent:?}");
    }
}

#[test]
fn a_machine_that_stood_still_for_an_hour_keeps_its_daemon() {
    let mut world = six_pages();
    world.post_batch();
    assert!(world.work(OUT).is_some());
    world.ports.now_ns += 360 * STUCK_NS;
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.revoked, []);
}

#[test]
fn an_idle_daemon_is_never_stuck() {
    let mut world = six_pages();
    world.pass(10 * STUCK_NS);
    world.post_batch();
    world.pager.tick(&mut world.ports);
    assert_eq!(world.ports.revoked, []);
}

#[test]
fn a_new_daemon_opens_the_queues_again_and_mounts_a_new_area() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    close_all(&mut world);
    world.stored.clear();
    world.open(IN);
    world.open(OUT);
    world.swapon(1, 16, 0);
    world.hog(3);
    world.reclaim_all();
    assert_eq!(world.access(SPACE, 4, None), Access::Done(15));
    assert_eq!(world.access(SPACE, 0, None), Access::Lost);
}

#[test]
fn a_dead_area_is_removed_once_nobody_has_an_entry_of_it() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    close_all(&mut world);
    let caller = asking(9);
    let busy = world.pager.swapoff(0, caller, &mut world.ports);
    assert_eq!(busy, SwapOff::Failed(SwapOffError::Busy));
    world.exit(SPACE);
    assert_eq!(world.pager.swapoff(0, caller, &mut world.ports), SwapOff::Done);
    assert_eq!(world.pager.areas().count(), 0);
}

#[test]
fn dead_areas_that_nobody_needs_make_room_for_new_ones() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    // The first one keeps the pages that are lost, the others nothing.
    for _ in 0..2 * AREAS_MAX {
        close_all(&mut world);
        world.open(IN);
        world.open(OUT);
        world.swapon(1, 16, 0);
    }
    assert_eq!(world.access(SPACE, 0, None), Access::Lost);
}

#[test]
fn one_closed_queue_loses_nothing() {
    let mut world = six_pages();
    world.post_batch();
    world.serve(OUT);
    let other = crate::ports::QueueId { cpu: cpu_id(1), ..IN };
    world.open(other);
    let _ = world.fault(SPACE, 0);
    world.park(Waiter(1));
    assert!(world.work(IN).is_some());
    world.pager.queue_closed(IN, &mut world.ports);
    assert_eq!(world.ports.woken, [Waiter(1)]);
    let _ = world.fault(SPACE, 0);
    assert_eq!(world.ports.woken_workers, [other]);
    world.serve(other);
    assert!(crate::ports::Spaces::entry(&world.ports, SPACE, Page(0)).is_none());
    assert_eq!(world.fault(SPACE, 0), Fault::Mapped);
}

#[test]
fn an_open_queue_is_not_opened_twice() {
    let mut world = six_pages();
    assert!(!world.pager.queue_open(IN));
}
