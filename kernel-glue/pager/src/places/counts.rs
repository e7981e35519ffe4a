//! How many swap entries each space has.

use alloc::vec::Vec;

use crate::invariant::Invariant;
use crate::memory::{NoMemory, filled};
use crate::ports::SpaceId;

/// Swap entries per space.
#[derive(Debug)]
pub(crate) struct EntryCounts {
    counts: Vec<u32>,
}

impl EntryCounts {
    /// Returns counts of nothing for so many spaces.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new(spaces: u32) -> Result<Self, NoMemory> {
        Ok(Self { counts: filled(spaces, 0)? })
    }

    /// Returns how many the space has.
    pub(crate) fn of(&self, space: SpaceId) -> u32 {
        self.counts.get(index_of(space)).copied().unwrap_or(0)
    }

    /// One more.
    pub(crate) fn add(&mut self, space: SpaceId) -> Result<(), Invariant> {
        self.change(space, |count| count.checked_add(1))
    }

    /// One less.
    pub(crate) fn remove(&mut self, space: SpaceId) -> Result<(), Invariant> {
        self.change(space, |count| count.checked_sub(1))
    }

    fn change(&mut self, space: SpaceId, to: fn(u32) -> Option<u32>) -> Result<(), Invariant> {
        let count = self.counts.get_mut(index_of(space)).ok_or(Invariant::CountsAgree)?;
        *count = to(*count).ok_or(Invariant::CountsAgree)?;
        Ok(())
    }
}

fn index_of(space: SpaceId) -> usize {
    usize::try_from(space.0).unwrap_or(usize::MAX)
}
