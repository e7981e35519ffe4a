//! The daemon's requests and the expected content of its devices: an account of every slot, kept
//! apart from both sides.
//!
//! It asserts the rules that make the queues safe: one request in flight for a slot; no store over
//! a stored page; no request for a page that is not there.

use std::collections::{BTreeMap, BTreeSet};

use swap_pager::ports::{Direction, QueueId};
use zram_abi::record::{Operation, Record, Status};

/// A slot of a device.
pub(crate) type DeviceSlot = (u32, u32);

/// How far a thread is with its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// It has it.
    Taken,
    /// It is at it.
    Begun,
    /// All is done but to say so.
    Done,
}

/// The account.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Records that threads of the daemon have taken and not completed.
    hands: BTreeMap<(u32, bool), Record>,
    /// How far the threads are with their records.
    work: BTreeMap<(u32, bool), Work>,
    in_flight: BTreeSet<DeviceSlot>,
    stored: BTreeSet<DeviceSlot>,
    /// Slots that were answered as damaged and not stored again since.
    damaged: BTreeSet<DeviceSlot>,
    /// Slots that somebody discards just now, whatever the pager has there.
    discarded: BTreeSet<DeviceSlot>,
    /// Counts of records taken, by operation.
    pub(crate) records: BTreeMap<&'static str, u32>,
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::None => "none",
        Operation::Store => "store",
        Operation::Load => "load",
        Operation::Take => "take",
        Operation::Free => "free",
    }
}

fn key(queue: QueueId) -> (u32, bool) {
    (queue.cpu.number(), queue.direction == Direction::In)
}

impl Ledger {
    /// A thread has taken a record.
    pub(crate) fn taken(&mut self, queue: QueueId, record: &Record) {
        *self.records.entry(name(record.operation)).or_default() += 1;
        for entry in record.entries() {
            let slot = (record.device, entry.slot);
            assert!(self.in_flight.insert(slot), "two requests in flight for slot {slot:?}");
            let is_stored = self.stored.contains(&slot);
            match record.operation {
                Operation::Store => assert!(!is_stored, "slot {slot:?} is stored to twice"),
                Operation::Load | Operation::Take => {
                    assert!(is_stored, "slot {slot:?} is asked for and was never stored");
                }
                Operation::Free | Operation::None => {}
            }
        }
        self.work.insert(key(queue), Work::Taken);
        let before = self.hands.insert(key(queue), record.clone());
        assert_eq!(before, None, "{queue:?} has two records");
    }

    /// A thread begins with its record.
    pub(crate) fn begins(&mut self, queue: QueueId) {
        self.work.insert(key(queue), Work::Begun);
    }

    /// A thread has done what its record asks.
    pub(crate) fn worked(&mut self, queue: QueueId) {
        self.work.insert(key(queue), Work::Done);
    }

    /// Returns how far a thread is with its record.
    pub(crate) fn work(&self, queue: QueueId) -> Option<Work> {
        self.work.get(&key(queue)).copied()
    }

    /// A thread has completed its record, if it has one.
    pub(crate) fn completed(&mut self, queue: QueueId, reply: &Record) {
        if self.hands.remove(&key(queue)).is_none() {
            return;
        }
        for entry in reply.entries() {
            let slot = (reply.device, entry.slot);
            self.in_flight.remove(&slot);
            match (reply.operation, entry.status) {
                (Operation::Store, Status::Ok) => {
                    self.stored.insert(slot);
                    if !self.discarded.contains(&slot) {
                        self.damaged.remove(&slot);
                    }
                }
                (Operation::Take | Operation::Free, Status::Ok) => {
                    self.stored.remove(&slot);
                }
                (Operation::Load | Operation::Take, Status::Damaged) => {
                    self.damaged.insert(slot);
                }
                (Operation::Load | Operation::Take, Status::Gone) => {
                    assert!(self.damaged.contains(&slot), "slot {slot:?} is stored, yet gone");
                    self.stored.remove(&slot);
                }
                (Operation::Load | Operation::Take, status) => {
                    assert_eq!(status, Status::Ok, "of slot {slot:?}, which is stored");
                }
                (Operation::Store | Operation::Free | Operation::None, _) => {}
            }
        }
    }

    /// The queue is closed or revoked: nobody waits for what its thread has.
    pub(crate) fn dropped(&mut self, queue: QueueId) {
        let Some(record) = self.hands.remove(&key(queue)) else { return };
        for entry in record.entries() {
            self.in_flight.remove(&(record.device, entry.slot));
        }
    }

    /// A thread ended with this record, which it may have performed: its pages may be lost.
    pub(crate) fn may_be_lost(&mut self, record: &Record) {
        let slots = record.entries().iter().map(|entry| (record.device, entry.slot));
        self.damaged.extend(slots);
    }

    /// Somebody discards these slots from now on: what is or comes there may be lost.
    pub(crate) fn discard_begins(&mut self, slots: impl Iterator<Item = DeviceSlot>) {
        self.discarded.extend(slots);
        self.damaged.extend(self.discarded.iter().copied());
    }

    /// The discard has been answered.
    pub(crate) fn discard_ended(&mut self) {
        self.discarded.clear();
    }

    /// The daemon is gone, with everything in it.
    pub(crate) fn forget(&mut self) {
        assert!(self.hands.is_empty(), "a dead daemon has records: {:?}", self.hands);
        self.stored.clear();
        self.damaged.clear();
    }

    /// Returns whether no thread has a record.
    pub(crate) fn is_still(&self) -> bool {
        self.hands.is_empty()
    }

    /// Returns the record that the queue's thread has.
    pub(crate) fn in_hand(&self, queue: QueueId) -> Option<&Record> {
        self.hands.get(&key(queue))
    }

    /// Returns the slots of the device that hold something.
    pub(crate) fn stored(&self, device: u16) -> BTreeSet<u32> {
        let own = |slot: &&DeviceSlot| slot.0 == u32::from(device);
        self.stored.iter().filter(own).map(|slot| slot.1).collect()
    }

    /// Returns whether the page in this slot was found damaged.
    pub(crate) fn is_damaged(&self, slot: DeviceSlot) -> bool {
        self.damaged.contains(&slot)
    }
}
