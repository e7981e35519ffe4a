//! The lifecycle core: one pure function from (state, event) to (state, effects, question).
//!
//! Only the actor's thread runs it, under no lock, with one request and then the outcomes of its
//! questions until it is at rest again. It does no I/O, reads no clock and allocates nothing. The
//! tables are decided here; the file of its noun below has what each request does.
//!
//! At rest (`Idle`), every request is taken; an outcome is forbidden.
//!
//! | request | absent | empty | ready |
//! | --- | --- | --- | --- |
//! | add | empty, or Building | refused: exists | refused: exists |
//! | set disksize | refused: no device | Building | refused: initialised |
//! | resize | refused: no device | refused: not initialised | ready, Growing, or ClaimingToShrink |
//! | set algorithm | refused: no device | empty | refused: initialised |
//! | set parameters | refused: no device | empty, or refused: other algorithm, no such level | refused: initialised |
//! | set limit | refused: no device | empty | ready |
//! | compact | refused: no device | refused: not initialised | ready |
//! | reset, remove | refused: no device | Claiming | Claiming |
//! | cpu | - | - | refused, done, or Cpu, by the table in `hotplug::cpu` |
//! | exit | Exited | ClaimingAll | ClaimingAll |
//!
//! In progress (`Busy`), a request is forbidden; outcomes lead on:
//!
//! | job | done | no memory | busy |
//! | --- | --- | --- | --- |
//! | Building | Starting, or install and reply | reply | - |
//! | Starting | next step; install and reply | undo; drop what was built, reply | - |
//! | Claiming | Stopping (ready), or clear/retire and reply | - | reply |
//! | Stopping | next step; clear/retire and reply | - | - |
//! | Growing | publish and reply | reply | - |
//! | ClaimingToShrink | Shrinking | - | GivingUp |
//! | GivingUp | publish and reply | - | reply |
//! | Shrinking | publish, release and reply | - | release, reply |
//! | Cpu | next step; reply | undo; reply | - |
//! | ClaimingAll | next claim; Closing; Exited | - | release all, reply |
//! | Closing | next step; next device; Exited | - | - |
//!
//! `Exited` refuses every request with [`Refusal::Exited`]; outcomes are forbidden. A minus is
//! [`Forbidden`], a bug of the caller, which the actor asserts not to happen.

mod content;
mod cpu;
mod emptying;
mod exit;
mod resize;
mod settings;

use hotplug::{Progress, Walk};

use self::content::{add, set_disksize, starting};
use self::cpu::{change_cpu, changing_cpu};
use self::emptying::{empty, empty_claimed, stopping};
use self::exit::{claim_next, closing};
use self::resize::{resize, resized};
use self::settings::{set_algorithm, set_limit, set_parameters};
use crate::effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
use crate::event::{Event, Outcome, Request};
use crate::state::{Device, Emptying, Inventory, Job, State};

/// A state and what has to be done to get there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Transition {
    /// The new state.
    pub state: State,
    /// To be performed first, in order.
    pub effects: Effects,
    /// To be performed then; its outcome is the next event. Present if and only if the state is busy.
    pub ask: Option<Ask>,
}

/// The event cannot happen in this state: a bug of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;

/// Returns what `event` makes of `state`.
///
/// # Errors
///
/// [`Forbidden`] where the tables have a minus.
pub fn step(state: State, event: Event) -> Result<Transition, Forbidden> {
    match (state, event) {
        (State::Idle(inventory, zcomp), Event::Request(request)) => {
            Ok(accept(inventory, zcomp, request))
        }
        (State::Busy(inventory, job), Event::Outcome(outcome)) => resume(inventory, job, outcome),
        (State::Exited(proof), Event::Request(_)) => {
            let effects = Effects::NONE.and_reply(Err(Refusal::Exited));
            Ok(Transition { state: State::Exited(proof), effects, ask: None })
        }
        (State::Idle(..) | State::Exited(_), Event::Outcome(_))
        | (State::Busy(..), Event::Request(_)) => Err(Forbidden),
    }
}

fn accept(inventory: Inventory, zcomp: hotplug::State, request: Request) -> Transition {
    match request {
        Request::Add { id, settings, pages } => add(inventory, zcomp, id, settings, pages),
        Request::Remove(id) => empty(inventory, zcomp, id, Emptying::Remove),
        Request::SetDisksize(name, pages) => set_disksize(inventory, zcomp, name, pages),
        Request::Resize(name, pages) => resize(inventory, zcomp, name, pages),
        Request::SetAlgorithm(name, algorithm) => set_algorithm(inventory, zcomp, name, algorithm),
        Request::SetParameters(name, parameters) => {
            set_parameters(inventory, zcomp, name, parameters)
        }
        Request::SetLimit(name, limit) => set_limit(inventory, zcomp, name, limit),
        Request::Reset(name) => match inventory.named(name) {
            Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
            Device::Empty(..) | Device::Ready(..) => {
                empty(inventory, zcomp, name.id, Emptying::Reset)
            }
        },
        Request::Compact(name) => match inventory.named(name) {
            Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
            Device::Empty(..) => refuse(inventory, zcomp, Refusal::NotInitialised),
            Device::Ready(..) => {
                let effects = Effects::NONE.and(Effect::Compact(name.id));
                rest(inventory, zcomp, effects.and_reply(Ok(Answer::Done)))
            }
        },
        Request::Cpu(cpu, stage) => change_cpu(inventory, zcomp, cpu, stage),
        Request::Exit => claim_next(inventory, zcomp, DeviceSet::EMPTY),
    }
}

