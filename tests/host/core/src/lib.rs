//! What of the in-tree system needs no machine: parsers and orders, tested on the host.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod complete;
pub mod cpio;
pub mod editor;
pub mod guide;
pub mod line;
pub mod order;
