//! The harness: builds the image, runs it under QEMU and judges its output.
//!
//! [`image`] builds kernel and programs and packs them with a sample of real pages ([`corpus`]);
//! [`machine`] starts QEMU, reads its serial line under time-outs and always ends it; [`judge`]
//! reads the figures from the guest's output; [`run`] has the assertions of tests about a run;
//! [`budget`] estimates how much fits. The verbs of the Makefile are the binary's (`main.rs`), the
//! facts proved are in `tests/`.
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
