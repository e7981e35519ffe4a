//! CPUs that come and go: `/scheme/cpu/events`, `/scheme/cpu/N/online`, and the machine's CPU slots.
//!
//! What is under way is decided by `kernel-glue`; here it is done. A CPU is started by whichever CPU
//! leaves the kernel next; a CPU that stops gives its threads away itself and parks. Threads that are
//! pinned to it run elsewhere meanwhile ([`crate::thread::scheduler`]), so the daemon's workers of an
//! offline CPU still finish what is in their queues, and nothing new goes there.

use alloc::vec::Vec;

use cpu_events::{Busy, CpuEvents, Stale, Subscriber, Wanted, Work};
use syscall::error::{EAGAIN, EBUSY, EINVAL, EIO, EMFILE, ENODEV, ENOENT, ESTALE};
use syscall::flag::O_NONBLOCK;
use zram_abi::cpu_event::{Answer, EVENT_SIZE};

use super::{Wait, pager};
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::action::Action;
use crate::machine::cpu_id::CpuId;
use crate::machine::cpu_slots::{self, SlotEvent, SlotKind};
use crate::machine::{apic, clock, sci};
use crate::thread::wake::Urgency;
use crate::thread::{State, ThreadId};

/// Ticks (of 4 ms) between two looks at the machine's CPU slots, if no interrupt asks for one.
const SLOTS_TICKS: u32 = 64;

/// Most bytes of a number that is written.
const SWITCH_MAX: usize = 8;

/// What the kernel keeps of transitions.
pub(super) struct Cpus {
    /// Made when first asked for, once the CPUs are known.
    events: Option<CpuEvents>,
    /// The event up to which those who read events were woken.
    told: u64,
    /// Who has to be started by some CPU.
    starting: Option<CpuId>,
    /// Who has to stop.
    stopping: Option<CpuId>,
    /// The slot that the transition under way is for.
    slot: Option<SlotEvent>,
    /// Ticks since the last look at the slots.
    ticks: u32,
}

impl Cpus {
    pub(super) const fn new() -> Self {
        Self { events: None, told: 0, starting: None, stopping: None, slot: None, ticks: 0 }
    }
}

fn events(kernel: &mut Kernel) -> &mut CpuEvents {
    let online = kernel.scheduler.online();
    kernel.swap.cpus.events.get_or_insert_with(|| {
        let online =
            online.iter().map(portable).fold(hotplug::CpuSet::EMPTY, hotplug::CpuSet::with);
        CpuEvents::new(online)
    })
}

fn portable(cpu: CpuId) -> hotplug::CpuId {
    hotplug::CpuId::new(cpu.index() as u32).expect("a machine has fewer CPUs than a mask bits")
}

fn own(cpu: hotplug::CpuId) -> CpuId {
    CpuId::new(cpu.index()).expect("transitions are of CPUs of this machine")
}

/// Begins to listen.
///
/// # Errors
///
/// EMFILE when too many do.
pub(super) fn open(kernel: &mut Kernel) -> SysResult<Subscriber> {
    events(kernel).open().ok_or(Halt::Fail(Errno(EMFILE)))
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
    (buffer, flags): (Buffer, usize),
) -> SysResult {
    if buffer.size < EVENT_SIZE {
        return fail(EINVAL);
    }
    kernel.expect_writable(caller.space, buffer.address, EVENT_SIZE)?;
    let Some(event) = events(kernel).read(subscriber) else {
        let wait = Halt::until(crate::thread::Wait::Swap(Wait::Events));
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
    match events(kernel).answer(subscriber, answer) {
        Ok(work) => {
            go_on(kernel, work);
            Ok(EVENT_SIZE)
        }
        Err(Stale) => fail(ESTALE),
    }
}

/// Ends listening.
pub(super) fn close(kernel: &mut Kernel, subscriber: Subscriber) {
    let work = events(kernel).close(subscriber);
    go_on(kernel, work);
}

/// Returns the CPU that a path begins with, and the rest of the path.
///
/// # Errors
///
/// ENOENT if it begins with none that is possible.
pub(super) fn named<'a>(kernel: &Kernel, path: &'a str) -> SysResult<(CpuId, &'a str)> {
    let (number, rest) = path.split_once('/').unwrap_or((path, ""));
    let cpu = number.parse().ok().and_then(CpuId::new);
    let cpu = cpu.filter(|&cpu| kernel.possible.contains(cpu));
    cpu.map(|cpu| (cpu, rest)).ok_or(Halt::Fail(Errno(ENOENT)))
}

/// Takes a CPU online or offline, as is written, and waits until it is there.
///
/// # Errors
///
/// EINVAL for anything but 0 and 1, ENODEV for a CPU that is not there, EBUSY for the one that cannot
/// go; what refused it, such as ENOMEM of a daemon that has no memory for it, ETIMEDOUT of one that
/// does not answer, EIO of a machine that does not start it. Waits while another CPU is on its way.
pub(super) fn switch(kernel: &mut Kernel, caller: Caller, cpu: CpuId, buffer: Buffer) -> SysResult {
    let mut bytes = [0; SWITCH_MAX];
    let Some(bytes) = bytes.get_mut(..buffer.size) else { return fail(EINVAL) };
    kernel.read_user(caller.space, buffer.address, bytes)?;
    let wanted = match bytes.trim_ascii() {
        b"0" => Wanted::Offline,
        b"1" => Wanted::Online,
        _ => return fail(EINVAL),
    };
    if !kernel.present.contains(cpu) {
        return fail(ENODEV);
    }
    if cpu == CpuId::BOOT && wanted == Wanted::Offline {
        return fail(EBUSY);
    }
    match events(kernel).begin(portable(cpu), wanted, clock::now_ns()) {
        Err(Busy) => Err(Halt::until(crate::thread::Wait::Swap(Wait::Turn))),
        Ok(Some(Work::Finished(_, Ok(())))) => Ok(buffer.size),
        Ok(Some(Work::Finished(_, Err(errno)))) => fail(errno),
        Ok(work) => {
            go_on(kernel, work);
            Err(Halt::until(crate::thread::Wait::Swap(Wait::Transition(buffer.size))))
        }
    }
}

