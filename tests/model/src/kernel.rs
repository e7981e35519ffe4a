//! The kernel of the model: CPUs that come and go, and the events that the daemon gets about them.
//!
//! One transition at a time. On the way up, a refusal, a closed subscription or an answer that
//! comes too late refuses the CPU, and the daemon gets `up aborted` unless it refused; on the way
//! down the kernel continues in any case. Events wait in order until the daemon's events thread
//! reads them.

use std::collections::VecDeque;

use hotplug::Stage;

use crate::bounds::{Bounds, CPUS_MAX};
use crate::world::{Message, Sender, World, cpu};
use zram_lifecycle::{Refusal, Request};

/// CPUs, and who listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kernel {
    /// CPUs that take work.
    pub(crate) online: [bool; CPUS_MAX],
    /// CPUs that came up with the daemon's agreement; those that it has streams for.
    pub(crate) agreed: [bool; CPUS_MAX],
    pub(crate) transition: Option<Transition>,
    pub(crate) transitions_left: u8,
    pub(crate) is_subscribed: bool,
    pub(crate) unread: VecDeque<Notice>,
    next_sequence: u32,
}

/// A CPU on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transition {
    pub(crate) cpu: usize,
    pub(crate) phase: Phase,
    /// The event whose answer is awaited.
    pub(crate) sequence: u32,
}

/// Where a CPU is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// Asked whether it may come up.
    Preparing,
    /// It may, and is being started.
    Starting,
    /// It is up, and that is being told.
    Announcing,
    /// It takes no further work, and that is being told.
    Dying,
    /// It has stopped, and that is being told.
    Burying,
}

/// An event that was not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Notice {
    pub(crate) sequence: u32,
    pub(crate) cpu: usize,
    pub(crate) stage: Stage,
}

/// The events thread of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Events {
    /// Waits for an event.
    Reading,
    /// Waits for the actor.
    Asking(Notice),
    /// Has the actor's reply.
    Answering(Notice, bool),
    /// The subscription has ended, and it too.
    Ended,
}

/// What the kernel does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Begins to bring a CPU up.
    Up(usize),
    /// Begins to take a CPU down.
    Down(usize),
    /// The CPU that was started takes work.
    Started,
    /// The CPU that was started does not come up.
    StartFailed,
    /// Waits no longer for the answer.
    GiveUp,
    /// The subscription ends.
    Unsubscribe,
}

impl Kernel {
    /// Returns a kernel whose CPUs below `online` are up, as the daemon knows.
    pub(crate) fn new(bounds: &Bounds, online: usize) -> Self {
        let online = std::array::from_fn(|cpu| cpu < online);
        Self {
            online,
            agreed: online,
            transition: None,
            transitions_left: bounds.transitions,
            is_subscribed: true,
            unread: VecDeque::new(),
            next_sequence: 1,
        }
    }

    /// Returns what the kernel may do now.
    pub(crate) fn moves(&self, bounds: &Bounds, moves: &mut Vec<Move>) {
        match self.transition {
            None if self.transitions_left > 0 => {
                for cpu in 0..bounds.cpus {
                    match self.online[cpu] {
                        false => moves.push(Move::Up(cpu)),
                        true if self.online_count() > 1 => moves.push(Move::Down(cpu)),
                        true => {}
                    }
                }
            }
            None => {}
            Some(Transition { phase: Phase::Starting, .. }) => {
                moves.extend([Move::Started, Move::StartFailed]);
            }
            Some(_) if bounds.lost_answers => moves.push(Move::GiveUp),
            Some(_) => {}
        }
        if bounds.lost_answers && self.is_subscribed {
            moves.push(Move::Unsubscribe);
        }
    }

    fn online_count(&self) -> usize {
        self.online.iter().filter(|online| **online).count()
    }

