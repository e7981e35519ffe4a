//! The scheme `zram:`: its tree of files, and what clients do with them.
//!
//! ```text
//! /                                a directory: control and the devices
//! /control                         a directory: hot_add last_added hot_remove exit last_error last_note
//! /N                               device N; opened as a directory, its attributes
//! /N/ATTRIBUTE                     see `zram_abi::attribute`
//! ```
//!
//! `path` finds a [`File`], `open` checks who may open it and makes a handle ([`handles`]),
//! `content` makes the text of a read, `write` executes a write, `verbs` executes SYS_CALL, `stat`
//! describes files. [`serve`] is the thread that takes requests from the socket and answers all of
//! them but those that the actor answers. Reading a directory gives one name a line.

mod content;
mod file;
pub mod handles;
mod open;
mod path;
pub mod serve;
mod stat;
mod verbs;
mod write;

pub use file::{ControlFile, File};
pub use handles::HandleId;

use crate::attributes::mistake::Mistake;
use crate::data::DataError;
use crate::devices::NoDevice;
use crate::threads::PostError;
use zram_lifecycle::Request;

/// A client's write that the actor will answer.
#[derive(Debug)]
pub struct PendingWrite<C> {
    /// The request, to be answered once.
    pub client: C,
    /// The file that was written.
    pub file: File,
    /// The handle it was written through.
    pub handle: HandleId,
    /// Bytes written, which is the answer if all goes well.
    pub size: usize,
    /// What it asks for, for the words of a refusal.
    pub asked: Option<Request>,
}

/// Why the scheme refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No file of that name.
    NoFile,
    /// A part of the path, or what should be one, is no directory.
    NotDirectory,
    /// A directory cannot be written.
    IsDirectory,
    /// This user may not, or nobody may.
    Denied,
    /// A longer path than any.
    NameTooLong,
    /// The file was to be new.
    Exists,
    /// The actor resets or removes the device now.
    Claimed,
    /// The device is mounted.
    Mounted,
    /// The device was to be mounted while others have it open.
    Shared,
    /// No device was added through this handle.
    NothingAdded,
    /// All handles are taken.
    TooManyHandles,
    /// No such handle, or not opened for that.
    NoHandle,
    /// The device of the handle is gone.
    NoDevice,
    /// Memory is missing.
    NoMemory,
    /// The device has no size yet.
    NotInitialised,
    /// There is nothing to list: the device has no size yet.
    NoSlots,
    /// Slots that do not exist.
    BadRange,
    /// The file cannot do that.
    Unsupported,
    /// What was written is no command.
    Mistake(Mistake),
    /// Pages were not read or written.
    Data(DataError),
    /// The actor does not take the request.
    Post(PostError),
}

impl From<NoDevice> for Fault {
    fn from(NoDevice: NoDevice) -> Self {
        Self::NoDevice
    }
}

impl From<DataError> for Fault {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

#[cfg(test)]
mod tests;
