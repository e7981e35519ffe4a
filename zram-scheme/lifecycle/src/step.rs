//! The lifecycle core: one pure function from (state, event) to (state, effects, question).
//!
//! It is run by the actor's thread alone, so under no lock; the actor feeds it one request and then
//! the outcomes of its questions until it is at rest again. No I/O, no clock, no allocation.
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
//! | ClaimingToShrink | Shrinking | - | reply |
//! | Shrinking | publish, release and reply | - | release, reply |
//! | Cpu | next step; reply | undo; reply | - |
//! | ClaimingAll | next claim; Closing; Exited | - | release all, reply |
//! | Closing | next step; next device; Exited | - | - |
//!
//! `Exited` refuses every request with [`Refusal::Exited`]; outcomes are forbidden. A minus is
//! [`Forbidden`], a bug of the caller, which the actor asserts not to happen.

use core::cmp::Ordering;

use hotplug::{Progress, Walk, cpu};
use zram::Compressor;

use crate::effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
use crate::event::{
    DeviceId, DeviceName, Event, Limit, Outcome, Pages, Parameters, Request, Settings,
};
use crate::state::{Device, Emptying, Initialise, Inventory, Job, Resize, State};

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
        Request::Add { id, settings, pages } => add(inventory, zcomp, id, (settings, pages)),
        Request::Remove(id) => empty(inventory, zcomp, id, Emptying::Remove),
        Request::SetDisksize(name, pages) => set_disksize(inventory, zcomp, name, pages),
        Request::Resize(name, pages) => resize(inventory, zcomp, name, pages),
        Request::SetAlgorithm(name, algorithm) => match inventory.named(name) {
            Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
            Device::Ready(..) => refuse(inventory, zcomp, Refusal::Initialised),
            Device::Empty(_, settings) => {
                let settings = Settings { compressor: Compressor::of(algorithm), ..settings };
                publish(inventory, zcomp, Device::Empty(name, settings), Answer::Done)
            }
        },
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
        (Job::Building(_, zcomp), Outcome::NoMemory) => {
            Ok(refuse(inventory, zcomp, Refusal::NoMemory))
        }
        (Job::Starting(it, walk), Outcome::Done) => Ok(starting(inventory, it, done(walk))),
        (Job::Starting(it, walk), Outcome::NoMemory) => {
            failed(walk).map(|progress| starting(inventory, it, progress))
        }
        (Job::Claiming(id, emptying, zcomp), Outcome::Done) => {
            Ok(empty_claimed(inventory, zcomp, id, emptying))
        }
        (Job::Claiming(_, _, zcomp), Outcome::Busy) => Ok(refuse(inventory, zcomp, Refusal::Open)),
        (Job::Stopping(id, emptying, walk), Outcome::Done) => {
            Ok(stopping(inventory, id, emptying, done(walk)))
        }
        (Job::Growing(it, zcomp), Outcome::Done) => {
            Ok(resized(inventory, zcomp, it, DeviceSet::EMPTY))
        }
        (Job::Growing(_, zcomp), Outcome::NoMemory) => {
            Ok(refuse(inventory, zcomp, Refusal::NoMemory))
        }
        (Job::ClaimingToShrink(it, zcomp), Outcome::Done) => {
            let shrink = Ask::Shrink(it.name.id, it.pages);
            Ok(ask(inventory, Job::Shrinking(it, zcomp), shrink))
        }
        (Job::ClaimingToShrink(_, zcomp), Outcome::Busy) => {
            Ok(refuse(inventory, zcomp, Refusal::Open))
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

fn set_limit(
    inventory: Inventory,
    zcomp: hotplug::State,
    name: DeviceName,
    limit: Limit,
) -> Transition {
    let with_limit = |settings: Settings| match limit {
        Limit::Hard(limit_bytes) => Settings { limit_bytes, ..settings },
        Limit::Soft(watermark_bytes) => Settings { watermark_bytes, ..settings },
    };
    let device = match inventory.named(name) {
        Device::Absent => return refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Empty(_, settings) => Device::Empty(name, with_limit(settings)),
        Device::Ready(_, settings, pages) => Device::Ready(name, with_limit(settings), pages),
    };
    publish(inventory, zcomp, device, Answer::Done)
}

fn set_parameters(
    inventory: Inventory,
    zcomp: hotplug::State,
    name: DeviceName,
    parameters: Parameters,
) -> Transition {
    let settings = match inventory.named(name) {
        Device::Absent => return refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Ready(..) => return refuse(inventory, zcomp, Refusal::Initialised),
        Device::Empty(_, settings) => settings,
    };
    let algorithm = settings.compressor.algorithm();
    if parameters.algorithm.is_some_and(|meant| meant != algorithm) {
        return refuse(inventory, zcomp, Refusal::OtherAlgorithm);
    }
    let default = Compressor::of(algorithm);
    let compressor = match parameters.level {
        None => Ok(default),
        Some(level) => Compressor::with_level(algorithm, level),
    };
    let Ok(compressor) = compressor else { return refuse(inventory, zcomp, Refusal::NoSuchLevel) };
    let device = Device::Empty(name, Settings { compressor, ..settings });
    publish(inventory, zcomp, device, Answer::Done)
}

fn add(
    inventory: Inventory,
    zcomp: hotplug::State,
    wanted: Option<DeviceId>,
    (settings, pages): (Settings, Option<Pages>),
) -> Transition {
    let id = match free_number(&inventory, wanted) {
        Ok(id) => id,
        Err(refusal) => return refuse(inventory, zcomp, refusal),
    };
    let name = DeviceName { id, serial: inventory.next_serial };
    match pages {
        None => publish(inventory, zcomp, Device::Empty(name, settings), Answer::Added(id)),
        Some(_) => {
            let view = View { name, settings, pages };
            let job = Job::Building(Initialise { view, added: true }, zcomp);
            ask(inventory, job, Ask::Build(view))
        }
    }
}

fn free_number(inventory: &Inventory, wanted: Option<DeviceId>) -> Result<DeviceId, Refusal> {
    let is_free = |id: &DeviceId| inventory.device(*id) == Device::Absent;
    let id = match wanted {
        Some(id) if is_free(&id) => Some(id),
        Some(_) => return Err(Refusal::Exists),
        None => (0..inventory.devices.len() as u32).filter_map(DeviceId::new).find(is_free),
    };
    id.filter(|id| id.index() < inventory.devices.len()).ok_or(Refusal::NoNumber)
}

fn set_disksize(
    inventory: Inventory,
    zcomp: hotplug::State,
    name: DeviceName,
    pages: Pages,
) -> Transition {
    match inventory.named(name) {
        Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Ready(..) => refuse(inventory, zcomp, Refusal::Initialised),
        Device::Empty(name, settings) => {
            let view = View { name, settings, pages: Some(pages) };
            let job = Job::Building(Initialise { view, added: false }, zcomp);
            ask(inventory, job, Ask::Build(view))
        }
    }
}

fn starting(mut inventory: Inventory, it: Initialise, progress: Progress) -> Transition {
    let Initialise { view, added } = it;
    match progress {
        Progress::Step(walk, step) => ask(inventory, Job::Starting(it, walk), Ask::Step(step)),
        Progress::Finished(zcomp, Ok(())) => {
            if let Some(pages) = view.pages {
                inventory.set(view.name.id, Device::Ready(view.name, view.settings, pages));
            }
            let answer = if added { Answer::Added(view.name.id) } else { Answer::Done };
            rest(inventory, zcomp, Effects::NONE.and(Effect::Install(view)).and_reply(Ok(answer)))
        }
        Progress::Finished(zcomp, Err(_)) => {
            let effects = Effects::NONE.and(Effect::DropBuilt);
            rest(inventory, zcomp, effects.and_reply(Err(Refusal::NoMemory)))
        }
    }
}

fn resize(
    inventory: Inventory,
    zcomp: hotplug::State,
    name: DeviceName,
    pages: Pages,
) -> Transition {
    let (settings, now) = match inventory.named(name) {
        Device::Absent => return refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Empty(..) => return refuse(inventory, zcomp, Refusal::NotInitialised),
        Device::Ready(_, settings, now) => (settings, now),
    };
    let it = Resize { name, settings, pages };
    match pages.cmp(&now) {
        Ordering::Equal => rest(inventory, zcomp, Effects::NONE.and_reply(Ok(Answer::Done))),
        Ordering::Greater => ask(inventory, Job::Growing(it, zcomp), Ask::Grow(name.id, pages)),
        Ordering::Less => ask(inventory, Job::ClaimingToShrink(it, zcomp), Ask::Claim(name.id)),
    }
}

/// Ends a resize: shows the size, and only then lets go of the device if it was claimed.
fn resized(
    mut inventory: Inventory,
    zcomp: hotplug::State,
    it: Resize,
    claimed: DeviceSet,
) -> Transition {
    let Resize { name, settings, pages } = it;
    inventory.set(name.id, Device::Ready(name, settings, pages));
    let effects = Effects::NONE.and(Effect::Publish(View { name, settings, pages: Some(pages) }));
    let effects = if claimed.is_empty() { effects } else { effects.and(Effect::Release(claimed)) };
    rest(inventory, zcomp, effects.and_reply(Ok(Answer::Done)))
}

fn empty(
    inventory: Inventory,
    zcomp: hotplug::State,
    id: DeviceId,
    emptying: Emptying,
) -> Transition {
    match inventory.device(id) {
        Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Empty(..) | Device::Ready(..) => {
            ask(inventory, Job::Claiming(id, emptying, zcomp), Ask::Claim(id))
        }
    }
}

fn empty_claimed(
    inventory: Inventory,
    zcomp: hotplug::State,
    id: DeviceId,
    emptying: Emptying,
) -> Transition {
    match zcomp.remove_instance(id) {
        Ok(progress) => stopping(inventory, id, emptying, progress),
        Err(hotplug::Unchanged(zcomp)) => emptied(inventory, zcomp, id, emptying),
    }
}

fn stopping(
    inventory: Inventory,
    id: DeviceId,
    emptying: Emptying,
    progress: Progress,
) -> Transition {
    match progress {
        Progress::Step(walk, step) => {
            ask(inventory, Job::Stopping(id, emptying, walk), Ask::Step(step))
        }
        Progress::Finished(zcomp, _) => emptied(inventory, zcomp, id, emptying),
    }
}

/// Ends a reset or removal: the device is claimed and has no stream any more.
fn emptied(
    mut inventory: Inventory,
    zcomp: hotplug::State,
    id: DeviceId,
    emptying: Emptying,
) -> Transition {
    let effect = match (inventory.device(id), emptying) {
        (Device::Empty(name, _) | Device::Ready(name, _, _), Emptying::Reset) => {
            let settings = Settings::DEFAULT;
            inventory.set(id, Device::Empty(name, settings));
            Effect::Clear(View { name, settings, pages: None })
        }
        (Device::Empty(..) | Device::Ready(..) | Device::Absent, Emptying::Remove)
        | (Device::Absent, Emptying::Reset) => {
            inventory.set(id, Device::Absent);
            Effect::Retire(DeviceSet::EMPTY.with(id))
        }
    };
    rest(inventory, zcomp, Effects::NONE.and(effect).and_reply(Ok(Answer::Done)))
}

fn change_cpu(
    mut inventory: Inventory,
    zcomp: hotplug::State,
    id: hotplug::CpuId,
    stage: hotplug::Stage,
) -> Transition {
    let Ok((next, effect)) = inventory.cpu(id).after(stage) else {
        return refuse(inventory, zcomp, Refusal::WrongStage);
    };
    let walk = match effect {
        cpu::Effect::None => {
            inventory.set_cpu(id, next);
            return rest(inventory, zcomp, Effects::NONE.and_reply(Ok(Answer::Done)));
        }
        cpu::Effect::Start => zcomp.cpu_up(id),
        cpu::Effect::Stop => zcomp.cpu_down(id),
    };
    changing_cpu(inventory, id, next, walk.expect("a CPU is up if and only if it is not offline"))
}

fn changing_cpu(
    mut inventory: Inventory,
    id: hotplug::CpuId,
    next: hotplug::Cpu,
    progress: Progress,
) -> Transition {
    match progress {
        Progress::Step(walk, step) => ask(inventory, Job::Cpu(id, next, walk), Ask::Step(step)),
        Progress::Finished(zcomp, Ok(())) => {
            inventory.set_cpu(id, next);
            rest(inventory, zcomp, Effects::NONE.and_reply(Ok(Answer::Done)))
        }
        Progress::Finished(zcomp, Err(_)) => refuse(inventory, zcomp, Refusal::NoMemory),
    }
}

/// Exit claims every device before it changes anything, and is accepted once it has them all.
fn claim_next(inventory: Inventory, zcomp: hotplug::State, claimed: DeviceSet) -> Transition {
    let next = inventory.existing().difference(claimed).first();
    match next {
        Some(id) => ask(inventory, Job::ClaimingAll(claimed, id, zcomp), Ask::Claim(id)),
        None => close_next(inventory, zcomp),
    }
}

fn close_next(inventory: Inventory, zcomp: hotplug::State) -> Transition {
    let Some(id) = zcomp.instances().first() else { return end(inventory, zcomp) };
    closing(inventory, id, zcomp.remove_instance(id).expect("it was found among the instances"))
}

fn closing(inventory: Inventory, id: DeviceId, progress: Progress) -> Transition {
    match progress {
        Progress::Step(walk, step) => ask(inventory, Job::Closing(id, walk), Ask::Step(step)),
        Progress::Finished(zcomp, _) => close_next(inventory, zcomp),
    }
}

fn end(inventory: Inventory, zcomp: hotplug::State) -> Transition {
    let proof = zcomp.remove().expect("every instance was removed before");
    let effects = Effects::NONE.and(Effect::Retire(inventory.existing()));
    let effects = effects.and_reply(Ok(Answer::Done)).and(Effect::Finish);
    Transition { state: State::Exited(proof), effects, ask: None }
}

#[cfg(test)]
mod tests;
