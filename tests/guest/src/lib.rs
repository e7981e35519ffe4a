//! What several programs of the image share: the sample of pages, swap areas, orders, options,
//! statistics.
//!
//! The programs are `init` and `sh` (the system), `memhog`, `report` and `bench` (the figures),
//! `pages`, `attributes`, `platform`, `hostile` and `mute` (tests that run in the machine). They rely
//! on `zram-rt` only.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod areas;
pub mod options;
pub mod order;
pub mod sample;
pub mod statistics;
