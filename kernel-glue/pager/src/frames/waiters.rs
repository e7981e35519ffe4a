//! Threads that wait for the pager, and the queues in which they wait.
//!
//! Waiting has three steps, so that no wake is lost where a kernel drops the pager's lock before it
//! can put a thread to sleep: the pager *prepares* the thread and puts it in a queue, the kernel
//! does what must be done first (it may hand the CPU over), then *commits*. A wake between the two
//! is kept and makes the commit answer "retry". A woken thread repeats its request; the only thing
//! that it is sure to get is its grant, if it waited for a frame.
//!
//! | state | prepare | wake | commit | leave |
//! | --- | --- | --- | --- | --- |
//! | Awake | Prepared | – | retry | – |
//! | Prepared | Prepared, in the new line | Woken | Parked, park | Awake |
//! | Parked | Prepared, in the new line | Awake, and the port is told | park | Awake |
//! | Woken | Prepared | Woken | Awake, retry | Awake |
//!
//! No wait has a deadline of its own; each ends because of something that has one (the test in
//! `tests/waits.rs` walks them all with a daemon that never answers):
//!
//! | waits for | ends with | at the latest |
//! | --- | --- | --- |
//! | `Frame` | a grant, or the news that no program is left to kill | every tick checks again whether memory is exhausted. It is not while pages are being swapped out, which ends with a reply or the daemon's death ([`STUCK_NS`](crate::STUCK_NS)), while notices are pending (likewise), or for 10 s after a program was killed (`pressure/condemned.rs`) |
//! | `Slot` | the reply to the request in flight for the slot | its queue's work is `STUCK_NS` old |
//! | `Turn` | its turn, or the end of the queue | the line moves with each reply, and ends when one is `STUCK_NS` late |
//! | `Reply` | `swapoff`: each reply and each tick; probe: its reply | a tick; `STUCK_NS` |
//!
//! Lines are linked through the table, which is allocated once. All under the pager's lock.

use alloc::vec::Vec;

use crate::entry::SwapEntry;
use crate::memory::{NoMemory, filled};
use crate::ports::{CpuId, Frame, Threads, Waiter};
use crate::requests::{Commit, FaultRequest};

/// What a thread waits for; it also names the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A frame.
    Frame,
    /// The request in flight for this slot.
    Slot(SwapEntry),
    /// Its turn on the `in` queue of this CPU.
    Turn(CpuId, LinedUp),
    /// What it asked for itself (a `swapoff`, a probe) to go on; not in a line.
    Reply,
}

/// A page-in that waits for its turn, with the frame it will fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinedUp {
    pub(crate) request: FaultRequest,
    pub(crate) entry: SwapEntry,
    pub(crate) frame: Frame,
    pub(crate) since_ns: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Awake,
    Prepared(Reason),
    Parked(Reason),
    Woken,
}

/// A frame that was given to a thread, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) frame: Frame,
    pub(crate) since_ns: u64,
}

/// Who is next on a queue, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) waiter: Waiter,
    pub(crate) lined_up: LinedUp,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    state: State,
    next: Option<Waiter>,
    grant: Option<Grant>,
}

/// A first-come-first-served line; its links are in the table.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    head: Option<Waiter>,
    tail: Option<Waiter>,
}

/// The table of all threads and the lines.
#[derive(Debug)]
pub(crate) struct Waiters {
    table: Vec<Entry>,
    frames: Line,
    slots: Line,
    turns: Vec<Line>,
    grants: u32,
}

impl Waiters {
    /// Returns a table for `count` threads and `cpus` queues.
    ///
    /// # Errors
    ///
    /// [`NoMemory`].
    pub(crate) fn new(count: u32, cpus: u32) -> Result<Self, NoMemory> {
        let awake = Entry { state: State::Awake, next: None, grant: None };
        let table = filled(count, awake)?;
        let turns = filled(cpus, Line::default())?;
        Ok(Self { table, frames: Line::default(), slots: Line::default(), turns, grants: 0 })
    }