/// Does what the transition needs next, and wakes those who have something to read.
fn go_on(kernel: &mut Kernel, work: Option<Work>) {
    let sequence = events(kernel).sequence();
    if core::mem::replace(&mut kernel.swap.cpus.told, sequence) != sequence {
        wake_all(kernel, Wait::Events);
    }
    match work {
        Some(Work::Start(cpu)) => kernel.swap.cpus.starting = Some(own(cpu)),
        Some(Work::Stop(cpu)) => {
            kernel.swap.cpus.stopping = Some(own(cpu));
            if own(cpu) != kernel.here {
                apic::send_reschedule(own(cpu));
            }
        }
        Some(Work::Finished(_, result)) => finish(kernel, result),
        None => {}
    }
}

/// Ends a transition: whoever wanted it is told, and the next may begin.
fn finish(kernel: &mut Kernel, result: Result<(), i32>) {
    if let Some(slot) = kernel.swap.cpus.slot.take() {
        cpu_slots::report(slot, result.is_ok());
    }
    for (thread, wait) in waiters(kernel) {
        if let Wait::Transition(size) = wait {
            kernel.complete(thread, result.map(|()| size).map_err(Errno));
            kernel.switch_to(thread);
        }
    }
    wake_all(kernel, Wait::Turn);
}

/// Returns the threads that wait for something of the pager's or of transitions, and for what.
fn waiters(kernel: &Kernel) -> Vec<(ThreadId, Wait)> {
    let threads = kernel.threads.iter();
    let waiting = threads.filter_map(|(id, thread)| match thread.state {
        State::Waiting(crate::thread::Wait::Swap(wait)) => Some((id, wait)),
        State::Waiting(_)
        | State::NotStarted
        | State::Ready(_)
        | State::Running(_)
        | State::Dead => None,
    });
    waiting.collect()
}

/// Lets those who wait for this execute their system call again, here and soon.
fn wake_all(kernel: &mut Kernel, wanted: Wait) {
    for (thread, wait) in waiters(kernel) {
        if wait == wanted {
            kernel.make_ready(thread, Urgency::Here);
            kernel.switch_to(thread);
        }
    }
}

/// This CPU has come into the kernel. One that is not to take work parks again.
pub(crate) fn cpu_arrived(kernel: &mut Kernel) {
    let cpu = portable(kernel.here);
    let work = events(kernel).started(cpu);
    if events(kernel).online().contains(cpu) {
        kernel.open_cpu(kernel.here);
    }
    go_on(kernel, work);
}

/// This CPU was started and did not come.
pub(crate) fn cpu_missing(kernel: &mut Kernel, cpu: CpuId) {
    let work = events(kernel).not_started(portable(cpu), EIO);
    go_on(kernel, work);
}

/// Returns what this CPU has to do for a transition: start another, or park.
///
/// Asked when this CPU has no shootdown to make, before it runs a thread.
pub(crate) fn next_cpu_action(kernel: &mut Kernel) -> Option<Action> {
    if let Some(cpu) = kernel.swap.cpus.starting.take() {
        return Some(Action::Start { cpu });
    }
    if kernel.swap.cpus.stopping == Some(kernel.here) {
        // Left over if its thread did not wait in the end; no tick will come to do it.
        pager::hand_off(kernel);
        // What that has to make others forget goes first, while this CPU counts as any other.
        if let Some(shootdown) = kernel.next_shootdown() {
            return Some(shootdown);
        }
        stop(kernel);
    }
    (!kernel.scheduler.online().contains(kernel.here)).then_some(Action::Park)
}

/// Gives all that this CPU has to do to others.
fn stop(kernel: &mut Kernel) {
    kernel.swap.cpus.stopping = None;
    kernel.close_cpu();
    let cpu = portable(kernel.here);
    let work = events(kernel).stopped(cpu);
    go_on(kernel, work);
}

/// A tick: ends waits for answers that do not come, and follows the machine's slots.
pub(super) fn tick(kernel: &mut Kernel) {
    let work = events(kernel).tick(clock::now_ns());
    go_on(kernel, work);
    if kernel.scheduler.online().iter().next() != Some(kernel.here) {
        return;
    }
    kernel.swap.cpus.ticks += 1;
    let is_time = kernel.swap.cpus.ticks >= SLOTS_TICKS;
    if events(kernel).is_settled() && (sci::take_due() || is_time) {
        kernel.swap.cpus.ticks = 0;
        follow_slots(kernel);
    }
}

/// Begins the transition that the machine wants, if it wants one.
fn follow_slots(kernel: &mut Kernel) {
    let Some(event) = cpu_slots::take_event() else { return };
    let wanted = match event.kind {
        SlotKind::Inserted => {
            kernel.present.insert(event.cpu);
            Wanted::Online
        }
        SlotKind::RemoveWanted if event.cpu == CpuId::BOOT => {
            cpu_slots::report(event, false);
            return;
        }
        SlotKind::RemoveWanted => Wanted::Offline,
    };
    kernel.swap.cpus.slot = Some(event);
    let work = events(kernel).begin(portable(event.cpu), wanted, clock::now_ns());
    go_on(kernel, work.expect("no transition was under way"));
}
