//! The daemon's end of the queues: opening, the window, the next record, closing.

use swap_pager::Next;
use syscall::error::{EAGAIN, EBUSY, EINVAL, ENODEV, ENOENT, ENOMEM};
use zram_abi::record::{ENTRIES_MAX, RECORD_SIZE, Record};

use super::window::{Queue, Worker};
use super::{QueueId, Wait, pager, ports};
use crate::calls::{Buffer, Caller};
use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::clock;
use crate::machine::frames::Frame;
use crate::space::grants::{Kind, Rights};
use crate::space::map::{MAP_FIRST, MapRequest};
use crate::space::page;
use crate::thread::Resume;
use crate::thread::wake::Urgency;

/// Opens a queue for the process of the caller.
///
/// # Errors
///
/// ENOENT for a CPU that cannot be; EBUSY if it is open, or another process has queues open; ENODEV if the
/// pager has closed itself; ENOMEM.
pub(super) fn open(kernel: &mut Kernel, caller: Caller, queue: QueueId) -> SysResult<()> {
    if !kernel.cpus.possible().contains(queue.cpu) {
        return fail(ENOENT);
    }
    let is_other = kernel.swap.daemon.is_some_and(|daemon| daemon != caller.space);
    if is_other || kernel.swap.queue(queue).window.is_some() {
        return fail(EBUSY);
    }
    if pager::call(kernel, |pager, _| pager.broken_invariant().is_some()) {
        return fail(ENODEV);
    }
    let Some(window) = make_window(kernel) else { return fail(ENOMEM) };
    kernel.swap.queue_mut(queue).window = Some(window);
    if !pager::call(kernel, |pager, _| pager.queue_open(queue)) {
        free_window(kernel, queue);
        return fail(EBUSY);
    }
    kernel.swap.daemon = Some(caller.space);
    Ok(())
}

fn make_window(kernel: &mut Kernel) -> Option<[Frame; ENTRIES_MAX]> {
    let mut window = [const { None }; ENTRIES_MAX];
    for place in &mut window {
        *place = kernel.frames.allocate_zeroed();
    }
    if window.iter().all(Option::is_some) {
        return Some(window.map(|frame| frame.expect("all are there")));
    }
    window.into_iter().flatten().for_each(|frame| kernel.frames.put(frame));
    None
}

fn free_window(kernel: &mut Kernel, queue: QueueId) {
    let closed = core::mem::take(kernel.swap.queue_mut(queue));
    for frame in closed.window.into_iter().flatten() {
        kernel.frames.put(frame);
    }
}

/// Maps the window of a queue, all of it.
///
/// # Errors
///
/// EINVAL for another offset or size, ENOMEM, EEXIST; a wait or a kill when memory is missing.
pub(super) fn map(
    kernel: &mut Kernel,
    caller: Caller,
    queue: QueueId,
    request: MapRequest,
    offset: u64,
) -> SysResult {
    let Some(window) = kernel.swap.queue(queue).window else { return fail(ENODEV) };
    if offset != 0 || request.size != zram_abi::record::WINDOW_SIZE as u64 {
        return fail(EINVAL);
    }
    let span = kernel.choose_span(caller.space, request, MAP_FIRST)?;
    let rights = Rights { read: true, write: true, execute: false };
    if !kernel.insert_grant(caller.space, span, rights, Kind::Shared) {
        return fail(ENOMEM);
    }
    for (number, frame) in span.pages().zip(window) {
        if let Err(halt) = kernel.map_shared(caller.space, page(number), frame) {
            kernel.unmap_span(caller.space, span);
            return Err(halt);
        }
    }
    Ok(page(span.start).address() as usize)
}

/// Completes a record and gives the next one, or waits for it.
///
/// # Errors
///
/// EINVAL for what is no record or not the one that was taken, EBUSY if another thread waits,
/// ENODEV after the queue was revoked, EFAULT; else the wait.
pub(super) fn next(
    kernel: &mut Kernel,
    caller: Caller,
    queue: QueueId,
    payload: Buffer,
) -> SysResult {
    if payload.size != RECORD_SIZE {
        return fail(EINVAL);
    }
    if kernel.swap.queue(queue).worker.is_some() {
        return fail(EBUSY);
    }
    kernel.expect_writable(caller.space, payload.address, payload.size)?;
    let mut bytes = [0; RECORD_SIZE];
    kernel.read_user(caller.space, payload.address, &mut bytes)?;
    let Ok(completed) = Record::decode(&bytes) else { return fail(EINVAL) };
    let next = pager::call(kernel, |pager, machine| pager.queue_next(queue, &completed, machine));
    match next {
        Next::Record(record) => {
            kernel.write_user(caller.space, payload.address, &record.encode())?;
            Ok(0)
        }
        Next::Idle { run } => {
            let worker = Worker { thread: caller.thread, address: payload.address };
            kernel.swap.queue_mut(queue).worker = Some(worker);
            if let Some(thread) = run.and_then(|waiter| ports::waiting_thread(kernel, waiter)) {
                kernel.make_ready(thread, Urgency::Here);
                kernel.switch_to(thread);
            }
            Err(Halt::until(crate::thread::Wait::Swap(Wait::Queue(queue))))
        }
        Next::Closed => fail(ENODEV),
        Next::Invalid => fail(EINVAL),
    }
}

/// Hands this CPU to the daemon's `in` thread with an empty record, and comes back.
///
/// # Errors
///
/// EAGAIN if that thread is not idle or nothing is mounted; else the wait, after which the call is
/// executed again and knows from `Resume` when it began.
pub(super) fn probe(kernel: &mut Kernel, caller: Caller) -> SysResult {
    if let Resume::Transferred(began_ns) = kernel.threads[caller.thread].resume() {
        let took_ns = clock::now_ns().saturating_sub(began_ns as u64);
        pager::call(kernel, |pager, _| pager.probe_took(took_ns));
        return Ok(0);
    }
    let asking = ports::caller_of(kernel, caller.thread);
    let began_ns = clock::now_ns();
    let run = pager::call(kernel, |pager, machine| pager.probe(asking, machine));
    if run.is_none() {
        return fail(EAGAIN);
    }
    kernel.set_resume(caller.thread, Resume::Transferred(began_ns as usize));
    pager::note_hand_off(kernel, run);
    Err(Halt::until(crate::thread::Wait::Swap(Wait::Pager)))
}

/// The queue's file was closed.
pub(super) fn close(kernel: &mut Kernel, queue: QueueId) {
    pager::call(kernel, |pager, machine| pager.queue_closed(queue, machine));
    pager::dismiss(kernel, queue);
    free_window(kernel, queue);
    let is_open = |queue: &Queue| queue.window.is_some();
    if !kernel.swap.queues.iter().flatten().any(is_open) {
        kernel.swap.daemon = None;
        kernel.swap.is_pinned = false;
    }
}
