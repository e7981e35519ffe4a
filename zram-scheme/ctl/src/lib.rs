//! What `zramctl`, `swapon`, `swapoff`, `zram-setup` and `free` do: options, names, tables, words. What
//! they need of a system is a trait ([`system`]), so that tests on the host see all of it but the calls,
//! which the programs under `bin/` bring.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod areas;
pub mod conf;
pub mod device;
pub mod free;
pub mod listing;
pub mod options;
pub mod setup;
pub mod swapoff;
pub mod swapon;
pub mod system;
pub mod table;
pub mod top;
pub mod units;
pub mod zramctl;
