//! The daemon: its queues open and close, its threads complete records and take the next ones, and
//! it may be dead or stuck.
//!
//! A daemon's thread asks for its next record and completes the previous one in the same call. The
//! completed record must be the one that the thread took, unchanged except for the statuses;
//! anything else is refused and the record stays open. The daemon is dead when its last queue
//! closes. It is stuck when the work of any one queue is [`STUCK_NS`](crate::STUCK_NS) old (DESIGN
//! 8.10), because a program that waits for one thread is not helped by the others; only time in
//! which the thread could run counts ([`crate::time`]). Both end the same way: queues are revoked,
//! pages that are being swapped out go back, every area is dead, and a program that touches a page
//! in one is killed; all other programs go on. A new daemon may open the queues again and mount new
//! areas.

use zram_abi::record::{Record, Status};
use zram_abi::verb::Cookie;

use crate::Pager;
use crate::entry::{AreaIndex, SwapEntry};
use crate::invariant::Invariant;
use crate::lines::Call;
use crate::lines::in_flight::{Notice, Work};
use crate::places::slots::SlotMap;
use crate::ports::{CpuId, Direction, Ports, QueueId, Waiter};
use crate::requests::Next;

impl Pager {
    /// A worker has opened this queue; returns false if it is open already (EBUSY) or there is no
    /// such CPU, or the pager is closed.
    #[must_use]
    pub fn queue_open(&mut self, queue: QueueId) -> bool {
        if self.broken_invariant().is_some() {
            return false;
        }
        self.lines.open(queue)
    }

    /// The queue's file was closed; a record that was in it is answered by nobody.
    pub fn queue_closed(&mut self, queue: QueueId, ports: &mut impl Ports) {
        let left = self.lines.close(queue);
        self.end_queue(queue, left, ports);
        if !self.lines.are_served(Direction::In) && !self.lines.are_served(Direction::Out) {
            self.daemon_died(ports);
        }
        self.after_frames_freed(ports);
    }

    /// The worker of `queue` completes what it had taken, if anything, and asks for its next record.
    ///
    /// A call that is repeated after `Idle` completes nothing a second time.
    pub fn queue_next(
        &mut self,
        queue: QueueId,
        completed: &Record,
        ports: &mut impl Ports,
    ) -> Next {
        self.collect(ports);
        let mut run = None;
        let areas = &self.areas;
        let answers = |work: &Work| {
            areas.cookie(work.area()).is_some_and(|cookie| work.is_answered_by(completed, cookie))
        };
        match self.lines.call(queue, answers) {
            Call::Closed => return Next::Closed,
            Call::Nothing => {}
            Call::Mistaken => {
                self.statistics.bad_replies = self.statistics.bad_replies.saturating_add(1);
                return Next::Invalid;
            }
            Call::Completes => {
                if let Some(work) = self.lines.complete(queue) {
                    run = self.complete(queue, work, completed, ports);
                }
            }
        }
        self.next_record(queue, run, ports)
    }

    /// Returns the record that the woken worker of `queue` is to have, if one waits.
    pub fn queue_take(&mut self, queue: QueueId) -> Option<Record> {
        let work = self.lines.take(queue)?;
        let cookie = self.areas.cookie(work.area()).ok_or(Invariant::AreaExists);
        let record = cookie.and_then(|cookie| work.record(cookie));
        self.holds(record)
    }

    /// The timer ticks on some CPU: what has no other event, in bounded time.
    pub fn tick(&mut self, ports: &mut impl Ports) {
        self.time.tick(ports.now_ns());
        self.pressure.tick(self.time.served(ports.now_ns()));
        self.collect(ports);
        if self.lines.is_any_stuck(self.time.served(ports.now_ns())) {
            self.daemon_died(ports);
        }
        self.take_back_grants(ports);
        self.send_notices(ports);
        self.after_frames_freed(ports);
    }

    fn complete(
        &mut self,
        queue: QueueId,
        work: Work,
        reply: &Record,
        ports: &mut impl Ports,
    ) -> Option<Waiter> {
        let run = match work {
            Work::Store(store) => {
                self.store_replied(store, reply, ports);
                None
            }
            Work::Load(load) => self.load_replied(queue, load, reply, ports),
            Work::Notice(notice) => {
                self.notice_replied(notice, reply);
                None
            }
        };
        self.after_frames_freed(ports);
        run
    }

