//! The state when a request came: a refusal must leave it unchanged, and a success must change
//! nothing else.

use zram_lifecycle::{Answer, Refusal, Request, State, View};

use crate::bounds::CPUS_MAX;
use crate::properties::Invariant;
use crate::sequential::Reply;
use crate::world::{DevicePlace, World, cpu};

/// What a refused request must leave as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Before {
    core: State,
    fronts: Vec<Front>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Front {
    view: Option<View>,
    /// Number, pages and streams.
    content: Option<(u32, u32, u8)>,
    claimed: bool,
    generation: u16,
}

impl Before {
    /// Returns what a CPU transition must leave unchanged.
    fn without_streams(&self) -> Vec<Front> {
        let front = |front: &Front| Front {
            content: front.content.map(|(number, pages, _)| (number, pages, 0)),
            ..front.clone()
        };
        self.fronts.iter().map(front).collect()
    }

    /// Returns what a change of devices must leave unchanged; nothing once the daemon has ended.
    fn cpus(&self) -> Option<[hotplug::Cpu; CPUS_MAX]> {
        match &self.core {
            State::Idle(inventory, _) | State::Busy(inventory, _) => {
                Some(std::array::from_fn(|index| inventory.cpu(cpu(index))))
            }
            State::Exited(_) => None,
        }
    }
}

impl World {
    pub(super) fn check_reply(&mut self, request: Request, reply: Reply) {
        match self.sequential.after(request, reply) {
            Some(next) => self.sequential = next,
            None => self.broken.note(Invariant::NotSequential, true),
        }
        self.broken.note(Invariant::StageLost, reply == Err(Refusal::WrongStage));
        let now = self.before();
        let before = &self.job.as_ref().expect("only a job replies").before;
        let is_changed = **before != now;
        let is_mixed = match request {
            Request::Cpu(..) => before.without_streams() != now.without_streams(),
            Request::Exit => false,
            _ => before.cpus() != now.cpus(),
        };
        self.broken.note(Invariant::RefusedButChanged, reply.is_err() && is_changed);
        self.broken.note(Invariant::InTheMiddle, is_mixed);
        if request == Request::Exit && reply == Ok(Answer::Done) {
            let nothing = self.built.is_none()
                && self.places.iter().all(|it| it.view.is_none() && it.content.is_none());
            self.broken.note(Invariant::LeftAfterExit, !nothing);
        }
    }

    pub(super) fn before(&self) -> Before {
        let front = |place: &DevicePlace| Front {
            view: place.view,
            content: place.content.map(|it| (it.number, it.pages, it.streams)),
            claimed: place.word.claimed,
            generation: place.word.generation,
        };
        Before { core: self.core.clone(), fronts: self.places.iter().map(front).collect() }
    }
}
