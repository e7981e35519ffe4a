//! Measures a hand-off to the daemon and back: a record without pages.
//!
//! It is an empty LOAD, so that the daemon does nothing but receive and complete it. The time is
//! what every page-in pays because the daemon is a process: two switches of address space and a
//! system call of the daemon. It is used for measurements only.

use crate::Pager;
use crate::frames::waiters::Reason;
use crate::lines::in_flight::{Load, Work};
use crate::ports::{Direction, Ports, QueueId};
use crate::requests::Caller;

impl Pager {
    /// Posts an empty record on this CPU's `in` queue, if its worker is idle and an area lives; the
    /// thread is prepared to wait for the reply, and the queue's worker is to be run at once.
    pub fn probe(&mut self, caller: Caller, ports: &mut impl Ports) -> Option<QueueId> {
        let Caller { waiter, cpu } = caller;
        let queue = QueueId { cpu, direction: Direction::In };
        let area = self.areas.any_alive().filter(|_| self.lines.is_idle(queue))?;
        let mut load = Load::new(area, self.lines.next_ticket(), false);
        load.first = Some(waiter);
        self.wait(waiter, Reason::Reply, ports);
        self.post(queue, Work::Load(load), ports).then_some(queue)
    }

    /// Counts a probe that took so long, from its system call until its thread ran again.
    pub fn probe_took(&mut self, took_ns: u64) {
        self.hand_offs.add(took_ns);
    }
}
