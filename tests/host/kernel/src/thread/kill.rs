//! How threads and processes end.
//!
//! No state of a thread is on a stack, so ending it means: remove it from what it waits for, close
//! its files and free its part of the address space. The one exception is a thread that another CPU
//! runs at this moment: it is marked, that CPU is interrupted and ends the thread on entry.

use alloc::string::String;
use core::fmt::Write;

use super::{State, ThreadId};
use crate::kernel::Kernel;
use crate::machine::apic;
use crate::machine::serial::Serial;
use crate::space::SpaceId;
use crate::space::shootdown::After;
use crate::text::text;

impl Kernel {
    /// Kills the process of a thread, with a message that says why.
    pub(crate) fn kill_process_of(&mut self, thread: ThreadId, reason: String) {
        match self.threads[thread].space {
            Some(space) => self.kill_process(space, reason),
            None => self.end_thread(thread),
        }
    }

    /// Kills all threads of an address space, with a message that says why.
    pub(crate) fn kill_process(&mut self, space: SpaceId, reason: String) {
        let owner = self.spaces[space].owner();
        // One call, so that the line stays whole; the serial line cannot fail.
        let (name, pid) = (owner.name(), owner.pid);
        let line = text(format_args!("process {name} (pid {pid}) killed: {reason}\n"));
        let _ = Serial.write_str(&line);
        for thread in self.threads.ids() {
            let is_of_process = |found: &super::Thread| found.space == Some(space);
            if self.threads.get(thread).is_some_and(is_of_process) {
                self.end_thread(thread);
            }
        }
    }

    /// Ends one thread, whatever it is doing.
    pub(crate) fn end_thread(&mut self, thread: ThreadId) {
        match self.threads[thread].state {
            State::Dead => return,
            State::Running(cpu) if cpu != self.here => {
                self.threads.table[thread].is_killed = true;
                apic::send_reschedule(cpu);
                return;
            }
            State::Running(_) | State::NotStarted => {}
            State::Ready(cpu) => self.threads.scheduler.remove(cpu, thread),
            State::Waiting(wait) => self.cancel_wait(thread, wait),
        }
        self.bury(thread);
    }

    /// Ends the current thread if it was killed while this CPU ran it.
    pub(crate) fn bury_killed(&mut self) {
        let Some(thread) = self.current_thread() else { return };
        if self.threads.get(thread).is_some_and(|found| found.is_killed) {
            self.end_thread(thread);
        }
    }

    fn bury(&mut self, thread: ThreadId) {
        let found = &mut self.threads.table[thread];
        found.state = State::Dead;
        let (space, table) = (found.space.take(), found.table.take());
        if let Some(deadline_ns) = found.deadline_ns.take() {
            self.threads.deadlines.remove(&(deadline_ns, thread));
        }
        let is_last = space.is_some_and(|space| self.spaces[space].threads() == 1);
        if let Some(space) = space {
            self.leave_space(space);
        }
        match table {
            // Whoever learns of the end of a process by a closed pipe finds its memory free.
            Some(table) if is_last => self.afterwards(After::CloseTable(table)),
            Some(table) => self.release_table(table),
            None => {}
        }
        self.forget_thread(thread);
    }

    /// Removes a thread that is dead, or never started, once no description names it.
    pub(crate) fn forget_thread(&mut self, thread: ThreadId) {
        let Some(found) = self.threads.get(thread) else { return };
        if found.references > 0 {
            return;
        }
        match found.state {
            State::Dead => {
                self.threads.table.remove(thread);
            }
            State::NotStarted => self.end_thread(thread),
            State::Ready(_) | State::Running(_) | State::Waiting(_) => {}
        }
    }
}
