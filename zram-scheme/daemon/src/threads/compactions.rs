//! The compactions in progress: steps that the actor does between messages.
//!
//! Compacting a large device takes seconds, and a CPU transition does not wait that long. So the
//! actor does one bounded step at a time and takes a message after each; the requester gets the
//! answer when the last step is done. A reset or removal ends the device's compactions: the memory
//! that they would gain is freed anyway.

use alloc::collections::VecDeque;

use zram::Compaction;
use zram_lifecycle::DeviceId;

use super::mailbox::{MAILBOX_MAX, ReplyTo};

/// Most compactions that wait: one for each write that a full mailbox can hold.
pub(super) const COMPACTIONS_MAX: usize = MAILBOX_MAX;

/// A compaction that was accepted.
pub(super) struct Accepted<C> {
    pub(super) id: DeviceId,
    pub(super) progress: Compaction,
    /// Who waits for its end; nobody if the daemon itself asked.
    pub(super) reply_to: Option<ReplyTo<C>>,
}

/// Compactions in the order of their requests; the first is worked on.
pub(super) struct Compactions<C>(VecDeque<Accepted<C>>);

impl<C> Compactions<C> {
    /// Returns no compactions, with the memory for all.
    pub(super) fn new() -> Self {
        Self(VecDeque::with_capacity(COMPACTIONS_MAX))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= COMPACTIONS_MAX
    }

    /// Returns whether nobody waits for any of them: the daemon itself asked for all.
    pub(super) fn are_unhurried(&self) -> bool {
        self.0.iter().all(|accepted| accepted.reply_to.is_none())
    }

    /// Returns whether one of the device is among them.
    pub(super) fn is_any_of(&self, id: DeviceId) -> bool {
        self.0.iter().any(|accepted| accepted.id == id)
    }

    /// Puts a compaction behind the others; the caller has seen that they are not full.
    pub(super) fn push(&mut self, id: DeviceId, reply_to: Option<ReplyTo<C>>) {
        self.0.push_back(Accepted { id, progress: Compaction::new(), reply_to });
    }

    /// Returns the one that is worked on.
    pub(super) fn first(&mut self) -> Option<&mut Accepted<C>> {
        self.0.front_mut()
    }

    /// Takes out the one that is worked on.
    pub(super) fn pop(&mut self) -> Option<Accepted<C>> {
        self.0.pop_front()
    }

    /// Takes out one of the device.
    pub(super) fn pop_of(&mut self, id: DeviceId) -> Option<Accepted<C>> {
        let index = self.0.iter().position(|accepted| accepted.id == id)?;
        self.0.remove(index)
    }
}
