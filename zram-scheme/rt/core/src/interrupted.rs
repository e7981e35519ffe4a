//! Calls that end with EINTR are made again.
//!
//! Redox interrupts a call that waits for reasons of its own: without any signal, a deadline that an
//! earlier futex wait left behind ends a later wait with EINTR. It says of no failure that anything
//! was done, so the same call is right again. Every call of `zram-rt`
//! that can wait goes through it, `fd` with most of them. Only two have more to do: `futex`
//! tells its caller to look again, and `time` sleeps for the rest.

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
