//! Test doubles that more than one package uses, each once; for the host only.
//!
//! Helpers that programs of the image use too, random numbers and archives, are in `host-core`; the
//! random numbers are repeated here, for packages that need nothing else of it.

pub mod allocator;
#[cfg(loom)]
pub mod lock;
pub mod pages;

pub use host_core::order::Random;
