//! How a device loses its content: reset, which keeps the device, and removal.
//!
//! The device is claimed first, then the streams of all CPUs are stopped, and only then is it
//! emptied. Relied on by `step`, which has the tables.

use hotplug::Progress;

use super::{Transition, ask, refuse, rest};
use crate::effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
use crate::event::{DeviceId, Settings};
use crate::state::{Device, Emptying, Inventory, Job};

pub(super) fn empty(
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

pub(super) fn empty_claimed(
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

pub(super) fn stopping(
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
