//! What of the in-tree system needs no machine: parsers and orders, tested on the host.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod areas;
pub mod cpio;
pub mod line;
pub mod order;
