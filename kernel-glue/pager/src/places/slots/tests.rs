//! Every pair of state and event, and how the map grows.

use super::*;
use crate::AreaIndex;
use crate::places::entries::Duplicate;
use crate::ports::SpaceId;

const SLOT: SwapSlot = SwapSlot(0);
const SPACE: SpaceId = SpaceId(0);
const ENTRY: SwapEntry = SwapEntry { area: AreaIndex(0), slot: SLOT };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Stored,
    Abandon,
    Discard,
    Replaced,
    BeginLoad,
    EndLoad(LoadEnd),
    DropUser,
    AddUser,
    Collect,
    NoticeDone,
    NoticeFailed,
}

const EVENTS: [Event; 13] = [
    Event::Stored,
    Event::Abandon,
    Event::Discard,
    Event::Replaced,
    Event::BeginLoad,
    Event::EndLoad(LoadEnd::Came),
    Event::EndLoad(LoadEnd::Aborted),
    Event::EndLoad(LoadEnd::Lost),
    Event::DropUser,
    Event::AddUser,
    Event::Collect,
    Event::NoticeDone,
    Event::NoticeFailed,
];

const STATES: [Slot; 16] = [
    Slot::Free,
    Slot::Storing(0),
    Slot::Storing(1),
    Slot::Stored(0),
    Slot::Stored(1),
    Slot::Stored(2),
    Slot::Loading(0),
    Slot::Loading(1),
    Slot::Loading(2),
    Slot::Taking(0),
    Slot::Taking(1),
    Slot::Lost(0),
    Slot::Lost(1),
    Slot::Lost(2),
    Slot::Noticed,
    Slot::Noticing,
];

struct Rig {
    map: SlotMap,
    entries: Arc<Entries>,
}

fn rig(size: u32) -> Rig {
    let entries = Arc::new(Entries::new(1).unwrap());
    // So many that no test takes too many away.
    (0..9).for_each(|_| entries.add(SPACE).unwrap());
    Rig { map: SlotMap::new(AreaIndex(0), Arc::clone(&entries), size), entries }
}

impl Rig {
    fn apply(&mut self, event: Event) -> Result<(), Invariant> {
        match event {
            Event::Stored => self.map.stored(SLOT),
            Event::Abandon => self.map.abandon(SLOT),
            Event::Discard => self.map.discard(SLOT),
            Event::Replaced => self.map.replaced(SLOT),
            Event::BeginLoad => self.map.begin_load(SLOT).map(|_| ()),
            Event::EndLoad(end) => self.map.end_load(SLOT, end),
            Event::DropUser => {
                self.entries.drop_user(SPACE, ENTRY);
                self.entries.take_broken().map_or(Ok(()), Err)
            }
            Event::AddUser => match self.entries.add_user(SPACE, ENTRY) {
                Duplicate::Counted => Ok(()),
                _ => Err(self.entries.take_broken().unwrap_or(Invariant::SlotTransition)),
            },
            Event::Collect => {
                self.map.collect(&mut 100);
                Ok(())
            }
            Event::NoticeDone => self.map.notice_done(SLOT),
            Event::NoticeFailed => self.map.notice_failed(SLOT),
        }
    }

    fn all(&mut self, events: &[Event]) {
        events.iter().for_each(|event| self.apply(*event).unwrap());
    }
}

