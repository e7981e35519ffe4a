//! System calls with arguments that nobody checked.

#![expect(unsafe_code, reason = "safe wrappers would not let such arguments through")]

use zram_rt::errno::{Error, Result};

/// Makes system call `number` with five words as they are.
///
/// Only used with arguments that the kernel refuses before it changes anything of ours: bad
/// pointers, bad descriptors, bad numbers.
pub(crate) fn call(number: usize, words: [usize; 5]) -> Result<usize> {
    let [a, b, c, d, e] = words;
    // SAFETY: as said above, the arguments name no memory of this program that Rust relies on.
    unsafe { syscall::syscall5(number, a, b, c, d, e) }
}

/// Returns whether `result` is one of the errors in `wanted`.
pub(crate) fn is_refused(result: Result<usize>, wanted: &[i32]) -> bool {
    matches!(result, Err(Error { errno }) if wanted.contains(&errno))
}
