//! The daemon's queues: opening, the next record, closing.

use swap_pager::ports::{Frame, Frames, QueueId, Threads};
use swap_pager::{Commit, Next};
use zram_abi::error::{EAGAIN, EBUSY, EINVAL, ENODEV, ENOENT, ENOMEM};
use zram_abi::record::{ENTRIES_MAX, RECORD_SIZE, Record};

use crate::ports::Machine;
use crate::scheme::Payload;
use crate::state::Glue;
use crate::{Errno, Kernel};

/// A call that was interrupted (Redox's EINTR): nothing was completed by it that was not before.
pub(crate) const EINTR: i32 = 4;

/// One queue's end in the kernel.
pub(crate) struct Line<K: Kernel> {
    window: Option<[Frame; ENTRIES_MAX]>,
    /// The thread that waits for a record.
    worker: Option<K::Thread>,
    is_revoked: bool,
}

impl<K: Kernel> Line<K> {
    pub(crate) const fn new() -> Self {
        Self { window: None, worker: None, is_revoked: false }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.window.is_some()
    }

    pub(crate) fn window(&self) -> Option<[Frame; ENTRIES_MAX]> {
        self.window
    }

    pub(crate) fn pane(&self, index: usize) -> Option<Frame> {
        self.window?.get(index).copied()
    }

    pub(crate) fn worker(&self) -> Option<&K::Thread> {
        self.worker.as_ref()
    }

    pub(crate) fn revoke(&mut self) {
        self.is_revoked = true;
    }
}

impl<K: Kernel> Glue<K> {
    /// Opens a queue for the running context's process.
    ///
    /// # Errors
    ///
    /// ENOENT for a CPU that the machine has not; EBUSY if it is open, or another process has queues
    /// open; ENODEV if the pager has closed itself; ENOMEM.
    pub(crate) fn open_queue(&self, queue: QueueId) -> Result<(), Errno> {
        let here = self.kernel.current_key();
        let opened = self.call(|pager, machine| {
            let daemon = self.daemon();
            let is_other = daemon.0 != 0 && daemon != here;
            let line = machine.line(queue).ok_or(Errno(ENOENT))?;
            if is_other || line.is_open() {
                return Err(Errno(EBUSY));
            }
            if pager.broken_invariant().is_some() {
                return Err(Errno(ENODEV));
            }
            let window = make_window(machine).ok_or(Errno(ENOMEM))?;
            if !pager.queue_open(queue) {
                window.into_iter().for_each(|frame| machine.release(frame));
                return Err(Errno(EBUSY));
            }
            if let Some(line) = machine.line(queue) {
                *line = Line { window: Some(window), worker: None, is_revoked: false };
            }
            self.set_daemon_here();
            Ok(())
        });
        opened.unwrap_or(Err(Errno(ENODEV)))
    }

    /// Completes a record and gives the next one, or waits for it.
    ///
    /// # Errors
    ///
    /// EINVAL for what is no record or not the one that was taken, EBUSY if another thread waits, ENODEV
    /// after the queue was revoked, EINTR if the thread is to die; what copying fails with.
    pub(crate) fn queue_next(
        &self,
        queue: QueueId,
        payload: &mut dyn Payload,
    ) -> Result<usize, Errno> {
        let mut bytes = [0; RECORD_SIZE];
        payload.read(&mut bytes)?;
        let completed = Record::decode(&bytes).map_err(|_| Errno(EINVAL))?;
        let next = self.call(|pager, machine| {
            if machine.line(queue).is_some_and(|line| line.worker.is_some()) {
                return Err(Errno(EBUSY));
            }
            match pager.queue_next(queue, &completed, machine) {
                Next::Record(record) => Ok(Some(record)),
                Next::Idle { run } => {
                    if let Some(waiter) = run {
                        machine.wake(waiter);
                    }
                    self.rest(queue, machine);
                    Ok(None)
                }
                Next::Closed => Err(Errno(ENODEV)),
                Next::Invalid => Err(Errno(EINVAL)),
            }
        });
        let mut record = next.unwrap_or(Err(Errno(ENODEV)))?;
        // This may wake the very thread that has just been blocked: then the switch returns at once.
        self.settle();
        loop {
            if let Some(record) = record {
                payload.write(&record.encode())?;
                return Ok(0);
            }
            self.kernel.switch();
            record = self.queue_awake(queue)?;
        }
    }

    /// The worker runs again: returns the record that waits, or rests once more.
    fn queue_awake(&self, queue: QueueId) -> Result<Option<Record>, Errno> {
        let is_killed = self.kernel.is_killed();
        let awake = self.call(|pager, machine| {
            let line = machine.line(queue).ok_or(Errno(ENODEV))?;
            line.worker = None;
            if line.is_revoked || !line.is_open() {
                return Err(Errno(ENODEV));
            }
            if is_killed {
                return Err(Errno(EINTR));
            }
            let record = pager.queue_take(queue);
            if record.is_none() {
                self.rest(queue, machine);
            }
            Ok(record)
        });
        awake.unwrap_or(Err(Errno(ENODEV)))
    }

    /// Blocks the running context until its queue has something, under the pager's lock.
    fn rest(&self, queue: QueueId, machine: &mut Machine<'_, K>) {
        if let Some(line) = machine.line(queue) {
            line.worker = Some(self.kernel.current_thread());
        }
        self.kernel.block("swap: queue");
    }

    /// The queue's file was closed.
    pub(crate) fn close_queue(&self, queue: QueueId) {
        self.call(|pager, machine| {
            pager.queue_closed(queue, machine);
            machine.revoke_worker(queue);
            let window = machine.line(queue).and_then(|line| line.window.take());
            window.into_iter().flatten().for_each(|frame| machine.release(frame));
            if !machine.parts.lines.iter().flatten().any(Line::is_open) {
                self.forget_daemon();
            }
        });
        self.settle();
    }

    /// Hands the CPU to the daemon's `in` thread with an empty record, and comes back.
    ///
    /// # Errors
    ///
    /// EAGAIN if that thread is not idle or nothing is mounted; EINTR.
    pub(crate) fn probe(&self) -> Result<usize, Errno> {
        let wait = self.waiting().ok_or(Errno(EINTR))?;
        let began_ns = self.kernel.now_ns();
        let parked = self.call(|pager, machine| {
            let queue = pager.probe(wait.caller(), machine)?;
            machine.wake_worker(queue);
            let parked = pager.commit(wait.waiter) == Commit::Park;
            if parked {
                self.kernel.block("swap: hand-off");
            }
            Some(parked)
        });
        let parked = parked.flatten().ok_or(Errno(EAGAIN))?;
        if parked {
            self.kernel.switch();
        }
        let took_ns = self.kernel.now_ns().saturating_sub(began_ns);
        self.call(|pager, _| pager.probe_took(took_ns));
        Ok(0)
    }
}

/// Returns frames for a window, all or none.
fn make_window<K: Kernel>(machine: &mut Machine<'_, K>) -> Option<[Frame; ENTRIES_MAX]> {
    let mut window = [None; ENTRIES_MAX];
    for place in &mut window {
        *place = machine.allocate();
    }
    if window.iter().all(Option::is_some) {
        return Some(window.map(|frame| frame.unwrap_or(Frame(0))));
    }
    window.into_iter().flatten().for_each(|frame| machine.release(frame));
    None
}
