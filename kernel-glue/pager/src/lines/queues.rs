//! The queues: two per CPU, each leads to one pinned thread of the daemon.
//!
//! | state | open | post | next (from the worker) | take | close | revoke |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | Closed | Running | refused | Closed | – | – | – |
//! | Running | busy | Posted | Idle | – | Closed | Revoked |
//! | Idle | busy | Posted, worker woken or run | Idle | – | Closed | Revoked |
//! | Posted | busy | refused | Taken | Taken | Closed, work handed out | Revoked, likewise |
//! | Taken | busy | refused | completes; then as Running | – | Closed, likewise | Revoked, likewise |
//! | Revoked | busy | refused | Closed (ENODEV) | – | Closed | – |
//!
//! The kernel causes open and close by the queue's file, the daemon `next`, the pager the rest; all
//! under the pager's lock. A queue has one piece of work at a time, in one window, and does not
//! know what the work means. Each queue keeps the time of its own work, because the work of other
//! queues does not show that this queue's thread is alive ([`Queue::is_stuck`]).

use crate::lines::in_flight::{Store, Work};

/// Work may be in a queue so long before the daemon is given up: far beyond any batch, also on a
/// slow machine. Only time in which the daemon could run counts.
pub const STUCK_NS: u64 = 10_000_000_000;

/// What a queue and its worker are doing.
#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "kept in place, because nothing here may allocate")]
pub(super) enum Queue {
    /// No worker.
    #[default]
    Closed,
    /// The daemon is given up; its worker has yet to hear of it.
    Revoked,
    /// The worker is awake, without a record.
    Running,
    /// The worker sleeps.
    Idle,
    /// There is a record; the table calls this Posted or Taken. Work stays in its place between
    /// the two, because it is big; the time is when it was posted.
    Busy(Work, Stage, u64),
}

/// Who has the record of a busy queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for the worker.
    Posted,
    /// The worker has it.
    Taken,
}

impl Queue {
    /// Returns whether it can be given work now.
    pub(super) fn is_free(&self) -> bool {
        match self {
            Self::Running | Self::Idle => true,
            Self::Closed | Self::Revoked | Self::Busy(..) => false,
        }
    }

    /// Returns whether it has a worker.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Closed | Self::Revoked => false,
            Self::Running | Self::Idle | Self::Busy(..) => true,
        }
    }

    /// Returns the work that waits or is in the worker's hands.
    pub(super) fn work(&self) -> Option<&Work> {
        match self {
            Self::Busy(work, ..) => Some(work),
            Self::Closed | Self::Revoked | Self::Running | Self::Idle => None,
        }
    }

    /// Returns the same, to change it.
    pub(super) fn work_mut(&mut self) -> Option<&mut Work> {
        match self {
            Self::Busy(work, ..) => Some(work),
            Self::Closed | Self::Revoked | Self::Running | Self::Idle => None,
        }
    }

    /// Ends in `to`; hands out the work that was there.
    pub(super) fn leave_for(&mut self, to: Self) -> Option<Work> {
        match core::mem::replace(self, to) {
            Self::Busy(work, ..) => Some(work),
            Self::Closed | Self::Revoked | Self::Running | Self::Idle => None,
        }
    }

    /// Gives it work; returns whether the worker sleeps and must be woken or run.
    ///
    /// # Errors
    ///
    /// The work, if the queue is not free: it may be all that is known of its pages.
    #[expect(clippy::result_large_err, reason = "a box would allocate")]
    pub(super) fn post(&mut self, work: Work, served_ns: u64) -> Result<bool, Work> {
        if !self.is_free() {
            return Err(work);
        }
        let asleep = matches!(self, Self::Idle);
        *self = Self::Busy(work, Stage::Posted, served_ns);
        Ok(asleep)
    }

    /// Returns whether its work has been there for [`STUCK_NS`], taken or not: its worker does not
    /// answer.
    pub(super) fn is_stuck(&self, served_ns: u64) -> bool {
        match self {
            Self::Busy(_, _, posted_ns) => served_ns.saturating_sub(*posted_ns) >= STUCK_NS,
            Self::Closed | Self::Revoked | Self::Running | Self::Idle => false,
        }
    }

    /// Posted to Taken; returns the work if there was any.
    pub(super) fn take(&mut self) -> Option<&Work> {
        match self {
            Self::Busy(work, stage @ Stage::Posted, _) => {
                *stage = Stage::Taken;
                Some(work)
            }
            Self::Busy(_, Stage::Taken, _)
            | Self::Closed
            | Self::Revoked
            | Self::Running
            | Self::Idle => None,
        }
    }
}

/// What is kept per CPU.
#[derive(Clone, Debug, Default)]
pub(super) struct PerCpu {
    pub(super) input: Queue,
    pub(super) output: Queue,
    /// The batch between unmap and acknowledgement; `output` is kept free for it.
    pub(super) unmapping: Option<Store>,
}

#[cfg(test)]
mod tests;
