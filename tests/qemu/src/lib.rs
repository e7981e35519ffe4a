//! The harness: builds the image, runs it under QEMU and judges what it says.
//!
//! [`image`] builds kernel and programs and packs them with a sample of real pages ([`corpus`]);
//! [`machine`] starts QEMU, reads its serial line under time-outs and always ends it; [`judge`]
//! takes the figures out of what the guest printed; [`run`] is what tests say of a run; [`budget`] says beforehand how much fits. The
//! verbs of the Makefile are the binary's (`main.rs`), the facts proved are in `tests/`.
//!
//! It relies on cargo, on `qemu-system-x86_64` and on nothing else: no script language, no crate
//! that talks to QEMU.

#![forbid(unsafe_code)]

pub mod budget;
pub mod chart;
pub mod corpus;
pub mod image;
pub mod judge;
pub mod machine;
pub mod place;
pub mod run;

mod cpio;
