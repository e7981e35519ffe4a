//! The logic of `zramctl`, `swapon`, `swapoff`, `zram-setup` and `free`: options, names, tables,
//! messages. They reach the system through a trait ([`system`]), so that tests on the host run
//! everything except the calls, which the programs under `bin/` implement.

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
