//! A new size for a device that has a size.
//!
//! A device grows at once; to shrink it is claimed, so that no thread uses the pages that go.
//! Relied on by `step`, which has the tables.

use core::cmp::Ordering;

use super::{Transition, ask, refuse, rest};
use crate::effect::{Answer, Ask, DeviceSet, Effect, Effects, Refusal, View};
use crate::event::{DeviceName, Pages};
use crate::state::{Device, Inventory, Job, Resize};

pub(super) fn resize(
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
pub(super) fn resized(
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
