//! The kernel proper (placeholder until its parts are there): sleeps.

use crate::machine::action::{Action, Fault};
use crate::machine::boot::BootInfo;
use crate::machine::cpu_id::CpuId;

/// All state of the kernel; whoever has it mutably holds the kernel lock.
pub(crate) struct Kernel;

impl Kernel {
    /// Returns the kernel as it is when the machine is up.
    pub(crate) fn new(_boot: BootInfo) -> Self {
        Self
    }

    /// The thread of this CPU made a system call; its registers are saved.
    pub(crate) fn on_syscall(&mut self, _cpu: CpuId) {}

    /// The thread of this CPU had a page fault.
    pub(crate) fn on_fault(&mut self, _cpu: CpuId, _fault: Fault) {}

    /// The thread of this CPU had another exception.
    pub(crate) fn on_exception(&mut self, _cpu: CpuId, _vector: u8, _error: u64, _rip: u64) {}

    /// 4 ms have passed on this CPU.
    pub(crate) fn on_tick(&mut self, _cpu: CpuId) {}

    /// What the CPU waited for in `Action::Shootdown` is done.
    pub(crate) fn on_shootdown_done(&mut self, _cpu: CpuId) {}

    /// Returns what the CPU does next.
    pub(crate) fn next_action(&mut self, _cpu: CpuId) -> Action {
        Action::Idle
    }
}
