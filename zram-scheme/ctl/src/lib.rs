//! What of `zramctl`, `swapon`, `swapoff`, `free` and the boot configuration needs no machine: options,
//! names, tables. The programs bring files and calls, and tests on the host the rest.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod areas;
pub mod device;
pub mod free;
pub mod options;
pub mod table;
pub mod units;
