//! Calls that wait for time, or for each other.

use syscall::error::EINVAL;
use syscall::flag::{FUTEX_WAIT, FUTEX_WAKE};

use super::Caller;
use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::clock;
use crate::thread::Wait;

impl Kernel {
    pub(super) fn sys_yield(&mut self, caller: Caller) -> SysResult {
        self.return_to(caller.thread, Ok(0));
        self.preempt(false);
        Err(Halt::Gone)
    }

    pub(super) fn sys_sleep(&mut self, caller: Caller, address: u64) -> SysResult {
        let ns = self.read_timespec(caller.space, address)?;
        Err(Halt::Wait(Wait::Sleep, Some(clock::now_ns().saturating_add(ns))))
    }

    /// Waits for a word to change (until an absolute time), or wakes those who do. `lock` is the word
    /// once more if it is a lock that another thread of the caller's program holds.
    pub(super) fn sys_futex(
        &mut self,
        caller: Caller,
        address: u64,
        operation: usize,
        (value, timeout, lock): (u64, u64, u64),
    ) -> SysResult {
        match operation {
            FUTEX_WAIT => {
                let deadline_ns = match timeout {
                    0 => None,
                    timeout => Some(self.read_timespec(caller.space, timeout)?),
                };
                let word = (address, lock == address);
                self.futex_wait(caller.space, word, value as u32, deadline_ns)
            }
            FUTEX_WAKE => Ok(self.futex_wake(caller.space, address, value as usize)),
            _ => fail(EINVAL),
        }
    }
}
