//! The source of CPU events: which CPU goes online or offline, which programs listen at
//! `/scheme/cpu/events`, and whose answer is awaited.
//!
//! One transition takes place at a time (`transition` has its table). On the way up every listener
//! is asked and can refuse; then the machine starts the CPU and every listener is told. On the way
//! down every listener is told twice, before and after the machine stops the CPU, and none can
//! refuse. A transition waits for its listeners [`ANSWERS_MAX_NS`] in all; a listener that has
//! closed its file is not asked again. Events that a listener missed are reported to it later
//! (`listener`). This is pure logic under the kernel's lock: the kernel does the [`Work`] that a
//! call returns, and after each call wakes the threads that wait to read.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::wildcard_enum_match_arm
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod listener;
mod transition;

use hotplug::{Cpu, CpuId, CpuSet};
use zram_abi::Stage;
use zram_abi::cpu_event::{Answer, Event};
use zram_abi::error::EIO;

use self::listener::{Call, Listener};
use self::transition::{Effect, Happening, Transition};

/// Most files open at once: one daemon and whoever watches it.
pub const SUBSCRIBERS_MAX: usize = 8;

/// A transition waits so long for its subscribers: a thousand times what the daemon takes on a quiet
/// machine, and short enough for a person to wait for.
pub const ANSWERS_MAX_NS: u64 = 5_000_000_000;

/// An open `events` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscriber(usize);

/// The answer belongs to no event that waits for it (ESTALE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

/// Another transition is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// Where a CPU is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It takes work.
    Online,
    /// It takes none.
    Offline,
}

/// What the kernel does for a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Work {
    /// Start the CPU; then call [`CpuEvents::started`] or [`CpuEvents::not_started`].
    Start(CpuId),
    /// Stop the CPU; then call [`CpuEvents::stopped`].
    Stop(CpuId),
    /// The transition of this CPU is over: it is where it was wanted, or an errno says why not.
    Finished(CpuId, Result<(), i32>),
}

/// Which CPUs are online, the transition under way, and the subscribers.
#[derive(Debug)]
pub struct CpuEvents {
    online: CpuSet,
    transition: Transition,
    /// Number of the event that is answered now.
    sequence: u64,
    deadline_ns: u64,
    listeners: [Option<Listener>; SUBSCRIBERS_MAX],
}

impl CpuEvents {
    /// Returns a source without subscribers, for these online CPUs.
    pub const fn new(online: CpuSet) -> Self {
        Self {
            online,
            transition: Transition::Settled,
            sequence: 0,
            deadline_ns: 0,
            listeners: [const { None }; SUBSCRIBERS_MAX],
        }
    }

    /// Returns the CPUs that take work, as subscribers know them.
    pub const fn online(&self) -> CpuSet {
        self.online
    }

    /// Returns the number of the event that was asked last; with each there is something to read.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns whether no CPU is on its way.
    pub fn is_settled(&self) -> bool {
        self.transition == Transition::Settled
    }

    /// Begins a transition.
    ///
    /// # Errors
    ///
    /// [`Busy`] while another is under way; the caller asks again after [`Work::Finished`]. A CPU that
    /// is where it is wanted is finished at once.
    pub fn begin(&mut self, cpu: CpuId, wanted: Wanted, now_ns: u64) -> Result<Option<Work>, Busy> {
        if !self.is_settled() {
            return Err(Busy);
        }
        if self.online.contains(cpu) == (wanted == Wanted::Online) {
            return Ok(Some(Work::Finished(cpu, Ok(()))));
        }
        self.deadline_ns = now_ns.saturating_add(ANSWERS_MAX_NS);
        Ok(self.happens(match wanted {
            Wanted::Online => Happening::Up(cpu),
            Wanted::Offline => Happening::Down(cpu),
        }))
    }

    /// This CPU has come and can take work. Nothing happens if it is not to start, or no longer: then
    /// it is not in [`Self::online`] and has to stop again.
    pub fn started(&mut self, cpu: CpuId) -> Option<Work> {
        if self.transition != Transition::Starting(cpu) {
            return None;
        }
        self.online = self.online.with(cpu);
        self.happens(Happening::Started)
    }

    /// This CPU, which was to start, does not come, for this reason.
    pub fn not_started(&mut self, cpu: CpuId, errno: i32) -> Option<Work> {
        if self.transition != Transition::Starting(cpu) {
            return None;
        }
        self.happens(Happening::Refused(errno))
    }

    /// This CPU, which was to stop, takes no more work.
    pub fn stopped(&mut self, cpu: CpuId) -> Option<Work> {
        if self.transition != Transition::Stopping(cpu) {
            return None;
        }
        self.online = self.online.without(cpu);
        self.happens(Happening::Stopped)
    }

    /// Time has passed: gives up waiting for those who did not answer.
    pub fn tick(&mut self, now_ns: u64) -> Option<Work> {
        if now_ns < self.deadline_ns || self.awaited() == 0 {
            return None;
        }
        self.listeners.iter_mut().flatten().for_each(|listener| listener.call = Call::None);
        self.happens(Happening::Expired)
    }

    /// Adds a subscriber, or nothing if there are [`SUBSCRIBERS_MAX`] (EMFILE).
    ///
    /// It is first told the online CPUs, and is asked from the next event on.
    pub fn open(&mut self) -> Option<Subscriber> {
        let free = self.listeners.iter().position(Option::is_none)?;
        *self.listeners.get_mut(free)? = Some(Listener::new());
        Some(Subscriber(free))
    }

