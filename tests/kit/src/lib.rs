//! Test doubles that more than one package uses, each once; for the host only.
//!
//! What programs of the image use as well, random numbers and archives, is in `host-core`.

pub mod allocator;
