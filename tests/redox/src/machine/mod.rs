//! The PC, and all `unsafe` code: one CPU, interrupts off, virtual addresses equal to physical
//! ones.

mod boot;
mod interrupts;
pub(crate) mod memory;
mod serial;
pub(crate) mod start_info;
pub(crate) mod statics;

use zram_rt_mem as _;