    /// Puts the thread in the line of `reason`, out of any other.
    ///
    /// A [`LinedUp`] that it leaves behind in this way is returned, for its frame.
    pub(crate) fn prepare(&mut self, waiter: Waiter, reason: Reason) -> Option<LinedUp> {
        let left = self.leave(waiter);
        self.set(waiter, State::Prepared(reason));
        self.push(reason, waiter);
        left
    }

    /// Says whether the prepared thread is to sleep.
    pub(crate) fn commit(&mut self, waiter: Waiter) -> Commit {
        match self.state(waiter) {
            State::Prepared(reason) => {
                self.set(waiter, State::Parked(reason));
                Commit::Park
            }
            State::Parked(_) => Commit::Park,
            State::Awake | State::Woken => {
                self.set(waiter, State::Awake);
                Commit::Retry
            }
        }
    }

    /// Takes the thread out of its line without waking it.
    pub(crate) fn leave(&mut self, waiter: Waiter) -> Option<LinedUp> {
        let reason = match self.state(waiter) {
            State::Prepared(reason) | State::Parked(reason) => reason,
            State::Awake | State::Woken => {
                self.set(waiter, State::Awake);
                return None;
            }
        };
        self.set(waiter, State::Awake);
        self.unlink(reason, waiter);
        match reason {
            Reason::Turn(_, lined_up) => Some(lined_up),
            Reason::Frame | Reason::Slot(_) | Reason::Reply => None,
        }
    }

    /// Wakes the thread, out of its line. Returns whether it was parked and the port not told,
    /// which only `quietly` asks for: then the caller has it run.
    pub(crate) fn wake(&mut self, waiter: Waiter, quietly: bool, ports: &mut impl Threads) -> bool {
        let (reason, parked) = match self.state(waiter) {
            State::Prepared(reason) => (reason, false),
            State::Parked(reason) => (reason, true),
            State::Awake | State::Woken => return false,
        };
        self.unlink(reason, waiter);
        self.set(waiter, if parked { State::Awake } else { State::Woken });
        if parked && !quietly {
            ports.wake(waiter);
        }
        parked && quietly
    }

    /// Wakes everyone who waits for this slot; `first`, if it was among them and parked, is
    /// returned instead of woken, for the caller to run.
    pub(crate) fn wake_slot(
        &mut self,
        entry: SwapEntry,
        first: Option<Waiter>,
        ports: &mut impl Threads,
    ) -> Option<Waiter> {
        let mut run = None;
        let mut at = self.slots.head;
        while let Some(waiter) = at {
            at = self.next(waiter);
            if self.reason(waiter) != Some(Reason::Slot(entry)) {
                continue;
            }
            if self.wake(waiter, first == Some(waiter), ports) {
                run = Some(waiter);
            }
        }
        run
    }

    /// Returns who has waited longest for a frame.
    pub(crate) fn oldest_for_frame(&self) -> Option<Waiter> {
        self.frames.head
    }

    /// Returns who is next on the `in` queue of `cpu`, and with what.
    pub(crate) fn next_turn(&self, cpu: CpuId) -> Option<Turn> {
        let line = self.turns.get(cpu.index())?;
        let waiter = line.head?;
        match self.reason(waiter)? {
            Reason::Turn(_, lined_up) => Some(Turn { waiter, lined_up }),
            Reason::Frame | Reason::Slot(_) | Reason::Reply => None,
        }
    }

    /// Moves a thread from one line to that of `reason`, prepared or parked as it was.
    pub(crate) fn change_reason(&mut self, waiter: Waiter, reason: Reason) {
        let (old, state) = match self.state(waiter) {
            State::Prepared(old) => (old, State::Prepared(reason)),
            State::Parked(old) => (old, State::Parked(reason)),
            State::Awake | State::Woken => return,
        };
        self.unlink(old, waiter);
        self.set(waiter, state);
        self.push(reason, waiter);
    }

