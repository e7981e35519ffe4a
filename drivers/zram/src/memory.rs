//! Allocation that can fail, from the parts of `alloc` that are stable.
//!
//! Everything in the engine that allocates goes through here, so that a refusal is an answer and
//! never an abort.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::NoMemory;

/// Returns a vector of `count` items made by `make`, with no room to spare.
pub(crate) fn filled<T>(count: usize, mut make: impl FnMut() -> T) -> Result<Vec<T>, NoMemory> {
    let mut items = Vec::new();
    items.try_reserve_exact(count).map_err(|_| NoMemory)?;
    items.extend((0..count).map(|_| make()));
    Ok(items)
}

/// Returns a boxed array of items made by `make`, built in place and never on the stack.
pub(crate) fn boxed_array<T, const N: usize>(
    make: impl FnMut() -> T,
) -> Result<Box<[T; N]>, NoMemory> {
    let items = filled(N, make)?.into_boxed_slice();
    match items.try_into() {
        Ok(array) => Ok(array),
        Err(_) => unreachable!("filled returns exactly the count asked for"),
    }
}

/// Makes room for one more item in steps of an eighth, so that growing wastes little.
pub(crate) fn reserve_one<T>(items: &mut Vec<T>) -> Result<(), NoMemory> {
    /// Fewest items to make room for: short vectors would else be copied for each item.
    const STEP_MIN: usize = 4;
    if items.len() < items.capacity() {
        return Ok(());
    }
    let step = STEP_MIN.max(items.len() / 8);
    items.try_reserve_exact(step).map_err(|_| NoMemory)
}
