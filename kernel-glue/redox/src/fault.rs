//! A thread needs a page or a frame: the loops that wait.
//!
//! Redox corrects a fault with the address space locked, and cannot wait there. So an attempt
//! returns what it lacks, releases its locks, and is made again when the page or frame is there. A
//! wait has these steps: ask the pager, which prepares the wait; do the work that the pager's
//! answer names; *commit* and block while the pager's lock is still held, so that no wake comes
//! between; release the lock; switch. A thread that is to be killed stops waiting.

use swap_pager::ports::{Frame, Page, Threads};
use swap_pager::{Commit, Fault, FaultRequest, FrameAnswer, FrameFor};

use crate::Kernel;
use crate::state::{Glue, Waiting};

/// What an attempt to correct a page table came to.
#[derive(Debug)]
pub enum Attempt<S> {
    /// It is corrected.
    Done,
    /// The page of that space is in swap.
    Swapped(S, Page),
    /// There was no frame.
    NoFrame,
    /// Nothing can be done about it.
    Failed,
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The page is there.
    Done,
    /// There is no frame, and nobody to wait for.
    OutOfMemory,
    /// The page cannot be had: the attempt failed for another reason, what was swapped is lost, or the
    /// context is to die.
    Failed,
}

impl<K: Kernel> Glue<K> {
    /// Makes attempts until one is not for want of a page or a frame.
    ///
    /// # Context
    ///
    /// Waits. With no lock held.
    pub fn correct(&self, mut attempt: impl FnMut() -> Attempt<K::Space>) -> Outcome {
        loop {
            let outcome = match attempt() {
                Attempt::Done => {
                    self.return_grant();
                    self.meet_current();
                    self.settle();
                    return Outcome::Done;
                }
                Attempt::Swapped(space, page) => self.bring_in(&space, page),
                Attempt::NoFrame if self.is_active() && !self.is_daemon_here() => {
                    self.wait_for_frame()
                }
                Attempt::NoFrame => Outcome::OutOfMemory,
                Attempt::Failed => Outcome::Failed,
            };
            if outcome != Outcome::Done {
                self.return_grant();
                return outcome;
            }
        }
    }

    /// Brings in a page that is in swap; done also if something else is there now.
    ///
    /// # Context
    ///
    /// Waits. With no lock held.
    pub fn bring_in(&self, space: &K::Space, page: Page) -> Outcome {
        let Some(number) = self.number_of(space) else { return Outcome::Failed };
        let Some(wait) = self.waiting() else { return Outcome::Failed };
        loop {
            let waiter = wait.waiter;
            let request = FaultRequest { space: number, page, waiter, cpu: self.cpu() };
            let answer = self.call(|pager, machine| {
                let answer = pager.fault(request, machine);
                if let Fault::Wait { run: Some(queue) } = answer {
                    // No switch to it is possible; it runs when this context has blocked.
                    machine.wake_worker(queue);
                }
                answer
            });
            match answer {
                Some(Fault::Mapped) => {
                    drop(wait);
                    self.settle();
                    return Outcome::Done;
                }
                Some(Fault::Wait { .. }) => {
                    if !self.sleep(&wait, "swap: page") {
                        return Outcome::Failed;
                    }
                }
                Some(Fault::Lost) => {
                    self.kernel.say(format_args!("swap: page {:#x} is lost", page.0));
                    return Outcome::Failed;
                }
                Some(Fault::OutOfMemory) => return Outcome::OutOfMemory,
                None => return Outcome::Failed,
            }
        }
    }

    /// Waits for a frame, which the next attempt on this CPU finds.
    pub(crate) fn wait_for_frame(&self) -> Outcome {
        match self.awaited_frame() {
            Ok(frame) => {
                self.grant(frame);
                Outcome::Done
            }
            Err(outcome) => outcome,
        }
    }

    /// Returns a frame, when there is one for this context.
    pub(crate) fn awaited_frame(&self) -> Result<Frame, Outcome> {
        let Some(wait) = self.waiting() else { return Err(Outcome::Failed) };
        let waiter = wait.waiter;
        let never_dies = self.is_protected(self.kernel.current_key());
        let whose = if never_dies { FrameFor::Protected(waiter) } else { FrameFor::Thread(waiter) };
        loop {
            match self.call(|pager, machine| pager.frame_needed(whose, machine)) {
                Some(FrameAnswer::Frame(frame)) => return Ok(frame),
                Some(FrameAnswer::Wait) => {
                    if !self.sleep(&wait, "swap: frame") {
                        return Err(Outcome::Failed);
                    }
                }
                Some(FrameAnswer::OutOfMemory) | None => return Err(Outcome::OutOfMemory),
            }
        }
    }

    /// Lets the prepared context sleep until it is woken; false if it is to die.
    pub(crate) fn sleep(&self, wait: &Waiting<'_, K>, why: &'static str) -> bool {
        self.settle();
        let parked = self.call(|pager, _| {
            let parked = pager.commit(wait.waiter) == Commit::Park;
            if parked {
                self.kernel.block(why);
            }
            parked
        });
        if parked == Some(true) {
            self.kernel.switch();
        }
        !self.kernel.is_killed()
    }
}
