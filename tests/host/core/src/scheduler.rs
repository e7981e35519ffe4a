//! Scheduling: run queues, hand-off, stealing.
//!
//! Each CPU has a queue for each priority; the first thread of the first queue that is not empty
//! runs, and a thread that used up its slice goes to the end of its queue. A thread that wakes goes
//! to the CPU of the thread that woke it, so that a program and the daemon that serves it stay on
//! one CPU; idle CPUs steal. A hand-off names the very next thread of a CPU. Affinity binds while
//! one of the CPUs it names is online; otherwise the thread runs anywhere, so that no thread waits
//! for a CPU that is offline. This is pure bookkeeping over any type that names a thread; the
//! kernel keeps the threads' states.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use zram_abi::{CpuId, CpuSet};

use crate::limits::{CPUS_MAX, THREADS_MAX};

/// Ticks (of 4 ms) that a thread runs before another of the same priority gets its turn.
const SLICE_TICKS: u32 = 3;

/// The number of the last priority; 0 is the first.
pub const PRIORITY_LAST: u8 = 39;

const PRIORITIES: usize = PRIORITY_LAST as usize + 1;

/// Places that a queue keeps free for good, and times its length that it may have room for.
const ROOM_MIN: usize = 8;
const ROOM_PART: usize = 4;

/// Returns the bytes that all queues together take at most.
pub const fn queued_size_max<T>() -> usize {
    (CPUS_MAX * PRIORITIES * ROOM_MIN + ROOM_PART * THREADS_MAX) * size_of::<Candidate<T>>()
}

/// What the scheduler needs to know of a thread that is ready.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<T> {
    /// Its name.
    pub thread: T,
    /// 0 (first) to [`PRIORITY_LAST`].
    pub priority: u8,
    /// CPUs that it may run on, as long as one of them is online.
    pub affinity: CpuSet,
}

/// The queues of all CPUs.
pub struct Scheduler<T> {
    cpus: [Queues<T>; CPUS_MAX],
    online: CpuSet,
}

struct Queues<T> {
    ready: [VecDeque<Candidate<T>>; PRIORITIES],
    /// Bit `p` is set while queue `p` is not empty.
    occupied: u64,
    next: Option<Candidate<T>>,
    slice_ticks: u32,
    is_idle: bool,
}

impl<T: Copy + Eq> Scheduler<T> {
    /// Returns empty queues for the CPUs that are online.
    pub fn new(online: CpuSet) -> Self {
        Self { cpus: [const { Queues::new() }; CPUS_MAX], online }
    }

    /// Returns the CPUs that take work.
    pub fn online(&self) -> CpuSet {
        self.online
    }

    /// Lets `cpu` take work.
    pub fn set_online(&mut self, cpu: CpuId) {
        self.online = self.online.with(cpu);
    }

    /// Gives `cpu` no more work; returns the threads in its queues, first ones first.
    pub fn set_offline(&mut self, cpu: CpuId) -> Vec<Candidate<T>> {
        self.online = self.online.without(cpu);
        let queues = &mut self.cpus[cpu.index()];
        queues.is_idle = false;
        core::iter::from_fn(|| queues.next.take().or_else(|| queues.pop())).collect()
    }

    /// Returns whether a thread of this affinity may run on `cpu` now.
    pub fn may_run(&self, affinity: CpuSet, cpu: CpuId) -> bool {
        self.online.contains(cpu)
            && (affinity.contains(cpu) || affinity.intersection(self.online).is_empty())
    }

    /// Returns the CPU to whose queue a thread goes that wakes on `here`.
    pub fn choose(&self, affinity: CpuSet, last: CpuId, here: CpuId) -> CpuId {
        if self.may_run(affinity, here) {
            here
        } else if self.may_run(affinity, last) {
            last
        } else {
            self.online.iter().find(|&cpu| self.may_run(affinity, cpu)).unwrap_or(CpuId::BOOT)
        }
    }

    /// Returns an idle CPU that may run a thread of this affinity, other than `here`, to be told so.
    ///
    /// It does not count as idle any more, so that the next thread wakes another.
    pub fn wake_idle(&mut self, affinity: CpuSet, here: CpuId) -> Option<CpuId> {
        let found = self
            .online
            .without(here)
            .iter()
            .find(|&cpu| self.cpus[cpu.index()].is_idle && self.may_run(affinity, cpu))?;
        self.cpus[found.index()].is_idle = false;
        Some(found)
    }

