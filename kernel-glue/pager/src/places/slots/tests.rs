//! Every pair of state and event, and the slot word.

use super::*;
use proptest::prelude::*;

const SLOT: SwapSlot = SwapSlot(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Stored,
    Abandon,
    Discard,
    BeginLoad,
    EndLoad(LoadEnd),
    DropUser,
    AddUser,
    NoticeDone,
    NoticeFailed,
}

const EVENTS: [Event; 13] = [
    Event::Stored,
    Event::Abandon,
    Event::Discard,
    Event::BeginLoad,
    Event::EndLoad(LoadEnd::Mapped),
    Event::EndLoad(LoadEnd::Taken),
    Event::EndLoad(LoadEnd::Unwanted),
    Event::EndLoad(LoadEnd::Aborted),
    Event::EndLoad(LoadEnd::Lost),
    Event::DropUser,
    Event::AddUser,
    Event::NoticeDone,
    Event::NoticeFailed,
];

const STATES: [Slot; 11] = [
    Slot::Free,
    Slot::Storing,
    Slot::Stored(1),
    Slot::Stored(2),
    Slot::Loading(0),
    Slot::Loading(1),
    Slot::Loading(2),
    Slot::Lost(1),
    Slot::Lost(2),
    Slot::Noticed,
    Slot::Noticing,
];

/// A map of one slot in this state, reached by allowed events.
fn map_in(state: Slot) -> SlotMap {
    let mut map = SlotMap::new(1).unwrap();
    if state == Slot::Free {
        return map;
    }
    assert_eq!(map.take_free(), Some(SLOT));
    let users = match state {
        Slot::Free | Slot::Storing => return map,
        Slot::Noticed | Slot::Noticing => {
            map.discard(SLOT).unwrap();
            if state == Slot::Noticing {
                assert_eq!(map.take_notice(), Some(SLOT));
            }
            return map;
        }
        Slot::Stored(users) | Slot::Loading(users) | Slot::Lost(users) => users,
    };
    map.stored(SLOT).unwrap();
    (1..users).for_each(|_| assert_eq!(map.add_user(SLOT), Ok(true)));
    if !matches!(state, Slot::Stored(_)) {
        map.begin_load(SLOT).unwrap();
    }
    if users == 0 {
        map.drop_user(SLOT).unwrap();
    }
    if matches!(state, Slot::Lost(_)) {
        map.end_load(SLOT, LoadEnd::Lost).unwrap();
    }
    map
}

fn apply(map: &mut SlotMap, event: Event) -> Result<(), Invariant> {
    match event {
        Event::Stored => map.stored(SLOT),
        Event::Abandon => map.abandon(SLOT),
        Event::Discard => map.discard(SLOT),
        Event::BeginLoad => map.begin_load(SLOT).map(|_| ()),
        Event::EndLoad(end) => map.end_load(SLOT, end),
        Event::DropUser => map.drop_user(SLOT),
        Event::AddUser => map.add_user(SLOT).map(|_| ()),
        Event::NoticeDone => map.notice_done(SLOT),
        Event::NoticeFailed => map.notice_failed(SLOT),
    }
}

/// The table at the head of the file; nothing for what is forbidden.
fn expected(state: Slot, event: Event) -> Option<Slot> {
    let kept = |state: Slot| match state {
        Slot::Stored(0) | Slot::Lost(0) => Slot::Noticed,
        other => other,
    };
    Some(kept(match (state, event) {
        (Slot::Storing, Event::Stored) => Slot::Stored(1),
        (Slot::Storing, Event::Abandon) => Slot::Free,
        (Slot::Storing, Event::Discard) => Slot::Noticed,
        (Slot::Stored(users), Event::BeginLoad) => Slot::Loading(users),
        (Slot::Stored(users), Event::DropUser) => Slot::Stored(users - 1),
        (Slot::Stored(users), Event::AddUser) => Slot::Stored(users + 1),
        (Slot::Loading(users), Event::EndLoad(LoadEnd::Mapped)) => {
            Slot::Stored(users.checked_sub(1)?)
        }
        (Slot::Loading(_), Event::EndLoad(LoadEnd::Taken)) => Slot::Free,
        (Slot::Loading(users), Event::EndLoad(LoadEnd::Unwanted | LoadEnd::Aborted)) => {
            Slot::Stored(users)
        }
        (Slot::Loading(users), Event::EndLoad(LoadEnd::Lost)) => Slot::Lost(users),
        (Slot::Loading(users), Event::DropUser) => Slot::Loading(users.checked_sub(1)?),
        (Slot::Loading(users), Event::AddUser) => Slot::Loading(users + 1),
        (Slot::Lost(users), Event::DropUser) => Slot::Lost(users - 1),
        (Slot::Lost(users), Event::AddUser) => Slot::Lost(users + 1),
        (Slot::Noticing, Event::NoticeDone) => Slot::Free,
        (Slot::Noticing, Event::NoticeFailed) => Slot::Noticed,
        _ => return None,
    }))
}

#[test]
fn every_pair_of_state_and_event_does_what_the_table_says_or_is_refused() {
    for state in STATES {
        for event in EVENTS {
            let mut map = map_in(state);
            assert_eq!(map.get(SLOT), state);
            let applied = apply(&mut map, event);
            match expected(state, event) {
                Some(next) => {
                    assert!(applied.is_ok(), "{state:?}, {event:?} was refused");
                    assert_eq!(map.get(SLOT), next, "{state:?}, {event:?}");
                }
                None => {
                    assert!(applied.is_err(), "{state:?}, {event:?}");
                    assert_eq!(map.get(SLOT), state, "{state:?}, {event:?} changed the slot");
                }
            }
            assert_eq!(map.used(), u32::from(map.get(SLOT) != Slot::Free));
        }
    }
}

#[test]
fn only_a_free_slot_is_taken_and_only_a_noticed_one_told() {
    for state in STATES {
        assert_eq!(map_in(state).take_free().is_some(), state == Slot::Free, "{state:?}");
        assert_eq!(map_in(state).take_notice().is_some(), state == Slot::Noticed, "{state:?}");
    }
}

#[test]
fn take_will_do_for_one_user_only() {
    assert_eq!(map_in(Slot::Stored(1)).begin_load(SLOT), Ok(true));
    assert_eq!(map_in(Slot::Stored(2)).begin_load(SLOT), Ok(false));
}

#[test]
fn a_slot_counts_no_more_users_than_fit() {
    let mut map = map_in(Slot::Stored(USERS_MAX));
    assert_eq!(map.add_user(SLOT), Ok(false));
    assert_eq!(map.get(SLOT), Slot::Stored(USERS_MAX));
}

#[test]
fn notices_of_a_dead_daemon_are_done_at_once() {
    let mut map = map_in(Slot::Noticed);
    map.forget_notices();
    assert_eq!((map.get(SLOT), map.used()), (Slot::Free, 0));
}

proptest! {
    #[test]
    fn every_slot_survives_its_word(users in 0..=USERS_MAX) {
        for slot in [
            Slot::Free, Slot::Storing, Slot::Stored(users), Slot::Loading(users),
            Slot::Lost(users), Slot::Noticed, Slot::Noticing,
        ] {
            prop_assert_eq!(Slot::unpack(slot.pack()), slot);
        }
    }
}