    /// Returns the next event for the subscriber, or nothing yet.
    pub fn read(&mut self, subscriber: Subscriber) -> Option<Event> {
        let sequence = self.sequence;
        let asked = self.asked();
        let listener = self.listeners.get(subscriber.0)?.as_ref()?;
        let mut cpus = (0..).map_while(CpuId::new);
        let (cpu, stage) = cpus.find_map(|cpu| {
            let place = self.place_of(cpu, listener.call)?;
            Some((cpu, listener.next(cpu, place)?))
        })?;
        let listener = self.listeners.get_mut(subscriber.0)?.as_mut()?;
        listener.hear(cpu, stage);
        let is_asked = asked == Some((cpu, stage)) && listener.call == Call::Unread;
        if is_asked {
            listener.call = Call::Read;
        }
        let sequence = if is_asked { sequence } else { 0 };
        Some(Event { sequence, cpu, stage })
    }

    /// Takes an answer.
    ///
    /// # Errors
    ///
    /// [`Stale`]: no event waits for it.
    pub fn answer(
        &mut self,
        subscriber: Subscriber,
        answer: Answer,
    ) -> Result<Option<Work>, Stale> {
        let preparing = self.preparing();
        let listener = self.listeners.get_mut(subscriber.0).and_then(Option::as_mut);
        let listener = listener.filter(|listener| listener.call == Call::Read).ok_or(Stale)?;
        if answer.sequence != self.sequence {
            return Err(Stale);
        }
        listener.call = Call::None;
        match preparing {
            Some(cpu) if answer.errno != 0 => {
                listener.refuse(cpu);
                Ok(self.happens(Happening::Refused(errno_of(answer))))
            }
            Some(_) | None => Ok(self.go_on()),
        }
    }

    /// The file was closed: nobody is behind it whom the CPU could harm, so that it refuses nothing.
    pub fn close(&mut self, subscriber: Subscriber) -> Option<Work> {
        let closed = self.listeners.get_mut(subscriber.0).and_then(Option::take)?;
        match closed.call {
            Call::None => None,
            Call::Unread | Call::Read => self.go_on(),
        }
    }

    /// Changes the transition, and asks on until the kernel or a subscriber has to do something.
    ///
    /// What the table forbids changes nothing: a CPU that came too late, say.
    fn happens(&mut self, happening: Happening) -> Option<Work> {
        let (next, effect) = self.transition.after(happening).ok()?;
        self.transition = next;
        match effect {
            Effect::Start(cpu) => Some(Work::Start(cpu)),
            Effect::Stop(cpu) => Some(Work::Stop(cpu)),
            Effect::Finish(cpu, result) => Some(Work::Finished(cpu, result)),
            Effect::Ask(_) => {
                self.ask();
                self.go_on()
            }
        }
    }

    /// Asks everybody who has something to hear of the CPU that is on its way.
    fn ask(&mut self) {
        self.sequence = self.sequence.saturating_add(1);
        let Some((cpu, _)) = self.asked() else { return };
        for number in 0..SUBSCRIBERS_MAX {
            let place = self.place_of(cpu, Call::Unread);
            let Some(Some(listener)) = self.listeners.get_mut(number) else { continue };
            let has_news = place.is_some_and(|place| listener.next(cpu, place).is_some());
            listener.call = if has_news { Call::Unread } else { Call::None };
        }
    }

    fn go_on(&mut self) -> Option<Work> {
        if self.awaited() == 0 { self.happens(Happening::Agreed) } else { None }
    }

    /// Returns how many subscribers are asked and have not answered.
    fn awaited(&self) -> usize {
        self.listeners.iter().flatten().filter(|listener| listener.call != Call::None).count()
    }

    /// Returns the CPU that may still be refused by subscribers.
    fn preparing(&self) -> Option<CpuId> {
        match self.asked() {
            Some((cpu, Stage::Prepare)) => Some(cpu),
            Some((_, Stage::Online | Stage::UpAborted | Stage::Dying | Stage::Dead)) | None => None,
        }
    }

    /// Returns what subscribers are asked now.
    fn asked(&self) -> Option<(CpuId, Stage)> {
        match self.transition {
            Transition::Settled | Transition::Starting(_) | Transition::Stopping(_) => None,
            Transition::Preparing(cpu) => Some((cpu, Stage::Prepare)),
            Transition::Aborting(cpu, _) => Some((cpu, Stage::UpAborted)),
            Transition::Onlining(cpu) => Some((cpu, Stage::Online)),
            Transition::Dying(cpu) => Some((cpu, Stage::Dying)),
            Transition::Burying(cpu) => Some((cpu, Stage::Dead)),
        }
    }

    /// Returns where a CPU is for a subscriber that is asked `call`; nothing if it hears no more of
    /// this CPU for the moment.
    fn place_of(&self, cpu: CpuId, call: Call) -> Option<Cpu> {
        let settled = if self.online.contains(cpu) { Cpu::Online } else { Cpu::Offline };
        match self.transition {
            Transition::Preparing(moving) if moving == cpu => {
                (call == Call::Unread).then_some(Cpu::Prepared)
            }
            Transition::Starting(moving) | Transition::Stopping(moving) if moving == cpu => None,
            Transition::Dying(moving) if moving == cpu => Some(Cpu::Dying),
            Transition::Settled
            | Transition::Preparing(_)
            | Transition::Starting(_)
            | Transition::Aborting(..)
            | Transition::Onlining(_)
            | Transition::Dying(_)
            | Transition::Stopping(_)
            | Transition::Burying(_) => Some(settled),
        }
    }
}

/// Returns the errno of a refusal; EIO for what is none.
fn errno_of(answer: Answer) -> i32 {
    i32::try_from(answer.errno).ok().filter(|errno| (1..4096).contains(errno)).unwrap_or(EIO)
}

#[cfg(test)]
mod tests;
