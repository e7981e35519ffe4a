//! Every pair of state and event of a queue.

use super::*;
use crate::AreaIndex;
use crate::lines::in_flight::Notice;

fn work() -> Work {
    Work::Notice(Notice::new(AreaIndex(0), 7))
}

fn states() -> [Queue; 6] {
    let taken = Queue::Busy(work(), Stage::Taken, 5);
    let posted = Queue::Busy(work(), Stage::Posted, 5);
    [Queue::Closed, Queue::Revoked, Queue::Running, Queue::Idle, posted, taken]
}

fn name(queue: &Queue) -> &'static str {
    match queue {
        Queue::Closed => "closed",
        Queue::Revoked => "revoked",
        Queue::Running => "running",
        Queue::Idle => "idle",
        Queue::Busy(_, Stage::Posted, _) => "posted",
        Queue::Busy(_, Stage::Taken, _) => "taken",
    }
}

#[test]
fn only_an_open_queue_without_work_is_free() {
    let free: [bool; 6] = states().map(|queue| queue.is_free());
    assert_eq!(free, [false, false, true, true, false, false]);
    let open: [bool; 6] = states().map(|queue| queue.is_open());
    assert_eq!(open, [false, false, true, true, true, true]);
}

#[test]
fn posting_tells_whether_the_worker_sleeps() {
    for (mut queue, asleep) in [(Queue::Running, false), (Queue::Idle, true)] {
        assert_eq!(queue.post(work(), 5).ok(), Some(asleep));
        assert_eq!(name(&queue), "posted");
    }
}

#[test]
fn a_queue_that_is_not_free_gives_work_back_and_stays_as_it_was() {
    for mut queue in states() {
        let before = name(&queue);
        if !queue.is_free() {
            assert!(queue.post(work(), 5).is_err(), "{before}");
            assert_eq!(name(&queue), before);
        }
    }
}

#[test]
fn only_what_was_posted_is_taken_and_only_once() {
    for mut queue in states() {
        let before = name(&queue);
        assert_eq!(queue.take().is_some(), before == "posted", "{before}");
        let after = if before == "posted" { "taken" } else { before };
        assert_eq!(name(&queue), after);
    }
}

#[test]
fn whoever_ends_a_queue_gets_its_work() {
    for mut queue in states() {
        let had_work = queue.work().is_some();
        let before = name(&queue);
        assert_eq!(queue.leave_for(Queue::Revoked).is_some(), had_work, "{before}");
        assert_eq!(name(&queue), "revoked");
    }
}

#[test]
fn only_a_queue_with_old_work_is_stuck_whether_taken_or_not() {
    for queue in states() {
        let has_work = queue.work().is_some();
        assert!(!queue.is_stuck(5 + STUCK_NS - 1), "{}", name(&queue));
        assert_eq!(queue.is_stuck(5 + STUCK_NS), has_work, "{}", name(&queue));
    }
}

#[test]
fn taking_work_does_not_make_it_young() {
    let mut queue = Queue::Running;
    assert!(queue.post(work(), 5).is_ok());
    assert!(queue.take().is_some());
    assert!(queue.is_stuck(5 + STUCK_NS));
}
