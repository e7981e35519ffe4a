//! The atomics of the slot table, which loom replaces under `--cfg loom`.
//!
//! The slot words and their number are the hand-written part of the concurrency: `tests/loom.rs`
//! runs the real engine with these atomics and a lock of loom's, and explores every interleaving.
//! Counters and the clock of the ages decide nothing and stay with `core`.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
