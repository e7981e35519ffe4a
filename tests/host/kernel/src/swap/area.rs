//! Mounting and unmounting: `swapon` and `swapoff`.
//!
//! `swapon` passes an open device file. The kernel asks the device who it is (SWAP_ATTACH), while
//! the caller waits; then it pins the daemon's address space, so that serving swap never needs what
//! is swapped, and adds the area. The device file stays open until `swapoff` has brought everything
//! back, so that the daemon refuses to reset or remove the device meanwhile.

use alloc::vec::Vec;

use swap_pager::{Resize, STUCK_NS, SwapOff, files};
use syscall::error::{EBUSY, EINVAL, ENODEV, ENOMEM};
use syscall::schemev2::Opcode;
use zram_abi::verb::{Cookie, SWAP_ATTACH};

use super::{Token, Wait, pager, ports, release_all};
use crate::calls::Caller;
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::{Description, Object};
use crate::kernel::Kernel;
use crate::machine::clock;
use crate::scheme::user::request::{Question, Then};
use crate::slab::Id;
use crate::space::SpaceId;
use crate::thread::ThreadId;

/// A swapon that waits for its device's answer.
pub(super) struct Attaching {
    /// Who waits.
    caller: ThreadId,
    device: Id<Description>,
    priority: i64,
}

/// What an empty payload has for an address.
const NOWHERE: u64 = 1 << 63;

/// Mounts a device; its description is released if that fails.
///
/// # Errors
///
/// ENODEV without a daemon, EINVAL for anything but one file of the daemon's scheme, EBUSY while
/// another swapon waits; else the wait, which ends with ETIMEDOUT if the device does not answer as soon
/// as a record has to be.
pub(super) fn swapon(
    kernel: &mut Kernel,
    caller: Caller,
    mut passed: Vec<Id<Description>>,
    priority: i64,
) -> SysResult {
    let asked = ask_device(kernel, &passed);
    match asked {
        Ok(()) => {
            let device = passed.pop().expect("exactly one was passed");
            kernel.swap.attaching = Some(Attaching { caller: caller.thread, device, priority });
            let deadline_ns = clock::now_ns().saturating_add(STUCK_NS);
            Err(Halt::Wait(crate::thread::Wait::Swap(Wait::Attach), Some(deadline_ns)))
        }
        Err(halt) => {
            release_all(kernel, passed);
            Err(halt)
        }
    }
}

fn ask_device(kernel: &mut Kernel, passed: &[Id<Description>]) -> SysResult<()> {
    let Some(daemon) = kernel.swap.daemon else { return fail(ENODEV) };
    if kernel.swap.attaching.is_some() {
        return fail(EBUSY);
    }
    let &[device] = passed else { return fail(EINVAL) };
    let Object::User { scheme, number } = *kernel.descriptions[device].object() else {
        return fail(EINVAL);
    };
    if kernel.schemes.get(scheme).is_none_or(|found| found.space != daemon) {
        return fail(EINVAL);
    }
    let args = [number, NOWHERE, 0, SWAP_ATTACH, 0, 0];
    let then = Then::Swap(Token::Attach(device));
    kernel.ask_for_pager(scheme, Question { opcode: Opcode::Call, args, then })
}

/// Who waited for the device's answer was killed, or has waited long enough. Its file is closed, so that
/// the next swapon need not wait for an answer that may never come.
pub(super) fn abandon(kernel: &mut Kernel) {
    if let Some(Attaching { device, .. }) = kernel.swap.attaching.take() {
        kernel.release(device);
    }
}

/// A device has answered; does nothing if no thread waits for the answer any more.
pub(super) fn attached(
    kernel: &mut Kernel,
    answered: Id<Description>,
    result: Result<usize, Errno>,
) {
    let is_awaited = |attaching: &mut Attaching| attaching.device == answered;
    let Some(attaching) = kernel.swap.attaching.take_if(is_awaited) else { return };
    let Attaching { caller, device, priority } = attaching;
    let mounted = result.and_then(|word| mount(kernel, word as u64, device, priority));
    if mounted.is_err() {
        kernel.release(device);
    }
    kernel.complete(caller, mounted);
}

