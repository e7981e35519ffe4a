//! A system call with unchecked arguments.

#![expect(
    unsafe_code,
    reason = "no safe wrapper takes a time limit from a page that was never touched"
)]

use zram_rt::errno::Result;

/// Makes system call `number` with five words as they are.
///
/// Only used with memory that is borrowed for the call.
pub(crate) fn call(number: usize, words: [usize; 5]) -> Result<usize> {
    let [a, b, c, d, e] = words;
    // SAFETY: as said above, no memory is changed that Rust relies on.
    unsafe { syscall::syscall5(number, a, b, c, d, e) }
}
