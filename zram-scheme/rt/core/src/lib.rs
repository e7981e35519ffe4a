//! The parts of the platform that need no machine, so that tests run them on the host: the heap
//! that grows, and calls that are made again.
//!
//! `zram-rt` defines a panic handler and an allocator and cannot be linked into a program of the host;
//! this crate can. It relies on nothing of the repository.

#![cfg_attr(not(test), no_std)]

mod growing;
mod interrupted;

pub use growing::{Growing, STEP_BYTES, Source};
pub use interrupted::again;
