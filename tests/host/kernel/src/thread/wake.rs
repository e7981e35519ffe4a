//! Blocking, waking, deadlines, and the choice of a CPU's next action.
//!
//! All changes of a thread's [`State`] between ready, running and waiting are made here. The code
//! that completes a wait first removes the thread from the list that it waited in; a deadline that
//! passes, or a kill, does that through [`Kernel::cancel_wait`].

use syscall::error::ETIMEDOUT;

use super::scheduler::Candidate;
use super::{State, ThreadId, Wait};
use crate::errno::{Errno, Halt, SysResult, encode};
use crate::kernel::Kernel;
use crate::machine::{apic, clock};
use crate::swap;
use zram_abi::CpuId;

/// Who may run a thread that wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// This CPU, soon: its current thread is about to wait, or the woken one goes before it.
    Here,
    /// Whichever CPU is idle; it is told so at once.
    Anywhere,
}

impl Kernel {
    /// Returns the thread that this CPU runs, while one of its system calls or faults is handled.
    pub(crate) fn current(&self) -> ThreadId {
        self.current_thread().expect("a program's entry has a current thread")
    }

    /// Returns the thread that this CPU ran when it entered the kernel, unless it has left it since;
    /// it may have ended.
    pub(crate) fn current_thread(&self) -> Option<ThreadId> {
        self.threads.current[self.here.index()]
    }

    fn candidate(&self, thread: ThreadId) -> Candidate<ThreadId> {
        let found = &self.threads[thread];
        Candidate { thread, priority: self.priority_of(thread), affinity: found.affinity }
    }

    /// Makes a thread wait that is in no run queue, and notes it with what it waits for.
    pub(crate) fn block(&mut self, thread: ThreadId, wait: Wait, deadline_ns: Option<u64>) {
        let found = &mut self.threads.table[thread];
        assert!(found.deadline_ns.is_none(), "a thread that was not waiting has no deadline");
        found.state = State::Waiting(wait);
        found.deadline_ns = deadline_ns;
        if let Some(deadline_ns) = deadline_ns {
            self.threads.deadlines.insert((deadline_ns, thread));
        }
        match wait {
            Wait::Sleep | Wait::Shootdown | Wait::Reply { .. } | Wait::Cpus(_) => {}
            Wait::Futex(key) => self.futexes.add(key, thread),
            Wait::Lock(key) => {
                self.futexes.add(key, thread);
                self.lend_priorities(key.space(), None);
            }
            Wait::Requests(scheme) => self.join_readers(scheme, thread),
            Wait::Pipe(pipe) => self.join_pipe(pipe, thread),
            Wait::Console => self.console.join(thread),
            Wait::Events(queue) => self.join_events(queue, thread),
            Wait::Swap(wait) => swap::blocked(self, thread, wait),
        }
    }

    /// Makes a thread ready whose wait is over; its registers are as it shall see them.
    pub(crate) fn make_ready(&mut self, thread: ThreadId, urgency: Urgency) {
        let found = &mut self.threads.table[thread];
        if let Some(deadline_ns) = found.deadline_ns.take() {
            self.threads.deadlines.remove(&(deadline_ns, thread));
        }
        let cpu = self.threads.scheduler.choose(found.affinity, found.last_cpu, self.here);
        found.state = State::Ready(cpu);
        let candidate = self.candidate(thread);
        self.threads.scheduler.push(cpu, candidate);
        if cpu != self.here {
            apic::send_reschedule(cpu);
        } else if urgency == Urgency::Anywhere
            && let Some(idle) = self.threads.scheduler.wake_idle(candidate.affinity, self.here)
        {
            apic::send_reschedule(idle);
        }
    }

    /// Ends a wait with the result of its system call, on this CPU if possible.
    pub(crate) fn complete(&mut self, thread: ThreadId, result: Result<usize, Errno>) {
        self.end_wait(thread, result, Urgency::Here);
    }

