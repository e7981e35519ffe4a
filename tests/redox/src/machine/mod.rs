//! The PC, and all that is unsafe: one CPU, interrupts off, virtual addresses equal to physical ones.

mod boot;
#[path = "../../../../zram-scheme/rt/src/mem.rs"]
#[expect(unsafe_code, reason = "the functions that compiled code calls, as programs have them")]
mod functions;
mod interrupts;
pub(crate) mod memory;
mod serial;
pub(crate) mod start_info;
pub(crate) mod statics;
