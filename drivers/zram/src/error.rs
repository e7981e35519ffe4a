//! What can go wrong, one small enum per operation family.
//!
//! Exhaustion ([`NoMemory`] and the [`StoreError`]s but `OutOfRange`) is expected and
//! leaves everything as it was; damage is [`LoadError::Damaged`]. Neighbours: the daemon maps these
//! to errno and to the per-page status of a queue record.

use crate::pool::InsertError;

/// An allocation failed; nothing was changed. The caller gives memory back or gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// A page is stored where the device would have no slot any more; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredAbove;

/// Why a page was not stored. The slot still holds what it held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The page saves less than an eighth and was offered for swap: it stays where it is, and is
    /// worth offering again only after it was written.
    NoGain,
    /// The pool would grow past the memory limit: free slots or raise the limit.
    Limit,
    /// No memory for a pool page or for bookkeeping: the page stays where it is for now.
    NoReserve,
    /// The pool is as large as it can be: 65536 runs of the object's size class and of all that it
    /// could go to instead. Room comes back only by freeing slots.
    Full,
    /// There is no such slot.
    OutOfRange,
}

/// Why a page could not be read. The slot is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// Length, checksum, owner or codec disagree. The caller's page was zeroed; the content is
    /// lost, the slot stays until it is overwritten or discarded.
    Damaged,
    /// There is no such slot.
    OutOfRange,
}

impl From<NoMemory> for StoreError {
    fn from(NoMemory: NoMemory) -> Self {
        Self::NoReserve
    }
}

impl From<InsertError> for StoreError {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::Limit => Self::Limit,
            InsertError::NoMemory => Self::NoReserve,
            InsertError::Full => Self::Full,
        }
    }
}
