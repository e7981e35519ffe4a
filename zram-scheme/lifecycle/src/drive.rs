//! Takes the core through one request.
//!
//! This code only performs; the core makes every decision.

use crate::effect::{Ask, Effect};
use crate::event::{Event, Outcome, Request};
use crate::state::State;
use crate::step::step;

/// Whatever performs what the core wants.
pub trait World {
    /// Answers a question. May sleep, but only for what goes on without the actor.
    fn ask(&mut self, ask: Ask) -> Outcome;

    /// Performs an effect; cannot fail.
    fn perform(&mut self, effect: Effect);
}

/// Takes a core at rest through `request` until it is at rest again.
///
/// # Panics
///
/// If `state` is busy, or the world answers a question with what cannot be.
pub fn drive(state: State, request: Request, world: &mut impl World) -> State {
    let mut event = Event::Request(request);
    let mut state = state;
    loop {
        let transition = step(state, event).expect("requests come at rest, outcomes to a question");
        for effect in transition.effects.iter() {
            world.perform(effect);
        }
        state = transition.state;
        match transition.ask {
            Some(ask) => event = Event::Outcome(world.ask(ask)),
            None => return state,
        }
    }
}