fn resume(inventory: Inventory, job: Job, outcome: Outcome) -> Result<Transition, Forbidden> {
    match (job, outcome) {
        (Job::Building(it, zcomp), Outcome::Done) => {
            let walk = zcomp.add_instance(it.view.name.id);
            Ok(starting(inventory, it, walk.expect("a device that is not ready is no instance")))
        }
        (Job::Building(_, zcomp) | Job::Growing(_, zcomp), Outcome::NoMemory) => {
            Ok(refuse(inventory, zcomp, Refusal::NoMemory))
        }
        (Job::Starting(it, walk), Outcome::Done) => Ok(starting(inventory, it, done(walk))),
        (Job::Starting(it, walk), Outcome::NoMemory) => {
            failed(walk).map(|progress| starting(inventory, it, progress))
        }
        (Job::Claiming(id, emptying, zcomp), Outcome::Done) => {
            Ok(empty_claimed(inventory, zcomp, id, emptying))
        }
        (Job::Claiming(_, _, zcomp) | Job::GivingUp(_, zcomp), Outcome::Busy) => {
            Ok(refuse(inventory, zcomp, Refusal::Open))
        }
        (Job::Stopping(id, emptying, walk), Outcome::Done) => {
            Ok(stopping(inventory, id, emptying, done(walk)))
        }
        (Job::Growing(it, zcomp) | Job::GivingUp(it, zcomp), Outcome::Done) => {
            Ok(resized(inventory, zcomp, it, DeviceSet::EMPTY))
        }
        (Job::ClaimingToShrink(it, zcomp), Outcome::Done) => {
            let shrink = Ask::Shrink(it.name.id, it.pages);
            Ok(ask(inventory, Job::Shrinking(it, zcomp), shrink))
        }
        (Job::ClaimingToShrink(it, zcomp), Outcome::Busy) => {
            let give_up = Ask::GiveUp(it.name.id, it.pages);
            Ok(ask(inventory, Job::GivingUp(it, zcomp), give_up))
        }
        (Job::Shrinking(it, zcomp), Outcome::Done) => {
            Ok(resized(inventory, zcomp, it, DeviceSet::EMPTY.with(it.name.id)))
        }
        (Job::Shrinking(it, zcomp), Outcome::Busy) => {
            let effects = Effects::NONE.and(Effect::Release(DeviceSet::EMPTY.with(it.name.id)));
            Ok(rest(inventory, zcomp, effects.and_reply(Err(Refusal::Stored))))
        }
        (Job::Cpu(id, next, walk), Outcome::Done) => {
            Ok(changing_cpu(inventory, id, next, done(walk)))
        }
        (Job::Cpu(id, next, walk), Outcome::NoMemory) => {
            failed(walk).map(|progress| changing_cpu(inventory, id, next, progress))
        }
        (Job::ClaimingAll(claimed, id, zcomp), Outcome::Done) => {
            Ok(claim_next(inventory, zcomp, claimed.with(id)))
        }
        (Job::ClaimingAll(claimed, _, zcomp), Outcome::Busy) => {
            let effects = Effects::NONE.and(Effect::Release(claimed));
            Ok(rest(inventory, zcomp, effects.and_reply(Err(Refusal::Open))))
        }
        (Job::Closing(id, walk), Outcome::Done) => Ok(closing(inventory, id, done(walk))),
        (
            Job::Building(..) | Job::Starting(..) | Job::Growing(..) | Job::Cpu(..),
            Outcome::Busy,
        )
        | (
            Job::Claiming(..)
            | Job::ClaimingAll(..)
            | Job::ClaimingToShrink(..)
            | Job::GivingUp(..)
            | Job::Shrinking(..),
            Outcome::NoMemory,
        )
        | (Job::Stopping(..) | Job::Closing(..), Outcome::NoMemory | Outcome::Busy) => {
            Err(Forbidden)
        }
    }
}

fn done(walk: Walk) -> Progress {
    walk.after(hotplug::Outcome::Done)
}

fn failed(walk: Walk) -> Result<Progress, Forbidden> {
    if walk.is_starting() { Ok(walk.after(hotplug::Outcome::Failed)) } else { Err(Forbidden) }
}

fn rest(inventory: Inventory, zcomp: hotplug::State, effects: Effects) -> Transition {
    Transition { state: State::Idle(inventory, zcomp), effects, ask: None }
}

fn ask(inventory: Inventory, job: Job, ask: Ask) -> Transition {
    Transition { state: State::Busy(inventory, job), effects: Effects::NONE, ask: Some(ask) }
}

fn refuse(inventory: Inventory, zcomp: hotplug::State, refusal: Refusal) -> Transition {
    rest(inventory, zcomp, Effects::NONE.and_reply(Err(refusal)))
}

/// Sets the device, shows it, and answers.
fn publish(
    mut inventory: Inventory,
    zcomp: hotplug::State,
    device: Device,
    answer: Answer,
) -> Transition {
    let view = match device {
        Device::Absent => return refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Empty(name, settings) => View { name, settings, pages: None },
        Device::Ready(name, settings, pages) => View { name, settings, pages: Some(pages) },
    };
    inventory.set(view.name.id, device);
    rest(inventory, zcomp, Effects::NONE.and(Effect::Publish(view)).and_reply(Ok(answer)))
}

#[cfg(test)]
mod tests;
