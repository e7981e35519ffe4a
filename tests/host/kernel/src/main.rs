//! The in-tree kernel: just enough microkernel to run zram and its pager honestly, under QEMU.
//!
//! `machine` is the x86-64 PC and all `unsafe`; `kernel` and its neighbours are the kernel proper:
//! one struct, event-driven, never preempted, called by `machine` under one lock. `calls` decodes
//! system calls, `files` and `scheme` are what descriptors lead to, `space` is memory, `thread` is
//! scheduling, `events` is events of files, `swap` connects the pager of `kernel-glue`, `cpus` its
//! CPU events.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod calls;
mod cpus;
mod errno;
mod events;
mod files;
mod futex;
mod heap_sum;
mod init;
mod kernel;
mod machine;
mod scheme;
mod space;
mod swap;
mod text;
mod thread;

// What of the kernel needs no machine, and is tested on the host.
use host_core::{limits, slab};
