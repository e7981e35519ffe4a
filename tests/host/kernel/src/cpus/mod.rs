//! CPU hotplug: `/scheme/cpu/events`, `/scheme/cpu/N/online`, and the machine's CPU slots.
//!
//! [`Cpus`] holds the existing CPUs and the transition in progress; `kernel-glue` decides the next
//! step of a transition, and this folder performs it. A CPU is started by whichever CPU leaves the
//! kernel next; a CPU that stops gives its threads away itself and parks. Threads that are pinned
//! to it run elsewhere meanwhile ([`crate::thread::scheduler`]), so the daemon's workers of an
//! offline CPU still finish their queues, and no new work goes there. [`files`] is what programs
//! see, [`events`] the subscribers, [`switch`] the requests for transitions, [`slots`] the
//! machine's requests.

mod events;
mod files;
mod refusal;
mod slots;
mod switch;

use alloc::vec::Vec;

use cpu_events::{CpuEvents, Work};
use syscall::error::EIO;

use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::machine::action::Action;
use crate::machine::apic;
use crate::machine::clock;
use crate::swap;
use crate::thread::wake::Urgency;
use crate::thread::{State, ThreadId};
use zram_abi::{CpuId, CpuSet};

use self::refusal::{Refusal, Why};

pub(crate) use self::files::{File, scheme_close, scheme_open, scheme_read, scheme_write};

/// Which CPUs there are, and the transition that is under way.
pub(crate) struct Cpus {
    /// CPUs that are there or may come.
    possible: CpuSet,
    /// CPUs that are there, online or not.
    present: CpuSet,
    /// The source of CPU events.
    events: CpuEvents,
    /// The event up to which those who read events were woken.
    told: u64,
    /// Who has to be started by some CPU.
    starting: Option<CpuId>,
    /// Who has to stop.
    stopping: Option<CpuId>,
    /// The last write that was refused, if none was taken since.
    refused: Option<Refusal>,
    /// What the machine asks for with its CPU slots.
    slots: slots::Slots,
}

/// What a thread waits for that a transition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A CPU event.
    Events,
    /// The end of another CPU transition.
    Turn,
    /// The end of its CPU transition; the bytes that it wrote.
    Transition(usize),
}

impl Wait {
    /// Returns whether the system call is executed again when the wait is over.
    pub(crate) fn restarts(self) -> bool {
        match self {
            Self::Events | Self::Turn => true,
            Self::Transition(_) => false,
        }
    }
}

impl Cpus {
    /// Returns the CPUs of a machine, of which those that are present are online.
    pub(crate) fn new(possible: CpuSet, present: CpuSet) -> Self {
        Self {
            possible,
            present,
            events: CpuEvents::new(present),
            told: 0,
            starting: None,
            stopping: None,
            refused: None,
            slots: slots::Slots::new(),
        }
    }

    /// Returns the CPUs that are there or may come.
    pub(crate) fn possible(&self) -> CpuSet {
        self.possible
    }
}

/// Does what the transition needs next, and wakes those who have something to read.
fn go_on(kernel: &mut Kernel, work: Option<Work>) {
    let sequence = kernel.cpus.events.sequence();
    if core::mem::replace(&mut kernel.cpus.told, sequence) != sequence {
        wake_all(kernel, Wait::Events);
    }
    match work {
        Some(Work::Start(cpu)) => kernel.cpus.starting = Some(cpu),
        Some(Work::Stop(cpu)) => {
            kernel.cpus.stopping = Some(cpu);
            if cpu != kernel.here {
                apic::send_reschedule(cpu);
            }
        }
        Some(Work::Finished(cpu, result)) => {
            if let Err(errno) = result {
                kernel.cpus.refused = Some(Refusal::new(cpu, Why::Ended(errno)));
            }
            finish(kernel, result);
        }
        None => {}
    }
}

/// Ends a transition: its requester is told, and the next may begin.
fn finish(kernel: &mut Kernel, result: Result<(), i32>) {
    kernel.cpus.slots.report(result.is_ok());
    for (thread, wait) in waiters(kernel) {
        if let Wait::Transition(size) = wait {
            kernel.complete(thread, result.map(|()| size).map_err(Errno));
            kernel.switch_to(thread);
        }
    }
    wake_all(kernel, Wait::Turn);
}

/// Returns the threads that wait for a transition, and for what.
fn waiters(kernel: &Kernel) -> Vec<(ThreadId, Wait)> {
    let threads = kernel.threads.iter();
    let waiting = threads.filter_map(|(id, thread)| match thread.state() {
        State::Waiting(crate::thread::Wait::Cpus(wait)) => Some((id, wait)),
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
pub(crate) fn arrived(kernel: &mut Kernel) {
    let cpu = kernel.here;
    let work = kernel.cpus.events.started(cpu);
    if kernel.cpus.events.online().contains(cpu) {
        kernel.open_cpu(kernel.here);
    }
    go_on(kernel, work);
}

/// This CPU was started and did not come.
pub(crate) fn missing(kernel: &mut Kernel, cpu: CpuId) {
    let work = kernel.cpus.events.not_started(cpu, EIO);
    go_on(kernel, work);
}

/// Returns what this CPU has to do for a transition: start another, or park.
///
/// Asked when this CPU has no shootdown to make, before it runs a thread.
pub(crate) fn next_action(kernel: &mut Kernel) -> Option<Action> {
    if let Some(cpu) = kernel.cpus.starting.take() {
        return Some(Action::Start { cpu });
    }
    if kernel.cpus.stopping == Some(kernel.here) {
        swap::cpu_leaves(kernel);
        // What that has to make others forget goes first, while this CPU counts as any other.
        if let Some(shootdown) = kernel.next_shootdown() {
            return Some(shootdown);
        }
        stop(kernel);
    }
    (!kernel.threads.online().contains(kernel.here)).then_some(Action::Park)
}

/// Gives all that this CPU has to do to others.
fn stop(kernel: &mut Kernel) {
    kernel.cpus.stopping = None;
    kernel.close_cpu();
    let work = kernel.cpus.events.stopped(kernel.here);
    go_on(kernel, work);
}

/// A tick of this CPU: ends waits for answers that do not come, and follows the machine's slots.
pub(crate) fn on_tick(kernel: &mut Kernel) {
    let work = kernel.cpus.events.tick(clock::now_ns());
    go_on(kernel, work);
    if kernel.threads.online().iter().next() == Some(kernel.here) {
        slots::on_tick(kernel);
    }
}
