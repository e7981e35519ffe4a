//! The machine under the kernel: everything that needs `unsafe` or knows the x86-64 PC.
//!
//! `boot` starts the machine, `entry` has every way in and out, `frames` and `paging` give out
//! memory. They call the kernel proper with the kernel lock held (`action`); it is safe Rust.

mod acpi;
pub(crate) mod action;
pub(crate) mod apic;
pub(crate) mod boot;
pub(crate) mod clock;
mod content;
mod cpu;
mod cpu_bits;
pub(crate) mod cpu_slots;
mod descriptors;
mod entry;
pub(crate) mod frames;
pub(crate) mod heap;
pub(crate) mod initrd;
mod lock;
mod memory_map;
pub(crate) mod paging;
mod panic;
mod physical;
pub(crate) mod power;
mod pte;
pub(crate) mod regs;
pub(crate) mod sci;
pub(crate) mod serial;
mod shootdown;
pub(crate) mod smp;
mod stack;
mod start_info;

use zram_rt_mem as _;
