//! The interface between the two sides of `zram:`, as bytes and names.
//!
//! The pager (in the kernel) and the daemon (in user space) share nothing but this crate: queue
//! records, verbs of `SYS_CALL`, attribute names, CPU events and the layout of the first program's
//! start-up page. Every multi-byte number is little endian. Tests hold golden bytes, so that an
//! accidental change of the layout fails here first; an intended change raises [`record::VERSION`].
//!
//! It relies on `hotplug` for CPUs and their transitions, re-exports these names, and knows neither
//! the kernel nor the engine.

#![no_std]
#![forbid(unsafe_code)]

pub mod attribute;
pub mod boot;
pub mod cpu_event;
pub mod error;
pub mod queue;
pub mod record;
pub mod size;
pub mod verb;

pub use hotplug::{CpuId, CpuSet, Stage};

/// Bytes of a page, the unit of everything here.
pub const PAGE_SIZE: usize = 4096;
