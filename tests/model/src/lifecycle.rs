//! The model that the checker explores: every possible step in a [`World`].

use stateright::{Model, Property};
use zram_lifecycle::Request;

use crate::actor::Choice;
use crate::bounds::Bounds;
use crate::flaw::Flaw;
use crate::kernel::Move;
use crate::others::Deed;
use crate::properties;
use crate::world::{SIZES, World, add};

/// The lifecycle within bounds.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    /// What is explored.
    pub bounds: Bounds,
    /// Whether states that differ in names of CPUs, clients, lives and contents only are one.
    pub is_canonical: bool,
    /// Whether others take steps also where the actor is alone with what it does.
    pub is_stepwise: bool,
    /// A mistake that is to be found.
    pub flaw: Option<Flaw>,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// The actor takes a message or performs what is next.
    Actor(Choice),
    /// A client writes a request.
    Client(usize, Request),
    /// Somebody works on pages or looks at statistics.
    Other(Deed),
    /// The events thread reads an event, or answers one.
    Events,
    /// The kernel changes a CPU.
    Kernel(Move),
}

impl World {
    /// Returns whether somebody who must go on can: nobody is needed from outside.
    pub(crate) fn can_go_on(&self) -> bool {
        let mut deeds = Vec::new();
        self.continuations(&mut deeds);
        !deeds.is_empty() || self.can_events_move() || !self.actor_choices(false).is_empty()
    }
}

impl Model for Lifecycle {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let ready = add(Some(SIZES[1]));
        let before: [&[Request]; 2] = [&[ready], &[add(None)]];
        let online = [self.bounds.cpus, self.bounds.cpus.max(2) - 1];
        let worlds = before.iter().flat_map(|before| {
            online.map(|online| World::new(&self.bounds, online, before, self.is_canonical))
        });
        worlds.map(|world| World { flaw: self.flaw, ..world }).collect()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions
            .extend(world.actor_choices(self.bounds.failures).iter().map(|it| Action::Actor(*it)));
        if world.is_actor_alone() && !self.is_stepwise {
            return;
        }
        let mut requests = Vec::new();
        world.requests(&self.bounds, &mut requests);
        for (index, client) in world.clients.iter().enumerate() {
            if !client.is_waiting && client.requests_left > 0 {
                actions.extend(requests.iter().map(|it| Action::Client(index, *it)));
            }
        }
        let mut deeds = Vec::new();
        world.beginnings(&mut deeds);
        world.continuations(&mut deeds);
        actions.extend(deeds.into_iter().map(Action::Other));
        if world.can_events_move() {
            actions.push(Action::Events);
        }
        let mut moves = Vec::new();
        world.kernel.moves(&self.bounds, &mut moves);
        actions.extend(moves.into_iter().map(Action::Kernel));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Actor(choice) => next.act(choice),
            Action::Client(client, request) => next.send(client, request),
            Action::Other(deed) => next.perform_deed(deed),
            Action::Events => next.events_move(),
            Action::Kernel(step) => next.kernel_moves(step),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
