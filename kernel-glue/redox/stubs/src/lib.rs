//! Signatures of the Redox kernel that the binding uses, so that `make check` type-checks it.
//!
//! Names and types are those of that kernel, written down for this repository; there are no bodies.
//! The binding is compiled here as that kernel compiles it, as a module of the crate's root.

#![no_std]
#![expect(
    missing_docs,
    dead_code,
    clippy::unimplemented,
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    clippy::new_without_default,
    reason = "another kernel's names, described there"
)]

extern crate alloc;
// The crate of page tables, whose names are in `memory` here.
extern crate self as rmm;

macro_rules! println {
    ($($argument:tt)*) => {
        crate::log(format_args!($($argument)*))
    };
}

pub mod context;
pub mod cpu_set;
pub mod memory;
pub mod percpu;

pub mod scheme;
#[path = "../../binding/mod.rs"]
pub mod swap;
pub mod sync;
pub mod syscall;
pub mod time;

pub use memory::{FrameAllocator, PageEntry, PageTable};

pub const USER_END_OFFSET: usize = 1 << 47;

fn log(_line: core::fmt::Arguments<'_>) {}

pub fn cpu_id() -> cpu_set::LogicalCpuId {
    unimplemented!()
}

pub fn cpu_count() -> u32 {
    unimplemented!()
}