/// A map of one slot in this state, reached by allowed events.
fn rig_in(state: Slot) -> Rig {
    let mut rig = rig(1);
    if state == Slot::Free {
        return rig;
    }
    assert_eq!(rig.map.take_free(true), Ok(SLOT));
    let lost = [Event::Stored, Event::BeginLoad, Event::EndLoad(LoadEnd::Lost)];
    match state {
        Slot::Free | Slot::Storing(1) => {}
        Slot::Storing(_) => rig.all(&[Event::DropUser]),
        Slot::Stored(0) => rig.all(&[Event::Stored, Event::DropUser]),
        Slot::Stored(1) => rig.all(&[Event::Stored]),
        Slot::Stored(_) => rig.all(&[Event::Stored, Event::AddUser]),
        Slot::Loading(users) => {
            rig.all(&[Event::Stored, Event::AddUser, Event::BeginLoad]);
            (users..2).for_each(|_| rig.all(&[Event::DropUser]));
        }
        Slot::Taking(users) => {
            rig.all(&[Event::Stored, Event::BeginLoad]);
            (users..1).for_each(|_| rig.all(&[Event::DropUser]));
        }
        Slot::Lost(0) => {
            rig.all(&lost);
            rig.all(&[Event::DropUser]);
        }
        Slot::Lost(users) => {
            rig.all(&lost);
            (1..users).for_each(|_| rig.all(&[Event::AddUser]));
        }
        Slot::Noticed => rig.all(&[Event::DropUser, Event::Discard]),
        Slot::Noticing => {
            rig.all(&[Event::DropUser, Event::Discard]);
            assert_eq!(rig.map.take_notice(), Some(SLOT));
        }
    }
    rig
}

fn less(users: u16) -> Option<u16> {
    users.checked_sub(1)
}

/// The table at the head of the file; nothing for what is forbidden.
fn expected(state: Slot, event: Event) -> Option<Slot> {
    use Slot::{Free, Loading, Lost, Noticed, Noticing, Stored, Storing, Taking};
    let named = |slot: Slot| if matches!(slot, Stored(0) | Lost(0)) { Noticed } else { slot };
    Some(match (state, event) {
        (Storing(users), Event::Stored) => named(Stored(users)),
        (Storing(0), Event::Abandon) => Free,
        (Storing(0), Event::Discard) => Noticed,
        (Storing(users), Event::Abandon | Event::Discard) => Lost(users),
        (Stored(users), Event::BeginLoad) => match users {
            0 => Stored(0),
            1 => Taking(1),
            users => Loading(users),
        },
        (Taking(0), Event::EndLoad(LoadEnd::Came)) => Free,
        (Taking(users), Event::EndLoad(LoadEnd::Came)) => Lost(users),
        (Loading(users), Event::EndLoad(LoadEnd::Came)) => named(Stored(users)),
        (Loading(users) | Taking(users), Event::EndLoad(LoadEnd::Aborted)) => named(Stored(users)),
        (Loading(users) | Taking(users), Event::EndLoad(LoadEnd::Lost)) => named(Lost(users)),
        (Storing(users), Event::DropUser | Event::Replaced) => Storing(less(users)?),
        (Loading(users), Event::DropUser | Event::Replaced) => Loading(less(users)?),
        (Taking(users), Event::DropUser | Event::Replaced) => Taking(less(users)?),
        (Stored(users), Event::DropUser) => Stored(less(users)?),
        (Lost(users), Event::DropUser) => Lost(less(users)?),
        (Stored(users), Event::Replaced) => named(Stored(less(users)?)),
        (Lost(users), Event::Replaced) => named(Lost(less(users)?)),
        (Stored(users @ 1..), Event::AddUser) => Stored(users + 1),
        (Loading(users @ 1..), Event::AddUser) => Loading(users + 1),
        (Lost(users @ 1..), Event::AddUser) => Lost(users + 1),
        (state, Event::Collect) => named(state),
        (Noticing, Event::NoticeDone) => Free,
        (Noticing, Event::NoticeFailed) => Noticed,
        _ => return None,
    })
}

