//! How a device gets its content: with `disksize`, or at once when it is added.
//!
//! The content is built first and becomes the device's own when every CPU has its stream, so that a
//! failure before that leaves nothing behind. Relied on by `step`, which has the tables.

use hotplug::Progress;

use super::{Transition, ask, publish, refuse, rest};
use crate::effect::{Answer, Ask, Effect, Effects, Refusal, View};
use crate::event::{DeviceId, DeviceName, Pages, Settings};
use crate::state::{Device, Initialise, Inventory, Job};

pub(super) fn add(
    inventory: Inventory,
    zcomp: hotplug::State,
    wanted: Option<DeviceId>,
    settings: Settings,
    pages: Option<Pages>,
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

pub(super) fn set_disksize(
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

pub(super) fn starting(mut inventory: Inventory, it: Initialise, progress: Progress) -> Transition {
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
