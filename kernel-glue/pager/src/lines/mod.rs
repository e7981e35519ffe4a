//! The queues to the daemon: two per CPU, and the pages in flight on them.
//!
//! [`Lines`] owns all of it. Its methods are told what happens to a page or a queue, and return
//! values; the `moves` decide what that means for page tables, frames and slots. Nothing here
//! imports frames, places or moves.

mod fixed;
pub(crate) mod in_flight;
mod queues;

use alloc::vec::Vec;

pub use queues::STUCK_NS;

use crate::entry::{AreaIndex, SwapEntry};
use crate::memory::{NoMemory, filled};
use crate::ports::{CpuId, Direction, QueueId, SpaceId, Waiter};
use in_flight::{Held, Store, StoreItem, Work};
use queues::{PerCpu, Queue, Stage};

/// Whether the daemon may have read a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// Its pages are between unmap and acknowledgement.
    NotYet,
    /// Its record was posted.
    Yes,
}

/// A page on its way out, and how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving {
    /// The page.
    pub(crate) item: StoreItem,
    /// Whether the daemon may have read it.
    pub(crate) offered: Offered,
}

/// What a worker's call finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Call {
    /// The queue has no worker any more.
    Closed,
    /// It had taken no record.
    Nothing,
    /// It completes the record that it had taken.
    Completes,
    /// It completes something else.
    Mistaken,
}

/// The queues of all possible CPUs, and the batches on their way to them.
#[derive(Debug)]
pub(crate) struct Lines {
    cpus: Vec<PerCpu>,
    tickets: u32,
}

