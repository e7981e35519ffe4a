//! Allocation that can fail, from the parts of `alloc` that are stable.
//!
//! Everything in the engine that allocates uses this module, so that a failed allocation is an
//! error and never an abort.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{NoMemory, PAGE_SIZE, PageBytes};

/// Returns a vector of `count` items made by `make`, with no room to spare.
pub(crate) fn filled<T>(count: usize, mut make: impl FnMut() -> T) -> Result<Vec<T>, NoMemory> {
    let mut items = Vec::new();
    items.try_reserve_exact(count).map_err(|_| NoMemory)?;
    items.extend((0..count).map(|_| make()));
    Ok(items)
}

/// Returns a page of zeros.
pub(crate) fn zeroed_page() -> Result<Box<PageBytes>, NoMemory> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(PAGE_SIZE).map_err(|_| NoMemory)?;
    bytes.resize(PAGE_SIZE, 0);
    Ok(boxed(bytes))
}

/// Returns a boxed array of items made by `make`, built in place and never on the stack.
pub(crate) fn boxed_array<T, const N: usize>(
    make: impl FnMut() -> T,
) -> Result<Box<[T; N]>, NoMemory> {
    Ok(boxed(filled(N, make)?))
}

/// Turns a vector that has neither room to spare nor another length into an array.
fn boxed<T, const N: usize>(items: Vec<T>) -> Box<[T; N]> {
    debug_assert_eq!(items.capacity(), items.len(), "shrinking would allocate");
    match items.into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("the caller made exactly N items"),
    }
}

/// How a table grows.
#[derive(Clone, Copy)]
pub(crate) struct Growth {
    /// By at least so many items at a time,
    pub(crate) step: usize,
    /// but not beyond so many.
    pub(crate) end: usize,
}

/// Makes `items` at least `length` long.
pub(crate) fn grow<T>(
    items: &mut Vec<T>,
    length: usize,
    Growth { step, end }: Growth,
    make: impl FnMut() -> T,
) -> Result<(), NoMemory> {
    if items.len() < length {
        let length = length.max(items.len() + step).min(end);
        items.try_reserve_exact(length - items.len()).map_err(|_| NoMemory)?;
        items.resize_with(length, make);
    }
    Ok(())
}

/// Makes room for one more item in steps of an eighth, so that little is wasted and the copying of
/// items stays a constant number of times each.
pub(crate) fn reserve_one<T>(items: &mut Vec<T>) -> Result<(), NoMemory> {
    if items.len() < items.capacity() {
        return Ok(());
    }
    items.try_reserve_exact(1 + items.len() / 8).map_err(|_| NoMemory)
}

/// Gives back what `items` has beyond its first `count`, if there is memory for a smaller copy.
pub(crate) fn fit<T>(items: &mut Vec<T>, count: usize) {
    let mut fitting = Vec::new();
    if count < items.capacity() && fitting.try_reserve_exact(count).is_ok() {
        fitting.extend(items.drain(..).take(count));
        *items = fitting;
    }
}
