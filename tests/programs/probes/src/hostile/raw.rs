//! System calls with unchecked arguments.

#![expect(unsafe_code, reason = "safe wrappers would not let such arguments through")]

use zram_rt::errno::{Error, Result};

/// Makes system call `number` with five words as they are.
///
/// Only used with arguments that the kernel refuses before it changes anything of ours: bad
/// pointers, bad descriptors, bad numbers; or a page of atomics, which the kernel reads as another thread
/// would.
pub(crate) fn call(number: usize, words: [usize; 5]) -> Result<usize> {
    let [a, b, c, d, e] = words;
    // SAFETY: as said above, the arguments name no memory of this program that Rust relies on.
    unsafe { syscall::syscall5(number, a, b, c, d, e) }
}

/// Stores words at an address that is none of Rust's: in the region of random calls.
pub(crate) fn store(at: usize, words: [usize; 6]) {
    let place: *mut [usize; 6] = core::ptr::with_exposed_provenance_mut(at);
    // SAFETY: no value of this program lives there; where nothing is mapped, the store ends it.
    unsafe { place.write_volatile(words) };
}

/// Returns whether `result` is one of the errors in `wanted`.
pub(crate) fn is_refused(result: Result<usize>, wanted: &[i32]) -> bool {
    matches!(result, Err(Error { errno }) if wanted.contains(&errno))
}
