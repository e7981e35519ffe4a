//! Every interleaving of hooks with the pager, in weak memory.
//!
//! Bounds: one slot in a chunk of two, two or three threads, each with one or two calls; all schedules
//! of them. Run by `make loom`.

use loom::sync::Arc;
use loom::thread;

use super::*;

const AREA: AreaIndex = AreaIndex(0);
const ENTRY: SwapEntry = SwapEntry { area: AREA, slot: SwapSlot(0) };
const SPACE: SpaceId = SpaceId(0);

/// One slot in this state, as many entries as it has users.
fn with(slot: Slot, users: u32) -> Arc<Entries> {
    let entries = Entries::new(1).unwrap();
    entries.extend(AREA).unwrap();
    entries.turn(ENTRY, |_| Ok(slot)).unwrap();
    (0..users).for_each(|_| entries.add(SPACE).unwrap());
    Arc::new(entries)
}

/// One turn of the pager; returns how many slots it collected.
fn turn(entries: &Entries) -> u32 {
    let mut count = 0;
    if entries.have_news() {
        entries.hear();
        entries.collect(AREA, &mut 10, |_| count += 1);
    }
    count
}

fn hook(entries: &Arc<Entries>, call: impl FnOnce(&Entries) + 'static) -> thread::JoinHandle<()> {
    let entries = Arc::clone(entries);
    thread::spawn(move || call(&entries))
}

#[test]
fn the_last_of_two_users_is_collected_exactly_once() {
    loom::model(|| {
        let entries = with(Slot::Stored(2), 2);
        let one = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        let other = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        let early = turn(&entries);
        one.join().unwrap();
        other.join().unwrap();
        assert_eq!(early + turn(&entries), 1);
        assert_eq!((entries.slot(ENTRY), entries.count(SPACE)), (Slot::Noticed, 0));
        assert_eq!(entries.take_broken(), None);
    });
}

#[test]
fn a_copy_made_while_another_entry_goes_keeps_the_slot() {
    loom::model(|| {
        let entries = with(Slot::Stored(2), 2);
        let dropped = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        let copied = hook(&entries, |entries| {
            assert_eq!(entries.add_user(SPACE, ENTRY), Duplicate::Counted);
        });
        assert_eq!(turn(&entries), 0);
        dropped.join().unwrap();
        copied.join().unwrap();
        assert_eq!(turn(&entries), 0);
        assert_eq!((entries.slot(ENTRY), entries.count(SPACE)), (Slot::Stored(2), 2));
    });
}

#[test]
fn a_copy_and_a_take_of_the_only_user_exclude_each_other() {
    loom::model(|| {
        let entries = with(Slot::Stored(1), 1);
        let copied = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let told = Arc::clone(&copied);
        let fork = hook(&entries, move |entries| {
            let counted = entries.add_user(SPACE, ENTRY) == Duplicate::Counted;
            told.store(counted, Ordering::Relaxed);
        });
        let begun = entries.turn(ENTRY, |slot| match slot {
            Slot::Stored(1) => Ok(Slot::Taking(1)),
            Slot::Stored(users) => Ok(Slot::Loading(users)),
            other => panic!("{other:?}"),
        });
        fork.join().unwrap();
        let is_taken = begun.unwrap().after == Slot::Taking(1);
        assert_eq!(
            is_taken,
            !copied.load(Ordering::Relaxed) || entries.slot(ENTRY) == Slot::Taking(1)
        );
        let users = if copied.load(Ordering::Relaxed) { Slot::Loading(2) } else { Slot::Taking(1) };
        assert_eq!(entries.slot(ENTRY), users);
    });
}

#[test]
fn an_entry_dropped_while_its_page_is_stored_is_collected_or_seen_at_the_end() {
    loom::model(|| {
        let entries = with(Slot::Storing(1), 1);
        let exit = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        let stored = entries.turn(ENTRY, |slot| match slot {
            Slot::Storing(users) => Ok(Slot::Stored(users).collected()),
            other => panic!("{other:?}"),
        });
        let seen = u32::from(stored.unwrap().after == Slot::Noticed);
        let early = turn(&entries);
        exit.join().unwrap();
        assert_eq!(seen + early + turn(&entries), 1);
        assert_eq!(entries.slot(ENTRY), Slot::Noticed);
    });
}

#[test]
fn a_late_hook_finds_no_other_page_under_its_entry() {
    loom::model(|| {
        let entries = with(Slot::Taking(1), 1);
        let exit = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        // The page came and its entry stood there no more: the slot is free only without users.
        let ended = entries.turn(ENTRY, |slot| match slot {
            Slot::Taking(0) => Ok(Slot::Free),
            Slot::Taking(users) => Ok(Slot::Lost(users)),
            other => panic!("{other:?}"),
        });
        if ended.unwrap().after == Slot::Free {
            entries.turn(ENTRY, |_| Ok(Slot::Storing(1))).unwrap();
            exit.join().unwrap();
            assert_eq!(entries.slot(ENTRY), Slot::Storing(1));
        } else {
            exit.join().unwrap();
            assert_eq!(turn(&entries), 1);
        }
        assert_eq!(entries.take_broken(), None);
    });
}

#[test]
fn a_hook_and_a_chunk_that_comes_do_not_lose_each_other() {
    loom::model(|| {
        let entries = with(Slot::Stored(1), 1);
        let exit = hook(&entries, |entries| entries.drop_user(SPACE, ENTRY));
        entries.extend(AREA).unwrap();
        exit.join().unwrap();
        assert_eq!(turn(&entries), 1);
    });
}
