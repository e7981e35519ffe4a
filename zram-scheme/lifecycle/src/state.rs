//! The lifecycle core's state: what exists, and what is in progress.
//!
//! Each variant owns exactly the data valid in it. While a [`hotplug::Walk`] is in progress it owns
//! the hotplug state, so no other code can change it; an ended core owns the proof that no instance
//! is left, so the core cannot end with one (I-3). Neighbour: `step.rs` has the transitions.

use alloc::vec::Vec;

use hotplug::{CPUS_MAX, Cpu, NoInstances, Walk};

use crate::effect::{DeviceSet, View};
use crate::event::{DeviceId, DeviceName, Pages, Settings};

/// A device, as the core knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// There is none of this number.
    Absent,
    /// It has settings, but no size, no content and no stream.
    Empty(DeviceName, Settings),
    /// It has content, and is an instance of the hotplug state.
    Ready(DeviceName, Settings, Pages),
}

/// What is not part of the hotplug state: devices and CPUs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inventory {
    pub(crate) devices: Vec<Device>,
    pub(crate) cpus: [Cpu; CPUS_MAX],
    pub(crate) next_serial: u64,
}

/// The daemon's life.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing is in progress.
    Idle(Inventory, hotplug::State),
    /// One request is in progress; the outcome of a question is awaited.
    Busy(Inventory, Job),
    /// The end; the proof says that nothing is left.
    Exited(NoInstances),
}

/// The request in progress, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// The content of this device is being allocated.
    Building(Initialise, hotplug::State),
    /// Streams of the built content are being started.
    Starting(Initialise, Walk),
    /// The device is being claimed, to empty it.
    Claiming(DeviceId, Emptying, hotplug::State),
    /// Streams of the claimed device are being stopped.
    Stopping(DeviceId, Emptying, Walk),
    /// The content of the device is growing.
    Growing(Resize, hotplug::State),
    /// The device is being claimed, to shrink it.
    ClaimingToShrink(Resize, hotplug::State),
    /// The claimed device is shrinking.
    Shrinking(Resize, hotplug::State),
    /// The device is open, so perhaps mounted: the kernel is asked whether its end is given up.
    GivingUp(Resize, hotplug::State),
    /// Streams of this CPU are being started or stopped; then it will be in the state given.
    Cpu(hotplug::CpuId, Cpu, Walk),
    /// Exit claims one device after the other: those claimed, and the one asked for.
    ClaimingAll(DeviceSet, DeviceId, hotplug::State),
    /// Exit was accepted; streams of this device are being stopped.
    Closing(DeviceId, Walk),
}

/// Why a device gets content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Initialise {
    /// What it will look like.
    pub(crate) view: View,
    /// Whether it is new, so its number is the answer.
    pub(crate) added: bool,
}

/// What a device that is resized will look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resize {
    pub(crate) name: DeviceName,
    pub(crate) settings: Settings,
    pub(crate) pages: Pages,
}

/// What an emptied device becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emptying {
    /// An empty device with default settings.
    Reset,
    /// Absent.
    Remove,
}

impl Inventory {
    /// Returns the device of that number.
    pub fn device(&self, id: DeviceId) -> Device {
        self.devices.get(id.index()).copied().unwrap_or(Device::Absent)
    }

    /// Returns the device of that name, or absent if another life has its number.
    pub(crate) fn named(&self, name: DeviceName) -> Device {
        match self.device(name.id) {
            Device::Empty(found, _) | Device::Ready(found, _, _) if found != name => Device::Absent,
            device => device,
        }
    }

    /// Makes `device` the one of that number; a new one takes the next serial with it.
    pub(crate) fn set(&mut self, id: DeviceId, device: Device) {
        match device {
            Device::Absent => {}
            Device::Empty(name, _) | Device::Ready(name, _, _) => {
                self.next_serial = self.next_serial.max(name.serial + 1);
            }
        }
        let place = self.devices.get_mut(id.index());
        *place.expect("only numbers that were looked up are set") = device;
    }

    /// Returns the existing devices, those that are not initialised too.
    pub(crate) fn existing(&self) -> DeviceSet {
        let all = self.devices.iter().enumerate();
        all.filter(|(_, device)| **device != Device::Absent)
            .filter_map(|(index, _)| DeviceId::new(index as u32))
            .fold(DeviceSet::EMPTY, DeviceSet::with)
    }

    /// Returns where the CPU is.
    pub fn cpu(&self, cpu: hotplug::CpuId) -> Cpu {
        self.cpus[cpu.index()]
    }

    pub(crate) fn set_cpu(&mut self, cpu: hotplug::CpuId, state: Cpu) {
        self.cpus[cpu.index()] = state;
    }
}

impl State {
    /// Returns a daemon without devices that has not heard of any CPU.
    ///
    /// # Errors
    ///
    /// [`zram::NoMemory`], if the table of `devices_max` devices cannot be allocated.
    pub fn new(devices_max: usize) -> Result<Self, zram::NoMemory> {
        let mut devices = Vec::new();
        devices.try_reserve_exact(devices_max).map_err(|_| zram::NoMemory)?;
        devices.resize(devices_max, Device::Absent);
        let inventory = Inventory { devices, cpus: [Cpu::Offline; CPUS_MAX], next_serial: 0 };
        Ok(Self::Idle(inventory, hotplug::State::new()))
    }
}