#[test]
fn every_pair_of_state_and_event_does_what_the_table_says_or_is_refused() {
    for state in STATES {
        for event in EVENTS {
            let mut rig = rig_in(state);
            assert_eq!(rig.map.get(SLOT), state);
            let applied = rig.apply(event);
            match expected(state, event) {
                Some(next) => {
                    assert!(applied.is_ok(), "{state:?}, {event:?} was refused");
                    assert_eq!(rig.map.get(SLOT), next, "{state:?}, {event:?}");
                }
                None => {
                    assert!(applied.is_err(), "{state:?}, {event:?}");
                    assert_eq!(rig.map.get(SLOT), state, "{state:?}, {event:?} changed the slot");
                }
            }
            let (slot, map) = (rig.map.get(SLOT), &rig.map);
            assert_eq!(map.used(), u32::from(slot != Slot::Free), "{state:?}, {event:?}");
            assert_eq!(map.notices_pending(), u32::from(slot == Slot::Noticed));
            assert_eq!(map.notices_in_flight(), u32::from(slot == Slot::Noticing));
        }
    }
}

#[test]
fn only_a_free_slot_is_taken_and_only_a_noticed_one_told() {
    for state in STATES {
        let taken = rig_in(state).map.take_free(true).is_ok();
        assert_eq!(taken, state == Slot::Free, "{state:?}");
        let told = rig_in(state).map.take_notice().is_some();
        assert_eq!(told, state == Slot::Noticed, "{state:?}");
    }
}

#[test]
fn take_will_do_for_one_user_only() {
    assert_eq!(rig_in(Slot::Stored(0)).map.begin_load(SLOT), Ok(LoadBegin::Nobody));
    assert_eq!(rig_in(Slot::Stored(1)).map.begin_load(SLOT), Ok(LoadBegin::Take));
    assert_eq!(rig_in(Slot::Stored(2)).map.begin_load(SLOT), Ok(LoadBegin::Load));
}

#[test]
fn a_page_in_flight_for_one_user_gets_no_other() {
    for state in [Slot::Storing(1), Slot::Taking(1)] {
        assert_eq!(rig_in(state).entries.add_user(SPACE, ENTRY), Duplicate::InFlight);
    }
}

#[test]
fn notices_of_a_dead_daemon_are_done_at_once() {
    let mut map = rig_in(Slot::Noticed).map;
    map.forget_notices().unwrap();
    assert_eq!((map.get(SLOT), map.used()), (Slot::Free, 0));
}

#[test]
fn a_map_of_any_size_takes_no_memory_before_it_is_used() {
    let mut map = rig(u32::MAX).map;
    assert_eq!(map.size_bytes(), 0);
    assert_eq!(map.take_free(true), Ok(SLOT));
    assert_eq!(map.size_bytes(), CHUNK_BYTES);
}

#[test]
fn without_memory_for_a_chunk_no_slot_is_taken_beyond_those_that_are_there() {
    let mut map = rig(2 * CHUNK_SLOTS).map;
    assert_eq!(map.take_free(false), Err(NoSlot::Table));
    for slot in 0..CHUNK_SLOTS {
        assert_eq!(map.take_free(slot == 0), Ok(SwapSlot(slot)));
    }
    assert_eq!(map.take_free(false), Err(NoSlot::Table));
    assert_eq!(map.used(), CHUNK_SLOTS);
    assert_eq!(map.take_free(true), Ok(SwapSlot(CHUNK_SLOTS)));
}

#[test]
fn the_lowest_free_slot_is_taken_first() {
    let mut map = rig(8).map;
    (0..5).for_each(|slot| assert_eq!(map.take_free(true), Ok(SwapSlot(slot))));
    for slot in [3, 1] {
        map.replaced(SwapSlot(slot)).unwrap();
        map.abandon(SwapSlot(slot)).unwrap();
    }
    let taken: [_; 3] = core::array::from_fn(|_| map.take_free(true).unwrap().0);
    assert_eq!(taken, [1, 3, 5]);
}

#[test]
fn the_memory_of_a_map_goes_with_it() {
    let Rig { mut map, entries } = rig(8);
    map.take_free(true).unwrap();
    drop(map);
    entries.drop_user(SPACE, ENTRY);
    assert_eq!(entries.take_broken(), Some(Invariant::EntryHasSlot));
}
