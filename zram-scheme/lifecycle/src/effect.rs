//! The output of the lifecycle core: effects and questions.
//!
//! A transition yields up to [`EFFECTS_MAX`] effects, performed in order and unable to fail, and at
//! most one question ([`Ask`]), whose outcome is the core's next event. Nothing else happens in
//! between, so an operation that can fail stands alone. Neighbours: `step.rs` produces effects,
//! `drive.rs` has them performed.

use hotplug::{InstanceSet, Step};

use crate::event::{DeviceId, DeviceName, Pages, Settings};

/// What everybody may see of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Its number and serial.
    pub name: DeviceName,
    /// Its settings.
    pub settings: Settings,
    /// Its size once it is initialised.
    pub pages: Option<Pages>,
}

/// Devices by number.
pub type DeviceSet = InstanceSet;

/// Something to do that cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Show the view, and apply its limit to the content if there is one.
    Publish(View),
    /// Make the content that was built the device's own and show the view, in one step.
    Install(View),
    /// Give back the content that was built.
    DropBuilt,
    /// Show the view of the claimed device and take its content out, to be given back; then let opens
    /// in.
    Clear(View),
    /// Hide these claimed devices in one step and take their contents out, to be given back; they stay
    /// claimed.
    Retire(DeviceSet),
    /// Let opens of these claimed devices in again.
    Release(DeviceSet),
    /// Compact the content of the device.
    Compact(DeviceId),
    /// Answer the request in progress; each gets exactly one.
    Reply(Result<Answer, Refusal>),
    /// Nothing will ever be done again: refuse what is in the mailbox, and end.
    Finish,
}

/// Something to do that may fail; its outcome is the next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Keep opens out of the device, unless it is open ([`crate::Outcome::Busy`]).
    Claim(DeviceId),
    /// Allocate the content that the view describes.
    Build(View),
    /// Give the content of the device more pages.
    Grow(DeviceId, Pages),
    /// Give the content of the claimed device fewer pages, unless one is stored above them
    /// ([`crate::Outcome::Busy`]).
    Shrink(DeviceId, Pages),
    /// Have the kernel end the area of the mounted device at so many pages, which it does only if it has
    /// given up those above before; else, or if it is somebody else who has the device open,
    /// [`crate::Outcome::Busy`].
    GiveUp(DeviceId, Pages),
    /// Start or stop a stream; a stop is always [`crate::Outcome::Done`].
    Step(Step),
}

/// What a request that succeeded answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It was done.
    Done,
    /// The device that was added.
    Added(DeviceId),
}

/// Why a request was refused. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The daemon has ended.
    Exited,
    /// There is no such device, or it is another one by now.
    NoDevice,
    /// A device of that number exists.
    Exists,
    /// All numbers are taken, or the number wanted is above them.
    NoNumber,
    /// The device is open, so the kernel or a program uses it.
    Open,
    /// The device is initialised; reset it first.
    Initialised,
    /// The device has no size yet.
    NotInitialised,
    /// A page is stored where the device would end.
    Stored,
    /// Memory is missing.
    NoMemory,
    /// This cannot happen to the CPU where it is.
    WrongStage,
    /// The device has another algorithm than the one that is meant.
    OtherAlgorithm,
    /// The device's algorithm has no such level.
    NoSuchLevel,
}

/// Most effects of one transition: exit retires, replies and finishes.
pub(crate) const EFFECTS_MAX: usize = 3;

/// The effects of one transition, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Effects([Option<Effect>; EFFECTS_MAX]);

impl Effects {
    /// No effect.
    pub const NONE: Self = Self([None; EFFECTS_MAX]);

    /// Returns these effects with `effect` behind them.
    ///
    /// # Panics
    ///
    /// If there are `EFFECTS_MAX` already, which is a bug of the core.
    pub fn and(mut self, effect: Effect) -> Self {
        let free = self.0.iter_mut().find(|place| place.is_none());
        *free.expect("no transition has more effects than EFFECTS_MAX") = Some(effect);
        self
    }

    /// Returns these effects with a reply behind them.
    pub fn and_reply(self, reply: Result<Answer, Refusal>) -> Self {
        self.and(Effect::Reply(reply))
    }

    /// Returns the effects in order.
    pub fn iter(&self) -> impl Iterator<Item = Effect> {
        self.0.iter().copied().flatten()
    }
}
