//! The platform of our freestanding programs: start-up, heap, descriptors, threads, schemes.
//!
//! A program says `#![no_std] #![no_main]` and `zram_rt::entry!(main);`. It is a static ELF for the
//! host target, linked without libc, that speaks Redox's system calls through `redox_syscall`; the
//! same file runs on the in-tree kernel and on a Redox kernel. Unsafe code of user space lives here
//! and nowhere else: what this crate offers to programs is safe, apart from functions over raw
//! memory.
//!
//! Neighbours: `zram-abi` says which descriptors a program finds; `daemon`, `ctl` and the programs under `tests`
//! are the programs. There is no thread-local storage, and no signal.

#![no_std]

extern crate alloc;

pub mod boot;
pub mod console;
mod context;
pub mod environment;
pub mod errno;
pub mod events;
pub mod fd;
mod foreign;
pub mod fs;
pub mod futex;
mod heap;
mod image;
mod mem;
pub mod memory;
mod panic;
pub mod process;
pub mod scheme;
mod start;
pub mod swap_queue;
pub mod thread;
pub mod time;

pub use environment::args;
pub use errno::{Error, Result};
pub use fd::Fd;
pub use heap::HeapSize;
pub use process::exit;
pub use start::Program;

/// Makes `main: fn() -> u8` the program's entry; what it returns is the exit code.
///
/// `heap` is a [`HeapSize`] for a program that needs another than the default.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        $crate::entry!($main, heap = $crate::HeapSize::DEFAULT);
    };
    ($main:path, heap = $size:expr) => {
        #[unsafe(no_mangle)]
        static ZRAM_RT_PROGRAM: $crate::Program = $crate::Program { main: $main, heap: $size };
    };
}