impl Lines {
    /// Returns closed queues.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new(cpus: u32) -> Result<Self, NoMemory> {
        Ok(Self { cpus: filled(cpus, PerCpu::default())?, tickets: 0 })
    }

    /// Returns a number for the next record or batch.
    pub(crate) fn next_ticket(&mut self) -> u32 {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    /// Returns the numbers of all CPUs.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = CpuId> + use<> {
        (0..).map_while(CpuId::new).take(self.cpus.len())
    }

    /// Returns whether some queue of this direction has a worker.
    pub(crate) fn are_served(&self, direction: Direction) -> bool {
        self.cpus.iter().any(|cpu| cpu.queue(direction).is_open())
    }

    /// Returns whether the queue has a worker.
    pub(crate) fn is_open(&self, queue: QueueId) -> bool {
        self.queue(queue).is_some_and(Queue::is_open)
    }

    /// Returns whether the queue can be given work now.
    pub(crate) fn is_free(&self, queue: QueueId) -> bool {
        self.queue(queue).is_some_and(Queue::is_free)
    }

    /// Returns whether the queue's worker sleeps.
    pub(crate) fn is_idle(&self, queue: QueueId) -> bool {
        matches!(self.queue(queue), Some(Queue::Idle))
    }

    /// Returns whether the work of some queue is too old.
    pub(crate) fn is_any_stuck(&self, served_ns: u64) -> bool {
        self.cpus.iter().any(|cpu| cpu.input.is_stuck(served_ns) || cpu.output.is_stuck(served_ns))
    }

    /// A worker opens a queue; returns false if there is none, or it has one.
    #[must_use]
    pub(crate) fn open(&mut self, queue: QueueId) -> bool {
        let Some(state @ Queue::Closed) = self.queue_mut(queue) else { return false };
        *state = Queue::Running;
        true
    }

    /// The queue has no worker any more; returns the work that nobody will answer.
    pub(crate) fn close(&mut self, queue: QueueId) -> Option<Work> {
        self.queue_mut(queue)?.leave_for(Queue::Closed)
    }

    /// The queue's worker is given up; returns the work that nobody will answer.
    pub(crate) fn revoke(&mut self, queue: QueueId) -> Option<Work> {
        self.queue_mut(queue)?.leave_for(Queue::Revoked)
    }

    /// Gives a queue work; returns whether its worker sleeps.
    ///
    /// # Errors
    ///
    /// The work, if the queue is not free or not there.
    #[expect(clippy::result_large_err, reason = "a box would allocate")]
    pub(crate) fn post(
        &mut self,
        queue: QueueId,
        work: Work,
        served_ns: u64,
    ) -> Result<bool, Work> {
        match self.queue_mut(queue) {
            Some(state) => state.post(work, served_ns),
            None => Err(work),
        }
    }

    /// The worker of `queue` takes what was posted.
    pub(crate) fn take(&mut self, queue: QueueId) -> Option<&Work> {
        self.queue_mut(queue)?.take()
    }

    /// The worker of `queue` calls; `answers` says whether it completes that work.
    pub(crate) fn call(&self, queue: QueueId, answers: impl FnOnce(&Work) -> bool) -> Call {
        match self.queue(queue) {
            None | Some(Queue::Closed | Queue::Revoked) => Call::Closed,
            Some(Queue::Running | Queue::Idle | Queue::Busy(_, Stage::Posted, _)) => Call::Nothing,
            Some(Queue::Busy(work, Stage::Taken, _)) if answers(work) => Call::Completes,
            Some(Queue::Busy(_, Stage::Taken, _)) => Call::Mistaken,
        }
    }

    /// The work of `queue` is done; returns it.
    pub(crate) fn complete(&mut self, queue: QueueId) -> Option<Work> {
        self.queue_mut(queue)?.leave_for(Queue::Running)
    }

    /// The worker of `queue` goes to sleep, if it has nothing to do.
    pub(crate) fn rest(&mut self, queue: QueueId) {
        if let Some(state @ Queue::Running) = self.queue_mut(queue) {
            *state = Queue::Idle;
        }
    }

    /// Returns whether a batch can be begun on this CPU, or a notice sent.
    pub(crate) fn takes_batch(&self, cpu: CpuId) -> bool {
        self.cpu(cpu).is_some_and(|cpu| cpu.unmapping.is_none() && cpu.output.is_free())
    }

    /// Keeps a batch until every CPU has forgotten its pages.
    ///
    /// # Errors
    ///
    /// The batch, if there is one on this CPU, or no such CPU.
    #[expect(clippy::result_large_err, reason = "a box would allocate")]
    pub(crate) fn begin_batch(&mut self, cpu: CpuId, batch: Store) -> Result<(), Store> {
        match self.cpu_mut(cpu) {
            Some(PerCpu { unmapping: place @ None, .. }) => {
                *place = Some(batch);
                Ok(())
            }
            Some(_) | None => Err(batch),
        }
    }

    /// Returns the pages of the batch that was begun on this CPU.
    pub(crate) fn batch(&self, cpu: CpuId) -> &[StoreItem] {
        let batch = self.cpu(cpu).and_then(|cpu| cpu.unmapping.as_ref());
        batch.map(|batch| batch.items.as_slice()).unwrap_or_default()
    }

    /// Returns the batch of this number that was begun on this CPU, and keeps it no longer.
    pub(crate) fn end_batch(&mut self, cpu: CpuId, ticket: u32) -> Option<Store> {
        self.cpu_mut(cpu)?.unmapping.take_if(|batch| batch.ticket == ticket)
    }

    /// Returns whether a batch or a free notice is in flight.
    pub(crate) fn have_leaving_pages(&self) -> bool {
        self.cpus.iter().any(|cpu| {
            let working = match cpu.output.work() {
                Some(Work::Store(_) | Work::Notice(_)) => true,
                Some(Work::Load(_)) | None => false,
            };
            working || cpu.unmapping.is_some()
        })
    }

    /// Returns whether anything of the area is in flight.
    pub(crate) fn are_moving(&self, area: AreaIndex) -> bool {
        self.cpus.iter().any(|cpu| {
            let mut work = [cpu.input.work(), cpu.output.work()].into_iter().flatten();
            work.any(|work| work.area() == area)
                || cpu.unmapping.as_ref().is_some_and(|batch| batch.area == area)
        })
    }

    /// Returns the page of `entry`, on its way out, and whether it was offered.
    pub(crate) fn leaving(&mut self, entry: SwapEntry) -> Option<Leaving> {
        self.stores_mut()
            .find_map(|(store, offered)| Some(Leaving { item: *store.find_mut(entry)?, offered }))
    }

    /// The page of `entry` is on its way out no more.
    pub(crate) fn let_go(&mut self, entry: SwapEntry, held: Held) {
        if let Some(item) = self.stores_mut().find_map(|(store, _)| store.find_mut(entry)) {
            item.held = held;
        }
    }

    /// Returns the entry of a page of the space that is on its way out.
    pub(crate) fn leaving_from(&mut self, space: SpaceId) -> Option<SwapEntry> {
        self.stores_mut().find_map(|(store, _)| {
            let mut items = store.items.as_slice().iter();
            let item = items.find(|item| item.space == space && item.held == Held::Leaving)?;
            Some(store.entry(*item))
        })
    }

    /// Returns the entry of a page of the space that a TAKE is bringing.
    pub(crate) fn taken_from(&mut self, space: SpaceId) -> Option<SwapEntry> {
        self.work_mut().find_map(|work| match work {
            Work::Load(load) if load.take => {
                let mut items = load.items.as_slice().iter();
                let item = items.find(|item| item.space == space)?;
                Some(SwapEntry { area: load.area, slot: item.slot })
            }
            Work::Load(_) | Work::Store(_) | Work::Notice(_) => None,
        })
    }

    /// The thread is gone: nothing is brought for it first.
    pub(crate) fn forget_waiter(&mut self, waiter: Waiter) {
        for work in self.work_mut() {
            match work {
                Work::Load(load) if load.first == Some(waiter) => load.first = None,
                Work::Load(_) | Work::Store(_) | Work::Notice(_) => {}
            }
        }
    }

    fn cpu(&self, cpu: CpuId) -> Option<&PerCpu> {
        self.cpus.get(cpu.index())
    }

    fn cpu_mut(&mut self, cpu: CpuId) -> Option<&mut PerCpu> {
        self.cpus.get_mut(cpu.index())
    }

    fn queue(&self, queue: QueueId) -> Option<&Queue> {
        Some(self.cpu(queue.cpu)?.queue(queue.direction))
    }

    fn queue_mut(&mut self, queue: QueueId) -> Option<&mut Queue> {
        let cpu = self.cpu_mut(queue.cpu)?;
        Some(match queue.direction {
            Direction::In => &mut cpu.input,
            Direction::Out => &mut cpu.output,
        })
    }

    /// Returns all batches on their way out, offered or not.
    fn stores_mut(&mut self) -> impl Iterator<Item = (&mut Store, Offered)> {
        self.cpus.iter_mut().flat_map(|cpu| {
            let unmapping = cpu.unmapping.as_mut().map(|store| (store, Offered::NotYet));
            let storing = match cpu.output.work_mut() {
                Some(Work::Store(store)) => Some((store, Offered::Yes)),
                Some(Work::Load(_) | Work::Notice(_)) | None => None,
            };
            unmapping.into_iter().chain(storing)
        })
    }

    /// Returns all pieces of work in queues.
    fn work_mut(&mut self) -> impl Iterator<Item = &mut Work> {
        let queues = self.cpus.iter_mut().flat_map(|cpu| [&mut cpu.input, &mut cpu.output]);
        queues.filter_map(Queue::work_mut)
    }
}

impl PerCpu {
    fn queue(&self, direction: Direction) -> &Queue {
        match direction {
            Direction::In => &self.input,
            Direction::Out => &self.output,
        }
    }
}