fn mount(
    kernel: &mut Kernel,
    word: u64,
    device: Id<Description>,
    priority: i64,
) -> Result<usize, Errno> {
    let cookie = Cookie::unpack(word).ok_or(Errno(EINVAL))?;
    let daemon = kernel.swap.daemon.ok_or(Errno(ENODEV))?;
    pin(kernel, daemon)?;
    match pager::call(kernel, |pager, _| pager.swapon(cookie, priority)) {
        Ok(area) => {
            let place = &mut kernel.swap.devices[usize::from(area.0)];
            // That of a dead area, which has made room.
            let before = place.replace((cookie.device, device));
            if let Some((_, before)) = before {
                kernel.release(before);
            }
            Ok(usize::from(area.0))
        }
        Err(error) => {
            unpin_unused(kernel);
            let files::Errno(errno) = error.into();
            Err(Errno(errno))
        }
    }
}

/// Makes every page of the daemon present, and keeps it so.
fn pin(kernel: &mut Kernel, daemon: SpaceId) -> Result<(), Errno> {
    if kernel.swap.is_pinned {
        return Ok(());
    }
    kernel.swap.is_pinned = true;
    for (span, _) in kernel.spaces[daemon].grants().all() {
        if kernel.populate(daemon, span.start, span.count).is_err() {
            kernel.swap.is_pinned = false;
            return Err(Errno(ENOMEM));
        }
    }
    Ok(())
}

/// The daemon's memory need not be present once nothing is mounted.
fn unpin_unused(kernel: &mut Kernel) {
    let is_used = pager::call(kernel, |pager, _| pager.areas().next().is_some());
    kernel.swap.is_pinned = is_used && kernel.swap.daemon.is_some();
}

/// Brings the pages of a device back and forgets it; the call is executed again and again.
///
/// # Errors
///
/// EINVAL, ENOMEM, EBUSY; else the wait.
pub(super) fn swapoff(kernel: &mut Kernel, caller: Caller, device: u16) -> SysResult {
    let asking = ports::caller_of(kernel, caller.thread);
    let answer = pager::call(kernel, |pager, machine| pager.swapoff(device, asking, machine));
    if answer == SwapOff::Done {
        close_device(kernel, device);
    }
    go_on(kernel, caller, answer)
}

/// Gives the area of a device another size; executed again and again while slots are given up.
///
/// # Errors
///
/// EINVAL, ENOMEM, EBUSY; else the wait.
pub(super) fn resize(kernel: &mut Kernel, caller: Caller, resize: Resize) -> SysResult {
    let asking = ports::caller_of(kernel, caller.thread);
    let answer = pager::call(kernel, |pager, machine| pager.resize(resize, asking, machine));
    go_on(kernel, caller, answer)
}

/// Ends the call of who gives up slots, or lets it wait.
fn go_on(kernel: &mut Kernel, caller: Caller, answer: SwapOff) -> SysResult {
    if let SwapOff::Wait { run } = answer {
        kernel.swap.unmounting = Some(caller.thread);
        pager::note_hand_off(kernel, run);
        return Err(Halt::until(crate::thread::Wait::Swap(Wait::Pager)));
    }
    if kernel.swap.unmounting == Some(caller.thread) {
        kernel.swap.unmounting = None;
    }
    match answer {
        SwapOff::Done | SwapOff::Wait { .. } => Ok(0),
        SwapOff::Failed(error) => Err(files::Errno::from(error).into()),
    }
}

fn close_device(kernel: &mut Kernel, device: u16) {
    for index in 0..kernel.swap.devices.len() {
        if kernel.swap.devices[index].is_some_and(|(mounted, _)| mounted == device)
            && let Some((_, description)) = kernel.swap.devices[index].take()
        {
            kernel.release(description);
        }
    }
    unpin_unused(kernel);
}
