//! Settings of a device: algorithm, its parameters, limits.
//!
//! The settings that a content was made with stay the same while the content lives; limits may
//! change at any time. Relied on by `step`, which has the tables.

use zram::{Algorithm, Compressor};

use super::{Transition, publish, refuse};
use crate::effect::{Answer, Refusal};
use crate::event::{DeviceName, Limit, Parameters, Settings};
use crate::state::{Device, Inventory};

pub(super) fn set_algorithm(
    inventory: Inventory,
    zcomp: hotplug::State,
    name: DeviceName,
    algorithm: Algorithm,
) -> Transition {
    match inventory.named(name) {
        Device::Absent => refuse(inventory, zcomp, Refusal::NoDevice),
        Device::Ready(..) => refuse(inventory, zcomp, Refusal::Initialised),
        Device::Empty(_, settings) => {
            let settings = Settings { compressor: Compressor::of(algorithm), ..settings };
            publish(inventory, zcomp, Device::Empty(name, settings), Answer::Done)
        }
    }
}

pub(super) fn set_limit(
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

pub(super) fn set_parameters(
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
