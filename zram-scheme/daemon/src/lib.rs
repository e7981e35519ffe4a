//! `zramd`, the daemon that owns `zram:`: compressed pages behind files.
//!
//! A request comes from a client through the scheme's socket ([`scheme`]) or from the kernel's
//! pager through a swap queue ([`threads::queue`]). Reads, writes and statistics are answered by
//! the thread that received them; every request that changes devices goes as a message to one actor
//! ([`threads`], over `zram-lifecycle`), so that exit, reset, initialisation and CPU hotplug cannot
//! race. The page path takes no lock of the lifecycle: the open-count word of its device
//! (`devices`) keeps the actor out.
//!
//! This library makes no system call: it reaches the machine through [`platform`], which the
//! program in `main.rs` implements. So everything here runs in tests on the host. It relies on
//! `zram-abi` for what the kernel and people see, on `zram` for the pages and on `hotplug` for
//! CPUs.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, deny(unsafe_code))]

extern crate alloc;

mod attributes;
mod coarse_clock;
pub mod daemon;
mod data;
mod devices;
mod errno;
pub mod log_buffer;
mod notes;
pub mod numbers;
pub mod platform;
pub mod scheme;
mod sync;
mod text;
pub mod threads;
pub mod words;

#[cfg(test)]
mod fake;
#[cfg(test)]
#[cfg(loom)]
mod interleavings;
