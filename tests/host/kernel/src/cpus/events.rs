//! Listening to CPU events: opening, reading, answering and closing `events`.

use cpu_events::{Stale, Subscriber};
use syscall::error::{EAGAIN, EINVAL, EMFILE, ESTALE};
use syscall::flag::O_NONBLOCK;
use zram_abi::cpu_event::{Answer, EVENT_SIZE};

use super::{Wait, go_on};
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::kernel::Kernel;

/// Begins to listen.
///
/// # Errors
///
/// EMFILE when too many do.
pub(super) fn open(kernel: &mut Kernel) -> SysResult<Subscriber> {
    kernel.cpus.events.open().ok_or(Halt::Fail(Errno(EMFILE)))
}

/// Reads one event, waiting for it.
///
/// # Errors
///
/// EINVAL for a buffer that is too small, EAGAIN, EFAULT; else the wait.
pub(super) fn read(
    kernel: &mut Kernel,
    caller: Caller,
    subscriber: Subscriber,
    buffer: Buffer,
    flags: usize,
) -> SysResult {
    if buffer.size < EVENT_SIZE {
        return fail(EINVAL);
    }
    kernel.expect_writable(caller.space, buffer.address, EVENT_SIZE)?;
    let Some(event) = kernel.cpus.events.read(subscriber) else {
        let wait = Halt::until(crate::thread::Wait::Cpus(Wait::Events));
        return if flags & O_NONBLOCK != 0 { fail(EAGAIN) } else { Err(wait) };
    };
    kernel.write_user(caller.space, buffer.address, &event.encode())?;
    Ok(EVENT_SIZE)
}

/// Takes an answer.
///
/// # Errors
///
/// EINVAL if it is none, ESTALE if no event waits for it, EFAULT.
pub(super) fn write(
    kernel: &mut Kernel,
    caller: Caller,
    subscriber: Subscriber,
    buffer: Buffer,
) -> SysResult {
    if buffer.size != EVENT_SIZE {
        return fail(EINVAL);
    }
    let mut bytes = [0; EVENT_SIZE];
    kernel.read_user(caller.space, buffer.address, &mut bytes)?;
    let Some(answer) = Answer::decode(bytes) else { return fail(EINVAL) };
    match kernel.cpus.events.answer(subscriber, answer) {
        Ok(work) => {
            go_on(kernel, work);
            Ok(EVENT_SIZE)
        }
        Err(Stale) => fail(ESTALE),
    }
}

/// Ends listening.
pub(super) fn close(kernel: &mut Kernel, subscriber: Subscriber) {
    let work = kernel.cpus.events.close(subscriber);
    go_on(kernel, work);
}
