//! How a system call can end other than with its result.

use alloc::string::String;

use crate::slab::Full;
use crate::thread::Wait;

/// A Redox error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

/// Why a system call has no result now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It failed; nothing was done.
    Fail(Errno),
    /// Its thread waits for this, until this time (of the monotonic clock).
    Wait(Wait, Option<u64>),
    /// Its process must die, for this reason.
    Kill(String),
    /// It did part of its work, and is executed again at once to do the rest.
    Again,
    /// Its thread does not exist any more, or its registers were set already.
    Gone,
}

/// What a system call gives.
pub(crate) type SysResult<T = usize> = Result<T, Halt>;

impl Halt {
    /// Returns the wait without a deadline.
    pub(crate) fn until(wait: Wait) -> Self {
        Self::Wait(wait, None)
    }
}

impl From<Errno> for Halt {
    fn from(errno: Errno) -> Self {
        Self::Fail(errno)
    }
}

impl From<Full> for Errno {
    fn from(_: Full) -> Self {
        Self(syscall::error::EMFILE)
    }
}

impl From<Full> for Halt {
    fn from(full: Full) -> Self {
        Self::Fail(full.into())
    }
}

/// Returns failure with this error number (one of `syscall::error`).
pub(crate) fn fail<T>(errno: i32) -> SysResult<T> {
    Err(Halt::Fail(Errno(errno)))
}

/// Returns what goes into `rax`: the value, or the negated error number.
pub(crate) fn encode(result: Result<usize, Errno>) -> u64 {
    match result {
        Ok(value) => value as u64,
        Err(Errno(errno)) => i64::from(errno).wrapping_neg() as u64,
    }
}

/// Returns what a daemon's answer says, which is encoded in the same way.
pub(crate) fn decode(word: u64) -> Result<usize, Errno> {
    match (word as i64).wrapping_neg() {
        errno @ 1..4096 => Err(Errno(errno as i32)),
        _ => Ok(word as usize),
    }
}
