//! Test doubles that more than one package uses, each once; for the host only.
//!
//! What programs of the image use as well, random numbers and archives, is in `host-core`; the numbers are
//! here again, for packages that need nothing else of it.

pub mod allocator;
#[cfg(loom)]
pub mod lock;
pub mod pages;

pub use host_core::order::Random;
