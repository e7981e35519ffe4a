//! The atomics that threads synchronise by, which loom replaces under `--cfg loom`.
//!
//! `interleavings.rs` explores the code that uses them: the mailbox, the reply to the events
//! thread.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, Ordering};
