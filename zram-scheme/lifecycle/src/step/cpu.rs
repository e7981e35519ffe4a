//! A CPU comes or goes: each content starts or stops its stream for it, or the CPU is refused.
//!
//! `hotplug::cpu` decides the CPU's next state. Relied on by `step`, which has the tables.

use hotplug::{Progress, cpu};

use super::{Transition, ask, refuse, rest};
use crate::effect::{Answer, Ask, Effects, Refusal};
use crate::state::{Inventory, Job};

pub(super) fn change_cpu(
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

pub(super) fn changing_cpu(
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
