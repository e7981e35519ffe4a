//! The parts of the in-tree system that need no machine, tested on the host: the parsers of its
//! programs, and the tables, run queues and limits of its kernel.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod complete;
pub mod cpio;
pub mod editor;
pub mod events;
pub mod grants;
pub mod guide;
pub mod limits;
pub mod line;
pub mod order;
pub mod refusal;
pub mod scheduler;
pub mod slab;