    fn tell(&mut self, cpu: usize, stage: Stage) -> u32 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.unread.push_back(Notice { sequence, cpu, stage });
        sequence
    }

    /// Tells the daemon and waits for its answer; goes on at once if the daemon does not listen.
    fn enter(&mut self, cpu: usize, phase: Phase, stage: Stage) {
        if self.is_subscribed {
            let sequence = self.tell(cpu, stage);
            self.transition = Some(Transition { cpu, phase, sequence });
        } else {
            self.transition = Some(Transition { cpu, phase, sequence: 0 });
            self.answered(true);
        }
    }

    /// Goes on after the answer that was awaited, or without one.
    fn answered(&mut self, agreed: bool) {
        let Some(Transition { cpu, phase, .. }) = self.transition else { return };
        match phase {
            Phase::Preparing if agreed => {
                self.agreed[cpu] = self.is_subscribed;
                self.transition = Some(Transition { cpu, phase: Phase::Starting, sequence: 0 });
            }
            Phase::Preparing | Phase::Announcing | Phase::Burying => self.transition = None,
            Phase::Dying => self.enter(cpu, Phase::Burying, Stage::Dead),
            Phase::Starting => unreachable!("no answer is awaited"),
        }
    }

    fn perform(&mut self, step: Move) {
        match step {
            Move::Up(cpu) => {
                self.transitions_left -= 1;
                self.enter(cpu, Phase::Preparing, Stage::Prepare);
            }
            Move::Down(cpu) => {
                self.transitions_left -= 1;
                self.online[cpu] = false;
                self.agreed[cpu] = false;
                self.enter(cpu, Phase::Dying, Stage::Dying);
            }
            Move::Started | Move::StartFailed => {
                let cpu = self.transition.expect("one is being started").cpu;
                if step == Move::Started {
                    self.online[cpu] = true;
                    self.enter(cpu, Phase::Announcing, Stage::Online);
                } else {
                    self.abort(cpu);
                }
            }
            Move::GiveUp => self.give_up(),
            Move::Unsubscribe => {
                self.is_subscribed = false;
                self.unread.clear();
                let is_awaited = self.transition.is_some_and(|it| it.phase != Phase::Starting);
                if is_awaited {
                    self.answered(false);
                }
            }
        }
    }

    fn give_up(&mut self) {
        let Some(Transition { cpu, phase, .. }) = self.transition else { return };
        if phase == Phase::Preparing { self.abort(cpu) } else { self.answered(false) }
    }

    /// The CPU does not come up; who was asked and did not refuse hears of it.
    fn abort(&mut self, cpu: usize) {
        self.agreed[cpu] = false;
        if self.is_subscribed {
            self.tell(cpu, Stage::UpAborted);
        }
        self.transition = None;
    }
}

impl World {
    /// Lets the kernel do something.
    pub(crate) fn kernel_moves(&mut self, step: Move) {
        self.kernel.perform(step);
        if step == Move::Unsubscribe && self.events == Events::Reading {
            self.events = Events::Ended;
        }
    }

    /// Returns whether the events thread has something to do.
    pub(crate) fn can_events_move(&self) -> bool {
        match self.events {
            Events::Reading => !self.kernel.unread.is_empty(),
            Events::Answering(..) => true,
            Events::Asking(_) | Events::Ended => false,
        }
    }

    /// Lets the events thread read an event and ask the actor, or answer the kernel.
    pub(crate) fn events_move(&mut self) {
        match self.events {
            Events::Reading => {
                let notice = self.kernel.unread.pop_front().expect("an event waits");
                self.events = Events::Asking(notice);
                let request = Request::Cpu(cpu(notice.cpu), notice.stage);
                if self.is_closed {
                    self.deliver(Sender::Events, Err(Refusal::Exited));
                } else {
                    self.mailbox.push(Message { from: Sender::Events, request });
                }
            }
            Events::Answering(notice, agreed) => {
                let awaited = self.kernel.transition.map(|transition| transition.sequence);
                // Of any other sequence, or after the end of the subscription: too late.
                if self.kernel.is_subscribed && awaited == Some(notice.sequence) {
                    self.kernel.answered(agreed);
                }
                let is_over = !self.kernel.is_subscribed;
                self.events = if is_over { Events::Ended } else { Events::Reading };
            }
            Events::Asking(_) | Events::Ended => {}
        }
    }

    /// The actor replies to the events thread.
    pub(crate) fn events_replied(&mut self, agreed: bool) {
        if let Events::Asking(notice) = self.events {
            self.events = Events::Answering(notice, agreed);
        }
    }
}
