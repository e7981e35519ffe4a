//! System calls with unchecked arguments, and memory that Rust does not manage.

#![expect(unsafe_code, reason = "what is asked is what safe wrappers would not let through")]

use zram_rt::errno::Result;

/// Makes system call `number` with five words as they are.
///
/// Only used with memory that is borrowed for the call, with addresses at which this program has nothing,
/// and with mappings in the region of `mappings`.
pub(crate) fn call(number: usize, words: [usize; 5]) -> Result<usize> {
    let [a, b, c, d, e] = words;
    // SAFETY: as said above, no memory is changed that Rust relies on.
    unsafe { syscall::syscall5(number, a, b, c, d, e) }
}

/// Stores words at an address in the region of `mappings`.
pub(crate) fn store(at: usize, words: [usize; 6]) {
    let place: *mut [usize; 6] = core::ptr::with_exposed_provenance_mut(at);
    // SAFETY: no value of this program lives there; where nothing is mapped, the store ends it.
    unsafe { place.write_volatile(words) };
}
