//! Pager and kernel together: what a system call of any thread of the daemon does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use swap_pager::ports::{CpuId, Direction, Frame, Frames, QueueId, Waiter};
use swap_pager::{Caller, Commit, FrameAnswer, FrameFor, Next, Pager, Resize, ResizeBy, SwapOff};
use zram_abi::record::Record;
use zram_abi::verb::Cookie;
use zramd::platform::Closed;

use crate::kernel::Kernel;
use crate::kernel::windows::View;
use crate::ledger::Ledger;
use host_core::order::Random;

/// What makes things fail; 0 is never, 1 always, n once in n times.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishaps {
    /// The commit of a pool page.
    pub(crate) commit_fails: usize,
    /// One bit of a pool page that is written to changes.
    pub(crate) bit_rots: usize,
}

/// The pager, its kernel, and who watches both.
pub(crate) struct Machine {
    pub(crate) pager: Pager,
    pub(crate) kernel: Kernel,
    pub(crate) ledger: Ledger,
    pub(crate) mishaps: Mishaps,
    /// Frames that the daemon's pools have.
    pub(crate) pool: BTreeSet<Frame>,
    /// Bits that changed in pool pages.
    pub(crate) rotten: u32,
    /// Number of the daemon that lives; what others do is without effect.
    pub(crate) life: u32,
    random: Random,
}

/// The machine, shared with the daemon's threads.
pub(crate) type Shared = Arc<Mutex<Machine>>;

/// Returns the machine. Never contended: whoever has it is the one thread that runs.
pub(crate) fn lock(shared: &Shared) -> MutexGuard<'_, Machine> {
    shared.try_lock().expect("one thread runs at a time")
}

/// Whose a queue is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// Which daemon: they come one after the other.
    pub(crate) life: u32,
    pub(crate) queue: QueueId,
}

impl Machine {
    /// Returns a machine without a daemon.
    pub(crate) fn new(pager: Pager, kernel: Kernel, random: Random) -> Self {
        Self {
            pager,
            kernel,
            ledger: Ledger::default(),
            mishaps: Mishaps::default(),
            pool: BTreeSet::new(),
            rotten: 0,
            life: 0,
            random,
        }
    }

    /// A thread of the daemon completes its record and asks for the next one; it sleeps if there is
    /// none.
    pub(crate) fn queue_next(
        &mut self,
        Seat { life, queue }: Seat,
        completed: &Record,
        view: &mut View,
    ) -> Result<Option<Record>, Closed> {
        if life != self.life {
            return Err(Closed);
        }
        if self.ledger.in_hand(queue).is_some() {
            self.kernel.windows.take_in(queue, completed, view);
        }
        self.ledger.completed(queue, completed);
        match self.pager.queue_next(queue, completed, &mut self.kernel) {
            Next::Record(record) => Ok(Some(self.hand_out(queue, record, view))),
            Next::Idle { run } => {
                self.kernel.told.woken.extend(run);
                Ok(None)
            }
            Next::Closed => Err(Closed),
            Next::Invalid => panic!("the reply {completed:?} was refused"),
        }
    }

    /// A thread of the daemon was woken and takes what was posted for it.
    pub(crate) fn queue_take(
        &mut self,
        Seat { life, queue }: Seat,
        view: &mut View,
    ) -> Option<Record> {
        let record = if life == self.life { self.pager.queue_take(queue)? } else { return None };
        Some(self.hand_out(queue, record, view))
    }

    fn hand_out(&mut self, queue: QueueId, record: Record, view: &mut View) -> Record {
        self.ledger.taken(queue, &record);
        self.kernel.windows.show(queue, &record, view);
        record
    }

    /// The file of a queue is closed.
    pub(crate) fn queue_closed(&mut self, queue: QueueId) {
        self.pager.queue_closed(queue, &mut self.kernel);
        self.ledger.dropped(queue);
    }

    /// The daemon commits a page of a pool.
    pub(crate) fn commit_page(&mut self, life: u32) -> Option<Frame> {
        if life != self.life || self.random.once_in(self.mishaps.commit_fails) {
            return None;
        }
        match self.pager.frame_needed(FrameFor::Pinned, &mut self.kernel) {
            FrameAnswer::Frame(frame) => {
                self.pool.insert(frame);
                Some(frame)
            }
            FrameAnswer::Wait => panic!("a pinned space is told to wait"),
            FrameAnswer::OutOfMemory => None,
        }
    }

    /// The daemon gives a page of a pool back.
    pub(crate) fn release_page(&mut self, life: u32, frame: Frame) {
        if life == self.life {
            assert!(self.pool.remove(&frame), "{frame:?} is no page of a pool");
            self.kernel.release(frame);
            self.pager.frames_freed(&mut self.kernel);
        }
    }

    /// Returns a bit of a pool page that changes by itself, now and then.
    pub(crate) fn rotten_bit(&mut self) -> Option<usize> {
        if !self.random.once_in(self.mishaps.bit_rots) {
            return None;
        }
        self.rotten += 1;
        Some(self.random.index(zram::PAGE_SIZE * 8))
    }

    /// The daemon's process is gone: so is its memory.
    pub(crate) fn end_life(&mut self) {
        self.life += 1;
        self.ledger.forget();
        for frame in std::mem::take(&mut self.pool) {
            self.kernel.release(frame);
        }
        self.pager.frames_freed(&mut self.kernel);
    }

    /// The daemon tells how large a mounted device is; returns whether its area is as large.
    pub(crate) fn resize_area(&mut self, life: u32, cookie: Cookie) -> bool {
        let Cookie { device, generation, pages } = cookie;
        let resize = Resize { device, pages, by: ResizeBy::Daemon { generation } };
        // The daemon is never kept waiting, so it is no waiter.
        let nobody = Caller { waiter: Waiter(0), cpu: CpuId::BOOT };
        life == self.life && self.pager.resize(resize, nobody, &mut self.kernel) == SwapOff::Done
    }

    /// Commits a prepared thread; returns whether it sleeps.
    pub(crate) fn commit(&mut self, waiter: Waiter) -> bool {
        self.pager.commit(waiter) == Commit::Park
    }
}

/// Returns the CPU of that number.
pub(crate) const fn cpu_id(number: u32) -> CpuId {
    CpuId::new(number).expect("a world has few CPUs")
}

/// Returns the two queues of each CPU.
pub(crate) fn queues(cpus: u32) -> impl Iterator<Item = QueueId> {
    (0..cpus)
        .map(cpu_id)
        .flat_map(|cpu| [Direction::In, Direction::Out].map(|direction| QueueId { cpu, direction }))
}
