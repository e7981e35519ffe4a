//! The code that several programs of the image share: the sample of pages, options, statistics.
//!
//! The programs are in the folders beside this one: `loads` use memory, `probes` test from inside
//! the machine, `measure` prints figures. `sh` uses this crate too. Code that needs no system is in
//! `host-core`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod options;
pub mod sample;
pub mod statistics;
