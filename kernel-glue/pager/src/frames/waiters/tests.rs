//! Every pair of state and event of a waiting thread, and the lines.

use alloc::vec::Vec;

use super::*;
use crate::ports::QueueId;
use crate::tests::world::cpu_id;
use crate::{AreaIndex, SwapSlot};

#[derive(Default)]
struct Told(Vec<Waiter>);

impl Threads for Told {
    fn wake(&mut self, waiter: Waiter) {
        self.0.push(waiter);
    }

    fn wake_worker(&mut self, _queue: QueueId) {}

    fn revoke_worker(&mut self, _queue: QueueId) {}
}

const ME: Waiter = Waiter(3);
const STATES: [State; 4] =
    [State::Awake, State::Prepared(Reason::Frame), State::Parked(Reason::Frame), State::Woken];

fn table() -> Waiters {
    Waiters::new(8, 2).unwrap()
}

fn entry(slot: u32) -> SwapEntry {
    SwapEntry { area: AreaIndex(0), slot: SwapSlot(slot) }
}

fn waiters_in(state: State) -> Waiters {
    let mut waiters = table();
    if state != State::Awake {
        waiters.prepare(ME, Reason::Frame);
    }
    match state {
        State::Awake | State::Prepared(_) => {}
        State::Parked(_) => assert_eq!(waiters.commit(ME), Commit::Park),
        State::Woken => assert!(!waiters.wake(ME, false, &mut Told::default())),
    }
    assert_eq!(waiters.state(ME), state);
    waiters
}

#[test]
fn prepare_always_leads_to_the_new_line_and_out_of_the_old_one() {
    for state in STATES {
        let mut waiters = waiters_in(state);
        waiters.prepare(ME, Reason::Slot(entry(1)));
        assert_eq!(waiters.state(ME), State::Prepared(Reason::Slot(entry(1))), "{state:?}");
        assert_eq!(waiters.oldest_for_frame(), None, "{state:?}");
    }
}

#[test]
fn commit_parks_only_who_was_not_woken_meanwhile() {
    let after = [
        (State::Awake, Commit::Retry),
        (State::Parked(Reason::Frame), Commit::Park),
        (State::Parked(Reason::Frame), Commit::Park),
        (State::Awake, Commit::Retry),
    ];
    for (state, (next, answer)) in STATES.into_iter().zip(after) {
        let mut waiters = waiters_in(state);
        assert_eq!(waiters.commit(ME), answer, "{state:?}");
        assert_eq!(waiters.state(ME), next, "{state:?}");
    }
}

#[test]
fn wake_is_kept_for_the_prepared_and_told_for_the_parked() {
    let after = [(State::Awake, 0), (State::Woken, 0), (State::Awake, 1), (State::Woken, 0)];
    for (state, (next, told)) in STATES.into_iter().zip(after) {
        let mut waiters = waiters_in(state);
        let mut port = Told::default();
        assert!(!waiters.wake(ME, false, &mut port));
        assert_eq!((waiters.state(ME), port.0.len()), (next, told), "{state:?}");
        assert_eq!(waiters.oldest_for_frame(), None, "{state:?}");
    }
}

#[test]
fn a_quiet_wake_of_the_parked_is_the_callers_to_tell() {
    for state in STATES {
        let mut port = Told::default();
        let is_callers = waiters_in(state).wake(ME, true, &mut port);
        assert_eq!(is_callers, matches!(state, State::Parked(_)), "{state:?}");
        assert_eq!(port.0, [], "{state:?}");
    }
}

#[test]
fn leave_ends_every_state_and_gives_back_what_was_lined_up() {
    for state in STATES {
        let mut waiters = waiters_in(state);
        assert_eq!(waiters.leave(ME), None, "{state:?}");
        assert_eq!((waiters.state(ME), waiters.oldest_for_frame()), (State::Awake, None));
    }
    let request = crate::FaultRequest {
        space: crate::ports::SpaceId(0),
        page: crate::ports::Page(0),
        waiter: ME,
        cpu: cpu_id(1),
    };
    let lined_up = LinedUp { request, entry: entry(1), frame: Frame(9), since_ns: 0 };
    let mut waiters = table();
    waiters.prepare(ME, Reason::Turn(cpu_id(1), lined_up));
    assert_eq!(waiters.next_turn(cpu_id(1)), Some((ME, lined_up)));
    assert_eq!(waiters.leave(ME), Some(lined_up));
    assert_eq!(waiters.next_turn(cpu_id(1)), None);
}

#[test]
fn a_line_stays_whole_whoever_leaves_it() {
    for gone in 0..4 {
        let mut waiters = table();
        (0..4).for_each(|waiter| {
            waiters.prepare(Waiter(waiter), Reason::Frame);
        });
        waiters.leave(Waiter(gone));
        waiters.prepare(Waiter(6), Reason::Frame);
        let mut order = Vec::new();
        while let Some(waiter) = waiters.oldest_for_frame() {
            order.push(waiter.0);
            waiters.leave(waiter);
        }
        let expected: Vec<u32> = (0..4).filter(|&it| it != gone).chain([6]).collect();
        assert_eq!(order, expected);
    }
}

#[test]
fn only_those_who_wait_for_the_slot_are_woken() {
    let mut waiters = table();
    for (waiter, slot) in [(0, 1), (1, 2), (2, 1), (4, 2)] {
        waiters.prepare(Waiter(waiter), Reason::Slot(entry(slot)));
        assert_eq!(waiters.commit(Waiter(waiter)), Commit::Park);
    }
    let mut port = Told::default();
    assert_eq!(waiters.wake_slot(entry(1), Some(Waiter(2)), &mut port), Some(Waiter(2)));
    assert_eq!(port.0, [Waiter(0)]);
    assert_eq!(waiters.state(Waiter(1)), State::Parked(Reason::Slot(entry(2))));
}

#[test]
fn a_grant_waits_for_its_thread_until_it_is_stale() {
    let mut waiters = waiters_in(State::Parked(Reason::Frame));
    assert_eq!(waiters.grant(ME, (Frame(7), 100), &mut Told::default()), Ok(()));
    let second = waiters.grant(ME, (Frame(8), 100), &mut Told::default());
    assert_eq!(second, Err(Frame(8)));
    assert_eq!(waiters.take_stale_grant(100), None);
    assert_eq!(waiters.take_stale_grant(101), Some(Frame(7)));
    assert_eq!(waiters.take_grant(ME), None);
}

#[test]
fn a_thread_out_of_range_never_waits() {
    let mut waiters = table();
    waiters.prepare(Waiter(99), Reason::Reply);
    assert_eq!(waiters.commit(Waiter(99)), Commit::Retry);
}