    /// Ends a wait with the result of its system call.
    pub(crate) fn end_wait(
        &mut self,
        thread: ThreadId,
        result: Result<usize, Errno>,
        urgency: Urgency,
    ) {
        self.return_to(thread, result);
        self.make_ready(thread, urgency);
    }

    /// Ends a wait for a shootdown, unless the thread was killed meanwhile; without a result its
    /// system call is executed again.
    pub(crate) fn complete_after(
        &mut self,
        thread: ThreadId,
        result: Option<Result<usize, Errno>>,
    ) {
        let waits = |found: &super::Thread| found.state == State::Waiting(Wait::Shootdown);
        if !self.threads.get(thread).is_some_and(waits) {
            return;
        }
        match result {
            Some(result) => self.complete(thread, result),
            None => {
                self.threads.table[thread].regs.get_mut().rip -= SYSCALL_SIZE;
                self.make_ready(thread, Urgency::Here);
            }
        }
    }

    /// Makes a ready thread the next one of this CPU, if it may run here.
    ///
    /// The hand-off between a program and the daemon that serves it: no queue, no other CPU.
    pub(crate) fn switch_to(&mut self, thread: ThreadId) {
        let candidate = self.candidate(thread);
        let State::Ready(cpu) = self.threads[thread].state else { return };
        if self.threads.scheduler.may_run(candidate.affinity, self.here) {
            self.threads.scheduler.remove(cpu, thread);
            self.threads.table[thread].state = State::Ready(self.here);
            self.threads.scheduler.hand_off(self.here, candidate);
        }
    }

    /// Puts a ready thread into its queue again, after its priority or affinity changed.
    pub(crate) fn requeue(&mut self, thread: ThreadId) {
        if let State::Ready(cpu) = self.threads[thread].state {
            self.threads.scheduler.remove(cpu, thread);
            self.make_ready(thread, Urgency::Anywhere);
        }
    }

    /// Takes the current thread off this CPU, to the end or the front of its queue.
    pub(crate) fn preempt(&mut self, to_front: bool) {
        let Some(thread) = self.current_thread() else { return };
        if self.threads[thread].state != State::Running(self.here) {
            return;
        }
        let candidate = self.candidate(thread);
        let cpu = self.threads.scheduler.choose(candidate.affinity, self.here, self.here);
        self.threads.table[thread].state = State::Ready(cpu);
        if to_front {
            self.threads.scheduler.push_first(cpu, candidate);
        } else {
            self.threads.scheduler.push(cpu, candidate);
        }
        if cpu != self.here {
            apic::send_reschedule(cpu);
        }
    }

    /// Lets a CPU that has come into the kernel take work.
    pub(crate) fn open_cpu(&mut self, cpu: CpuId) {
        self.threads.scheduler.set_online(cpu);
    }

    /// Takes all work away from this CPU, its current thread included, and its address space.
    ///
    /// A thread that is pinned to this CPU goes on elsewhere at once: it may be in the middle of
    /// something that those wait for who take the CPU away. Afterwards the only action that this CPU
    /// may be given is to park.
    pub(crate) fn close_cpu(&mut self) {
        let here = self.here;
        let waiting = self.threads.scheduler.set_offline(here);
        let waiting = waiting.iter().map(|candidate| candidate.thread);
        let current = self.threads.current[here.index()].take();
        let runs = |found: &super::Thread| found.state == State::Running(here);
        let current = current.filter(|&thread| self.threads.get(thread).is_some_and(runs));
        for thread in current.into_iter().chain(waiting) {
            self.make_ready(thread, Urgency::Anywhere);
            if self.threads[thread]
                .affinity
                .intersection(self.threads.scheduler.online())
                .is_empty()
            {
                self.go_on_at_once(thread);
            }
        }
        self.load(None);
    }

    /// Makes a ready thread the next one of the CPU in whose queue it is.
    fn go_on_at_once(&mut self, thread: ThreadId) {
        let State::Ready(cpu) = self.threads[thread].state else { return };
        self.threads.scheduler.remove(cpu, thread);
        self.threads.scheduler.hand_off(cpu, self.candidate(thread));
        apic::send_reschedule(cpu);
    }

