//! Bugs that only a build with checks detects: the program panics at them, and continues where
//! checks are off.

use core::hint::black_box;

/// Name and deed.
type Bug = (&'static str, fn());

/// Every bug.
pub(crate) const ALL: [Bug; 2] = [("overflow", overflow), ("assertion", assertion)];

fn overflow() {
    // The compiler must not know the numbers, or it would refuse the sum.
    let sum = black_box(u32::MAX) + black_box(1);
    black_box(sum);
}

fn assertion() {
    debug_assert!(black_box(1) > black_box(2), "one is larger than two");
}