    fn next_record(&mut self, queue: QueueId, run: Option<Waiter>, ports: &mut impl Ports) -> Next {
        if self.lines.is_free(queue) {
            match queue.direction {
                Direction::In => self.next_turn(queue.cpu, ports),
                Direction::Out => {
                    self.notify_on(queue.cpu, ports);
                }
            }
        }
        if let Some(record) = self.queue_take(queue) {
            if let Some(waiter) = run {
                ports.wake(waiter);
            }
            return Next::Record(record);
        }
        self.lines.rest(queue);
        Next::Idle { run }
    }

    /// Posts a free notice on every free `out` queue while there are some to send; returns whether
    /// any is left or in flight.
    pub(crate) fn send_notices(&mut self, ports: &mut impl Ports) -> bool {
        for cpu in self.lines.numbers() {
            if self.notify_on(cpu, ports) {
                ports.wake_worker(QueueId { cpu, direction: Direction::Out });
            }
        }
        self.areas.have_notices()
    }

    /// Posts a free notice on the `out` queue of `cpu` if it is free and not kept for a batch;
    /// returns whether its worker sleeps.
    fn notify_on(&mut self, cpu: CpuId, ports: &mut impl Ports) -> bool {
        if !self.lines.takes_batch(cpu) {
            return false;
        }
        let Some(index) = self.areas.with_notices() else { return false };
        let mut notice = Notice::new(index, self.lines.next_ticket());
        while notice.slots.as_slice().len() < zram_abi::record::ENTRIES_MAX {
            let Some(slot) = self.areas.take_notice(index) else { break };
            if let Err(slot) = notice.slots.push(slot) {
                self.broke(Invariant::BatchHasRoom);
                self.turn_slot(SwapEntry { area: index, slot }, SlotMap::notice_failed);
                break;
            }
        }
        self.post(QueueId { cpu, direction: Direction::Out }, Work::Notice(notice), ports)
    }

    /// A slot that the daemon did not know is forgotten just as well. So is one for which it answered
    /// nonsense: asking again for ever would keep memory from ever being called gone, and what the
    /// daemon may still keep there is replaced by the next store.
    fn notice_replied(&mut self, notice: Notice, reply: &Record) {
        for (slot, answer) in notice.slots.as_slice().iter().zip(reply.entries()) {
            match answer.status {
                Status::Ok | Status::Gone => {
                    self.statistics.notices = self.statistics.notices.saturating_add(1);
                }
                Status::Pending
                | Status::NoGain
                | Status::NoReserve
                | Status::Limit
                | Status::Damaged => {
                    self.statistics.bad_replies = self.statistics.bad_replies.saturating_add(1);
                }
            }
            self.turn_slot(notice.entry(*slot), SlotMap::notice_done);
        }
    }

    fn notice_returned(&mut self, notice: Notice) {
        for slot in notice.slots.as_slice() {
            self.turn_slot(notice.entry(*slot), SlotMap::notice_failed);
        }
        let settled = self.areas.settle(notice.area);
        self.holds(settled);
    }

    fn end_queue(&mut self, queue: QueueId, left: Option<Work>, ports: &mut impl Ports) {
        if let Some(work) = left {
            self.work_returned(work, ports);
        }
        match queue.direction {
            Direction::In => self.end_turns(queue.cpu, ports),
            Direction::Out => {}
        }
    }

    /// Nobody will answer this work.
    pub(crate) fn work_returned(&mut self, work: Work, ports: &mut impl Ports) {
        match work {
            Work::Store(store) => self.store_returned(store, ports),
            Work::Load(load) => self.load_returned(load, ports),
            Work::Notice(notice) => self.notice_returned(notice),
        }
    }

    pub(crate) fn daemon_died(&mut self, ports: &mut impl Ports) {
        self.areas.kill_all();
        for cpu in self.lines.numbers() {
            for direction in [Direction::In, Direction::Out] {
                let queue = QueueId { cpu, direction };
                if self.lines.is_open(queue) {
                    ports.revoke_worker(queue);
                    let left = self.lines.revoke(queue);
                    self.end_queue(queue, left, ports);
                }
            }
        }
        let settled = self.areas.settle_all();
        self.holds(settled);
        self.fail_swapoff(crate::requests::SwapOffError::Busy, ports);
    }

    /// Returns the device of an area.
    pub fn cookie(&self, area: AreaIndex) -> Option<Cookie> {
        self.areas.cookie(area)
    }
}