    /// Takes the thread that this CPU runs next out of the queues.
    pub(crate) fn pick(&mut self) -> Option<ThreadId> {
        while let Some(candidate) = self.threads.scheduler.pop(self.here) {
            if self.threads.scheduler.may_run(candidate.affinity, self.here) {
                return Some(candidate.thread);
            }
            self.make_ready(candidate.thread, Urgency::Anywhere);
        }
        None
    }

    /// Ends the waits whose deadline has passed.
    pub(crate) fn expire_deadlines(&mut self) {
        let now_ns = clock::now_ns();
        while let Some(&(deadline_ns, thread)) = self.threads.deadlines.first() {
            if deadline_ns > now_ns {
                return;
            }
            self.threads.deadlines.pop_first();
            self.threads.table[thread].deadline_ns = None;
            self.time_out(thread);
        }
    }

    fn time_out(&mut self, thread: ThreadId) {
        let State::Waiting(wait) = self.threads[thread].state else {
            panic!("only a waiting thread has a deadline");
        };
        self.cancel_wait(thread, wait);
        match wait {
            Wait::Sleep => self.end_wait(thread, Ok(0), Urgency::Anywhere),
            Wait::Swap(_) => swap::timed_out(self, thread),
            Wait::Futex(_)
            | Wait::Lock(_)
            | Wait::Reply { .. }
            | Wait::Requests(_)
            | Wait::Pipe(_)
            | Wait::Console
            | Wait::Events(_)
            | Wait::Cpus(_)
            | Wait::Shootdown => {
                self.end_wait(thread, Err(Errno(ETIMEDOUT)), Urgency::Anywhere);
            }
        }
    }

    /// Removes a thread from the list of what it waits for.
    pub(crate) fn cancel_wait(&mut self, thread: ThreadId, wait: Wait) {
        match wait {
            Wait::Sleep | Wait::Shootdown | Wait::Cpus(_) => {}
            Wait::Futex(key) => self.futexes.remove(key, thread),
            Wait::Lock(key) => {
                self.futexes.remove(key, thread);
                self.lend_priorities(key.space(), Some(thread));
            }
            Wait::Reply { scheme, request } => self.abandon_request(scheme, request),
            Wait::Requests(scheme) => self.leave_readers(scheme, thread),
            Wait::Pipe(pipe) => self.leave_pipe(pipe, thread),
            Wait::Console => self.console.leave(thread),
            Wait::Events(queue) => self.leave_events(queue, thread),
            Wait::Swap(wait) => swap::cancelled(self, thread, wait),
        }
    }

    /// Writes the result of the current thread's system call, or what became of it instead.
    pub(crate) fn finish_syscall(&mut self, thread: ThreadId, result: SysResult) {
        match result {
            Ok(value) => self.return_to(thread, Ok(value)),
            Err(Halt::Fail(errno)) => self.return_to(thread, Err(errno)),
            Err(Halt::Kill(reason)) => self.kill_process_of(thread, reason),
            Err(Halt::Wait(wait, deadline_ns)) => {
                if wait.restarts() {
                    self.threads.table[thread].regs.get_mut().rip -= SYSCALL_SIZE;
                }
                self.block(thread, wait, deadline_ns);
            }
            Err(Halt::Again) => self.threads.table[thread].regs.get_mut().rip -= SYSCALL_SIZE,
            Err(Halt::Gone) => {}
        }
    }

    /// Writes a result into the registers of a thread whose call ends with it.
    pub(crate) fn return_to(&mut self, thread: ThreadId, result: Result<usize, Errno>) {
        let found = &mut self.threads.table[thread];
        found.resume = super::Resume::Fresh;
        found.regs.get_mut().rax = encode(result);
    }
}

/// Bytes of the `syscall` instruction, which a restarted call executes again.
const SYSCALL_SIZE: u64 = 2;