    /// Puts a thread at the end of its queue of `cpu`.
    pub fn push(&mut self, cpu: CpuId, candidate: Candidate<T>) {
        let queues = &mut self.cpus[cpu.index()];
        let priority = usize::from(candidate.priority.min(PRIORITY_LAST));
        queues.ready[priority].push_back(candidate);
        queues.occupied |= 1 << priority;
    }

    /// Puts a thread that did not use up its slice first in its queue of `cpu`.
    pub fn push_first(&mut self, cpu: CpuId, candidate: Candidate<T>) {
        let queues = &mut self.cpus[cpu.index()];
        let priority = usize::from(candidate.priority.min(PRIORITY_LAST));
        queues.ready[priority].push_front(candidate);
        queues.occupied |= 1 << priority;
    }

    /// Makes a thread the next of `cpu`; one named before goes back to the front of its queue.
    pub fn hand_off(&mut self, cpu: CpuId, candidate: Candidate<T>) {
        if let Some(before) = self.cpus[cpu.index()].next.replace(candidate) {
            self.push_first(cpu, before);
        }
    }

    /// Removes and returns the thread that `cpu` runs next, stealing if it has none.
    pub fn pop(&mut self, cpu: CpuId) -> Option<Candidate<T>> {
        let queues = &mut self.cpus[cpu.index()];
        // A hand-off goes on with the slice of whoever handed over, so that two threads that serve
        // each other do not keep the CPU for ever.
        if let Some(next) = queues.next.take() {
            queues.is_idle = false;
            return Some(next);
        }
        let own = queues.pop();
        let found = own.or_else(|| self.steal(cpu));
        let queues = &mut self.cpus[cpu.index()];
        queues.slice_ticks = 0;
        queues.is_idle = found.is_none();
        found
    }

    fn steal(&mut self, cpu: CpuId) -> Option<Candidate<T>> {
        let thief = |this: &Self, candidate: &Candidate<T>| this.may_run(candidate.affinity, cpu);
        for other in (0..CPUS_MAX).filter(|&other| other != cpu.index()) {
            for priority in 0..PRIORITIES {
                let queue = &self.cpus[other].ready[priority];
                let Some(at) = queue.iter().position(|candidate| thief(self, candidate)) else {
                    continue;
                };
                return self.cpus[other].take(priority, at);
            }
        }
        None
    }

    /// Removes a thread from the queues of `cpu`.
    pub fn remove(&mut self, cpu: CpuId, thread: T) {
        let queues = &mut self.cpus[cpu.index()];
        if queues.next.is_some_and(|next| next.thread == thread) {
            queues.next = None;
        }
        for priority in 0..PRIORITIES {
            let queue = &queues.ready[priority];
            if let Some(at) = queue.iter().position(|candidate| candidate.thread == thread) {
                queues.take(priority, at);
            }
        }
    }

    /// Counts a tick; returns whether a running thread of `priority` must make room.
    pub fn tick(&mut self, cpu: CpuId, priority: u8) -> bool {
        let queues = &mut self.cpus[cpu.index()];
        queues.slice_ticks += 1;
        let slice_over = queues.slice_ticks >= SLICE_TICKS;
        queues.first().is_some_and(|first| first < priority || first == priority && slice_over)
    }

    /// Returns whether a thread waits on `cpu` that goes before `priority`.
    pub fn has_before(&self, cpu: CpuId, priority: u8) -> bool {
        let queues = &self.cpus[cpu.index()];
        queues.next.is_some() || queues.first().is_some_and(|first| first < priority)
    }
}

impl<T> Queues<T> {
    const fn new() -> Self {
        Self {
            ready: [const { VecDeque::new() }; PRIORITIES],
            occupied: 0,
            next: None,
            slice_ticks: 0,
            is_idle: false,
        }
    }

    fn first(&self) -> Option<u8> {
        (self.occupied != 0).then_some(self.occupied.trailing_zeros() as u8)
    }

    fn pop(&mut self) -> Option<Candidate<T>> {
        let priority = self.first()?;
        self.take(usize::from(priority), 0)
    }

    fn take(&mut self, priority: usize, at: usize) -> Option<Candidate<T>> {
        let queue = &mut self.ready[priority];
        let found = queue.remove(at);
        if queue.is_empty() {
            self.occupied &= !(1 << priority);
        }
        // A queue that was long once does not keep its room.
        if queue.capacity() > ROOM_MIN + ROOM_PART * queue.len() {
            queue.shrink_to(ROOM_MIN + queue.len());
        }
        found
    }
}

#[cfg(test)]
mod tests;