    /// Gives the thread a frame of its own and wakes it.
    ///
    /// # Errors
    ///
    /// The frame, if the thread has one already.
    pub(crate) fn grant(
        &mut self,
        waiter: Waiter,
        grant: Grant,
        ports: &mut impl Threads,
    ) -> Result<(), Frame> {
        self.wake(waiter, false, ports);
        let Some(entry) = self.entry_mut(waiter).filter(|entry| entry.grant.is_none()) else {
            return Err(grant.frame);
        };
        entry.grant = Some(grant);
        self.grants = self.grants.saturating_add(1);
        Ok(())
    }

    /// Returns the frame that was granted to the thread.
    pub(crate) fn take_grant(&mut self, waiter: Waiter) -> Option<Frame> {
        let grant = self.entry_mut(waiter)?.grant.take()?;
        self.count_taken();
        Some(grant.frame)
    }

    /// Returns a frame granted before `deadline_ns` that its thread never asked for.
    pub(crate) fn take_stale_grant(&mut self, deadline_ns: u64) -> Option<Frame> {
        if self.grants == 0 {
            return None;
        }
        let stale = |entry: &&mut Entry| entry.grant.is_some_and(|it| it.since_ns < deadline_ns);
        let grant = self.table.iter_mut().find(stale)?.grant.take()?;
        self.count_taken();
        Some(grant.frame)
    }

    /// Counts a grant less; each was counted when it was given.
    fn count_taken(&mut self) {
        debug_assert!(self.grants > 0, "a grant that was never counted");
        self.grants = self.grants.saturating_sub(1);
    }

    fn entry_mut(&mut self, waiter: Waiter) -> Option<&mut Entry> {
        self.table.get_mut(usize::try_from(waiter.0).ok()?)
    }

    fn entry(&self, waiter: Waiter) -> Option<&Entry> {
        self.table.get(usize::try_from(waiter.0).ok()?)
    }

    fn state(&self, waiter: Waiter) -> State {
        self.entry(waiter).map_or(State::Awake, |entry| entry.state)
    }

    pub(crate) fn reason(&self, waiter: Waiter) -> Option<Reason> {
        match self.state(waiter) {
            State::Prepared(reason) | State::Parked(reason) => Some(reason),
            State::Awake | State::Woken => None,
        }
    }

    fn next(&self, waiter: Waiter) -> Option<Waiter> {
        self.entry(waiter)?.next
    }

    fn set(&mut self, waiter: Waiter, state: State) {
        if let Some(entry) = self.entry_mut(waiter) {
            entry.state = state;
        }
    }

    fn set_next(&mut self, waiter: Waiter, next: Option<Waiter>) {
        if let Some(entry) = self.entry_mut(waiter) {
            entry.next = next;
        }
    }

    fn line_mut(&mut self, reason: Reason) -> Option<&mut Line> {
        match reason {
            Reason::Frame => Some(&mut self.frames),
            Reason::Slot(_) => Some(&mut self.slots),
            Reason::Turn(cpu, _) => self.turns.get_mut(cpu.index()),
            Reason::Reply => None,
        }
    }

    fn push(&mut self, reason: Reason, waiter: Waiter) {
        self.set_next(waiter, None);
        let Some(line) = self.line_mut(reason) else { return };
        match line.tail.replace(waiter) {
            Some(last) => self.set_next(last, Some(waiter)),
            None => line.head = Some(waiter),
        }
    }

    fn unlink(&mut self, reason: Reason, waiter: Waiter) {
        let next = self.next(waiter);
        let Some(line) = self.line_mut(reason).copied() else { return };
        let before = self.before(line, waiter);
        if let Some(before) = before {
            self.set_next(before, next);
        }
        let Some(line) = self.line_mut(reason) else { return };
        if line.head == Some(waiter) {
            line.head = next;
        }
        if line.tail == Some(waiter) {
            line.tail = before;
        }
        self.set_next(waiter, None);
    }

    fn before(&self, line: Line, waiter: Waiter) -> Option<Waiter> {
        let mut at = line.head;
        while let Some(candidate) = at {
            at = self.next(candidate);
            if at == Some(waiter) {
                return Some(candidate);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
