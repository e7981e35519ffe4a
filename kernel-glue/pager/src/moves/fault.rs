//! Page faults: a thread needs a page that was swapped out.
//!
//! A fault never waits for compression: a page that is still being swapped out goes back at once. A
//! stored page is requested on the `in` queue of the CPU on which the fault happened. If that queue
//! is busy, the fault waits there for its turn, with the frame that it will fill; if the queue's
//! thread is idle, the kernel is told to switch straight to it. There is at most one request at a
//! time for a slot: later faults wait for that request and look again.

use crate::Pager;
use crate::entry::SwapEntry;
use crate::frames::waiters::{LinedUp, Reason};
use crate::invariant::Invariant;
use crate::lines::in_flight::{Held, Load, LoadItem, Work};
use crate::lines::{Leaving, Offered};
use crate::places::slots::{LoadBegin, LoadEnd, Slot, SlotMap};
use crate::ports::{CpuId, Direction, Mapping, Ports, QueueId, SpaceKind, Waiter};
use crate::requests::{Fault, FaultRequest, FrameAnswer};

impl Pager {
    /// Brings back the page at a swap entry, or begins to.
    pub fn fault(&mut self, request: FaultRequest, ports: &mut impl Ports) -> Fault {
        self.collect(ports);
        let answer = self.fault_entry(request, ports);
        self.close_if_broken(ports);
        answer
    }

    fn fault_entry(&mut self, request: FaultRequest, ports: &mut impl Ports) -> Fault {
        let Some(entry) = ports.entry(request.space, request.page) else { return Fault::Mapped };
        match self.areas.slot(entry) {
            Some(Slot::Storing(_)) if self.give_back(entry, ports) => Fault::Mapped,
            Some(Slot::Loading(_) | Slot::Taking(_)) => {
                self.wait_for_slot(request.waiter, entry, ports)
            }
            Some(Slot::Stored(_)) if self.is_alive(entry) => {
                self.fault_stored(request, entry, ports)
            }
            Some(Slot::Storing(_) | Slot::Stored(_) | Slot::Lost(_)) => self.lost(),
            Some(Slot::Free | Slot::Noticed | Slot::Noticing) | None => {
                self.broke(Invariant::EntryHasSlot);
                self.lost()
            }
        }
    }

    fn is_alive(&self, entry: SwapEntry) -> bool {
        self.areas.is_alive(entry.area)
    }

    fn lost(&mut self) -> Fault {
        self.statistics.lost = self.statistics.lost.saturating_add(1);
        Fault::Lost
    }

    fn wait_for_slot(&mut self, waiter: Waiter, entry: SwapEntry, ports: &mut impl Ports) -> Fault {
        self.wait(waiter, Reason::Slot(entry), ports);
        Fault::Wait { run: None }
    }

    /// Gives a leaving page back, or sees that its entry is gone; returns false if it is in no batch,
    /// which is a bug.
    pub(crate) fn give_back(&mut self, entry: SwapEntry, ports: &mut impl Ports) -> bool {
        let Some(Leaving { item, offered }) = self.lines.leaving(entry) else {
            self.broke(Invariant::PageHasBatch);
            return false;
        };
        let held = if ports.map(item.place(entry), item.frame, Mapping::Private) {
            self.entry_replaced(item.space, entry);
            Held::Returned
        } else {
            Held::Dropped
        };
        self.lines.let_go(entry, held);
        self.statistics.cancelled = self.statistics.cancelled.saturating_add(1);
        if offered == Offered::NotYet {
            self.abandon(entry);
        }
        // Others may wait for the reply that this page no longer needs.
        self.waiters.wake_slot(entry, None, ports);
        true
    }

    fn fault_stored(
        &mut self,
        request: FaultRequest,
        entry: SwapEntry,
        ports: &mut impl Ports,
    ) -> Fault {
        let Some(queue) = self.input_near(request.cpu) else { return self.lost() };
        let Some(frame) = self.take_frame(request.waiter, ports) else {
            let answer = match ports.kind(request.space) {
                Some(SpaceKind::Protected | SpaceKind::Pinned) => {
                    self.wait_for_ever(request.waiter, ports)
                }
                Some(SpaceKind::Ordinary) | None => self.wait_for_frame(request.waiter, ports),
            };
            return match answer {
                FrameAnswer::Frame(_) | FrameAnswer::Wait => Fault::Wait { run: None },
                FrameAnswer::OutOfMemory => Fault::OutOfMemory,
            };
        };
        let since_ns = ports.now_ns();
        let lined_up = LinedUp { request, entry, frame, since_ns };
        if !self.lines.is_free(queue) {
            self.wait(request.waiter, Reason::Turn(queue.cpu, lined_up), ports);
            return Fault::Wait { run: None };
        }
        self.wait(request.waiter, Reason::Slot(entry), ports);
        let asleep = self.start_load(queue, lined_up, ports);
        Fault::Wait { run: self.run_or_wake(queue, asleep, request.cpu, ports) }
    }

    /// An idle worker of this CPU is run at once, one of another CPU is woken.
    pub(crate) fn run_or_wake(
        &self,
        queue: QueueId,
        asleep: bool,
        here: CpuId,
        ports: &mut impl Ports,
    ) -> Option<QueueId> {
        if asleep && queue.cpu != here {
            ports.wake_worker(queue);
            return None;
        }
        asleep.then_some(queue)
    }

    /// Returns the open `in` queue of this CPU, else of any.
    pub(crate) fn input_near(&self, cpu: CpuId) -> Option<QueueId> {
        let open =
            |cpu: &CpuId| self.lines.is_open(QueueId { cpu: *cpu, direction: Direction::In });
        let cpu = Some(cpu).filter(open).or_else(|| self.lines.numbers().find(open))?;
        Some(QueueId { cpu, direction: Direction::In })
    }

    /// Posts the page-in on a free queue; returns whether its worker sleeps.
    pub(crate) fn start_load(
        &mut self,
        queue: QueueId,
        lined_up: LinedUp,
        ports: &mut impl Ports,
    ) -> bool {
        let LinedUp { request, entry, frame, since_ns } = lined_up;
        let ticket = self.lines.next_ticket();
        let take = match self.turn_slot(entry, SlotMap::begin_load) {
            Some(LoadBegin::Take) => true,
            Some(LoadBegin::Load) => false,
            // Its entry is gone, so whoever waits looks again and finds that.
            Some(LoadBegin::Nobody) | None => {
                ports.release(frame);
                self.waiters.wake_slot(entry, None, ports);
                return false;
            }
        };
        let mut load = Load::new(entry.area, ticket, take);
        load.since_ns = since_ns;
        load.first = Some(request.waiter);
        let (space, page) = (request.space, request.page);
        let item = LoadItem { slot: entry.slot, frame, space, page };
        if let Err(item) = load.items.push(item) {
            self.broke(Invariant::BatchHasRoom);
            ports.release(item.frame);
            self.end_load(entry, LoadEnd::Aborted);
            self.waiters.wake_slot(entry, None, ports);
            return false;
        }
        self.post(queue, Work::Load(load), ports)
    }
}
