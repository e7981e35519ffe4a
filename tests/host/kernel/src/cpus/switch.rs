//! The switch of a CPU, `N/online`, and other requests for a CPU transition.

use cpu_events::{Busy, Wanted, Work};
use syscall::error::{EBUSY, EINVAL, ENODEV};

use super::refusal::{Refusal, Why};
use super::{Wait, go_on};
use crate::calls::{Buffer, Caller};
use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::clock;
use zram_abi::CpuId;

/// Most bytes of a number that is written.
const SWITCH_MAX: usize = 8;

/// Takes a CPU online or offline, as is written, and waits until it is there.
///
/// # Errors
///
/// EINVAL for anything but 0 and 1, ENODEV for a CPU that is not there, EBUSY for the one that cannot
/// go; what refused it, such as ENOMEM of a daemon that has no memory for it, ETIMEDOUT of one that
/// does not answer, EIO of a machine that does not start it. `N/last_error` has each in words. Waits while
/// another CPU is on its way.
pub(super) fn write(kernel: &mut Kernel, caller: Caller, cpu: CpuId, buffer: Buffer) -> SysResult {
    kernel.cpus.refused = None;
    let mut bytes = [0; SWITCH_MAX];
    let Some(bytes) = bytes.get_mut(..buffer.size) else {
        return refuse(kernel, cpu, Why::NotASwitch, EINVAL);
    };
    kernel.read_user(caller.space, buffer.address, bytes)?;
    let wanted = match bytes.trim_ascii() {
        b"0" => Wanted::Offline,
        b"1" => Wanted::Online,
        _ => return refuse(kernel, cpu, Why::NotASwitch, EINVAL),
    };
    if !kernel.cpus.present.contains(cpu) {
        return refuse(kernel, cpu, Why::NotPresent, ENODEV);
    }
    if cpu == CpuId::BOOT && wanted == Wanted::Offline {
        return refuse(kernel, cpu, Why::First, EBUSY);
    }
    match kernel.cpus.events.begin(cpu, wanted, clock::now_ns()) {
        Err(Busy) => Err(Halt::until(crate::thread::Wait::Cpus(Wait::Turn))),
        Ok(Some(Work::Finished(_, Ok(())))) => Ok(buffer.size),
        Ok(Some(Work::Finished(_, Err(errno)))) => refuse(kernel, cpu, Why::Ended(errno), errno),
        Ok(work) => {
            go_on(kernel, work);
            Err(Halt::until(crate::thread::Wait::Cpus(Wait::Transition(buffer.size))))
        }
    }
}

/// Refuses the write, and notes why.
fn refuse(kernel: &mut Kernel, cpu: CpuId, why: Why, errno: i32) -> SysResult {
    kernel.cpus.refused = Some(Refusal::new(cpu, why));
    fail(errno)
}
