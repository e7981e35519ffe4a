//! Allocation of tables, which may fail.
//!
//! For tables whose size is known when the pager is made or an area is mounted. Imports no other
//! module.

use alloc::vec::Vec;

/// No memory for a table (ENOMEM).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMemory;

/// Returns `count` copies of `item`.
///
/// # Errors
///
/// [`NoMemory`].
pub(crate) fn filled<T: Clone>(count: u32, item: T) -> Result<Vec<T>, NoMemory> {
    made(count, || item.clone())
}

/// Returns `count` items, each of them made.
///
/// # Errors
///
/// [`NoMemory`].
pub(crate) fn made<T>(count: u32, item: impl FnMut() -> T) -> Result<Vec<T>, NoMemory> {
    let count = usize::try_from(count).map_err(|_| NoMemory)?;
    let mut items = Vec::new();
    items.try_reserve_exact(count).map_err(|_| NoMemory)?;
    items.resize_with(count, item);
    Ok(items)
}
