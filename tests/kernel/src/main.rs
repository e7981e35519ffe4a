//! The in-tree kernel: just enough microkernel to run zram and its pager honestly, under QEMU.
//!
//! `machine` is the x86-64 PC and all `unsafe`; `kernel` and its neighbours are the kernel proper:
//! one struct, event-driven, never preempted, called by `machine` under one lock.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod kernel;
mod machine;
