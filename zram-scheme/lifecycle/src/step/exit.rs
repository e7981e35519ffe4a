//! The daemon's end: all devices are claimed, then emptied, then removed at once.
//!
//! Nothing changes before every device is claimed, so that a refused exit leaves everything as it was.
//! Relied on by `step`, which has the tables.

use hotplug::Progress;

use super::{Transition, ask};
use crate::effect::{Answer, Ask, DeviceSet, Effect, Effects};
use crate::event::DeviceId;
use crate::state::{Inventory, Job, State};

/// Exit claims every device before it changes anything, and is accepted once it has them all.
pub(super) fn claim_next(
    inventory: Inventory,
    zcomp: hotplug::State,
    claimed: DeviceSet,
) -> Transition {
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

pub(super) fn closing(inventory: Inventory, id: DeviceId, progress: Progress) -> Transition {
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
