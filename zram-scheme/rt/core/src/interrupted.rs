//! Calls that end with EINTR are made again.
//!
//! Redox interrupts a waiting call for reasons of its own, without any signal: a deadline that an
//! earlier futex wait left behind ends a later wait with EINTR. A call that Redox fails has had no
//! effect, so making the same call again is right. Every call of `zram-rt` that can wait goes
//! through this module, most of them in `fd`. Only two do more: `futex` tells its caller to look
//! again, and `time` sleeps for the rest.

use syscall::{EINTR, Error, Result};

/// Makes `call` until it ends with anything but EINTR.
///
/// # Errors
///
/// What the call answers.
pub fn again<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Error { errno: EINTR }) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests;
