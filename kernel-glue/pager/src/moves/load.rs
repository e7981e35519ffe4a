//! The end of a LOAD or TAKE: pages have come in, or could not.
//!
//! Each page goes into its page table if its entry is still there; otherwise its frame is freed.
//! Damage makes the slot lost; a program that touches it learns that from its next fault. Then the
//! threads that wait for the slot look again, first the one whose fault caused the request, to
//! which the kernel may switch directly, and the next fault that waits for the queue gets its turn.

use zram_abi::record::{Record, Status};

use crate::Pager;
use crate::entry::SwapEntry;
use crate::frames::waiters::{Reason, Turn};
use crate::lines::in_flight::{Load, LoadItem};
use crate::places::slots::{LoadEnd, Slot};
use crate::ports::{CpuId, Direction, Mapping, Ports, QueueId, Waiter};

impl Pager {
    /// Takes in the reply; returns the thread to run first.
    pub(crate) fn load_replied(
        &mut self,
        queue: QueueId,
        load: Load,
        reply: &Record,
        ports: &mut impl Ports,
    ) -> Option<Waiter> {
        let mut run = None;
        for (index, (item, answer)) in load.items.as_slice().iter().zip(reply.entries()).enumerate()
        {
            let entry = SwapEntry { area: load.area, slot: item.slot };
            let end = match answer.status {
                Status::Ok => {
                    ports.collect(queue, index, item.frame);
                    self.page_came(*item, entry, ports);
                    LoadEnd::Came
                }
                Status::Damaged
                | Status::Gone
                | Status::Pending
                | Status::NoGain
                | Status::NoReserve
                | Status::Limit => {
                    ports.release(item.frame);
                    LoadEnd::Lost
                }
            };
            self.end_load(entry, end);
            run = self.waiters.wake_slot(entry, load.first, ports).or(run);
        }
        match load.first {
            Some(waiter) if load.items.as_slice().is_empty() => {
                self.waiters.wake(waiter, true, ports).then_some(waiter)
            }
            Some(_) => {
                self.latencies.add(ports.now_ns().saturating_sub(load.since_ns));
                run
            }
            None => run,
        }
    }

    /// The queue is closed: the pages stay where they are, if they are anywhere.
    pub(crate) fn load_returned(&mut self, load: Load, ports: &mut impl Ports) {
        for item in load.items.as_slice() {
            let entry = SwapEntry { area: load.area, slot: item.slot };
            ports.release(item.frame);
            self.end_load(entry, LoadEnd::Aborted);
            self.waiters.wake_slot(entry, None, ports);
        }
        if let (Some(waiter), true) = (load.first, load.items.as_slice().is_empty()) {
            self.waiters.wake(waiter, false, ports);
        }
    }

    /// Ends what `begin_load` of the slot began.
    pub(crate) fn end_load(&mut self, entry: SwapEntry, end: LoadEnd) {
        self.turn_slot(entry, |slots, slot| slots.end_load(slot, end));
        let settled = self.areas.settle(entry.area);
        self.holds(settled);
    }

    fn page_came(&mut self, item: LoadItem, entry: SwapEntry, ports: &mut impl Ports) {
        if ports.map(item.place(entry), item.frame, Mapping::Private) {
            self.entry_replaced(item.space, entry);
            self.statistics.pages_in = self.statistics.pages_in.saturating_add(1);
        } else {
            ports.release(item.frame);
        }
    }

    /// Gives the free `in` queue to the next in line; whose page needs no request any more looks
    /// again.
    pub(crate) fn next_turn(&mut self, cpu: CpuId, ports: &mut impl Ports) {
        let queue = QueueId { cpu, direction: Direction::In };
        while let Some(Turn { waiter, lined_up }) = self.waiters.next_turn(cpu) {
            let (request, entry) = (lined_up.request, lined_up.entry);
            let stands = ports.entry(request.space, request.page) == Some(entry);
            let stored = matches!(self.areas.slot(entry), Some(Slot::Stored(_)));
            if stands && stored {
                self.waiters.change_reason(waiter, Reason::Slot(entry));
                self.start_load(queue, lined_up, ports);
                return;
            }
            self.waiters.wake(waiter, false, ports);
            ports.release(lined_up.frame);
        }
    }

    /// The `in` queue is gone: all in its line look again.
    pub(crate) fn end_turns(&mut self, cpu: CpuId, ports: &mut impl Ports) {
        while let Some(Turn { waiter, lined_up }) = self.waiters.next_turn(cpu) {
            self.waiters.wake(waiter, false, ports);
            ports.release(lined_up.frame);
        }
    }
}
