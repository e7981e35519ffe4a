//! Calls that wait for time, or for each other.

use syscall::error::EINVAL;
use syscall::flag::{FUTEX_WAIT, FUTEX_WAKE};

use super::{Caller, FutexCall};
use crate::errno::{Halt, SysResult, fail};
use crate::futex::FutexKey;
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

    /// Waits for a word to change (until an absolute time), or wakes those who do.
    pub(super) fn sys_futex(
        &mut self,
        caller: Caller,
        operation: usize,
        call: FutexCall,
    ) -> SysResult {
        let FutexCall { address, value, timeout, lock } = call;
        let key = FutexKey::new(caller.space, address);
        match operation {
            FUTEX_WAIT => {
                let deadline_ns = match timeout {
                    0 => None,
                    timeout => Some(self.read_timespec(caller.space, timeout)?),
                };
                let wait = if lock == address { Wait::Lock(key) } else { Wait::Futex(key) };
                self.futex_wait(key, wait, value as u32, deadline_ns)
            }
            FUTEX_WAKE => Ok(self.futex_wake(key, value as usize)),
            _ => fail(EINVAL),
        }
    }
}
