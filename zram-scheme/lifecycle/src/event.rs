//! The input of the lifecycle core: requests, and the outcomes of its own questions.
//!
//! Every value was checked where it entered (`attributes`, `events`), so the core sees typed,
//! trusted values. Neighbours: `step.rs` consumes events, `effect.rs` is the output.

use core::num::NonZeroU32;

use hotplug::{CpuId, InstanceId, Stage};
use zram::{Algorithm, Compressor};

/// Size of a device in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pages(NonZeroU32);

impl Pages {
    /// Most pages of a device: the cookie of `SWAP_ATTACH` has 31 bits for them.
    pub const MAX: u32 = (1 << 31) - 1;

    /// Returns the size that holds `bytes`, rounded up to a page.
    ///
    /// # Errors
    ///
    /// [`SizeError`], if there is no such size.
    pub fn holding(bytes: u64) -> Result<Self, SizeError> {
        let pages = bytes.div_ceil(zram_abi::PAGE_SIZE as u64);
        if pages > u64::from(Self::MAX) {
            return Err(SizeError::TooBig);
        }
        NonZeroU32::new(pages as u32).map(Self).ok_or(SizeError::Zero)
    }

    /// Returns the number of pages.
    pub const fn count(self) -> u32 {
        self.0.get()
    }

    /// Returns the number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0.get() as u64 * zram_abi::PAGE_SIZE as u64
    }
}

/// Why a number of bytes is no size of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeError {
    /// A device has at least one page.
    Zero,
    /// More than [`Pages::MAX`] pages; no table is that large.
    TooBig,
}

/// Number of a device, as in `zram:N`. It is also its instance number of the hotplug state.
pub type DeviceId = InstanceId;

/// One life of a device: its number and a serial that no other device of this run has (I-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceName {
    /// Number of the device.
    pub id: DeviceId,
    /// Counts additions since the daemon started.
    pub serial: u64,
}

/// What a device is configured with before it has a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// What compresses its pages.
    pub compressor: Compressor,
    /// Most bytes of its pool, whole pages; 0 is no limit.
    pub limit_bytes: u64,
    /// Bytes of its pool, whole pages, from which on who watches it is told; 0 is none.
    pub watermark_bytes: u64,
}

impl Settings {
    /// What a new device has, and a device after reset.
    pub const DEFAULT: Self =
        Self { compressor: Compressor::DEFAULT, limit_bytes: 0, watermark_bytes: 0 };
}

/// A bound for the bytes of a device's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// No page is taken beyond it.
    Hard(u64),
    /// Whoever watches the device is told.
    Soft(u64),
}

/// How a device's algorithm is to work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// The algorithm that is meant, if it was named.
    pub algorithm: Option<Algorithm>,
    /// Its level; nothing is the default.
    pub level: Option<i32>,
}

/// What somebody asks of the lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Add a device; without `id`, of the lowest free number. With `pages` it is initialised in the
    /// same step, so nobody sees it half configured.
    Add {
        /// Number wanted.
        id: Option<DeviceId>,
        /// Its settings.
        settings: Settings,
        /// Its size, if it is to be initialised.
        pages: Option<Pages>,
    },
    /// Remove the device of this number, whoever it is.
    Remove(DeviceId),
    /// Initialise an empty device.
    SetDisksize(DeviceName, Pages),
    /// Give an initialised device another size. It grows at any time; it shrinks only while it is not
    /// open and nothing is stored above the new end.
    Resize(DeviceName, Pages),
    /// Choose the algorithm of an empty device, at its default level.
    SetAlgorithm(DeviceName, Algorithm),
    /// Choose the level of an empty device's algorithm.
    SetParameters(DeviceName, Parameters),
    /// Change a bound of a device's pool.
    SetLimit(DeviceName, Limit),
    /// Forget content and settings.
    Reset(DeviceName),
    /// Move objects together and give pool pages back.
    Compact(DeviceName),
    /// A CPU changes.
    Cpu(CpuId, Stage),
    /// Remove all devices and end.
    Exit,
}

impl Request {
    /// Returns the device that it is about; nothing if it is about none or a new one.
    pub const fn device(self) -> Option<DeviceId> {
        match self {
            Self::Remove(id) => Some(id),
            Self::SetDisksize(name, _)
            | Self::Resize(name, _)
            | Self::SetAlgorithm(name, _)
            | Self::SetParameters(name, _)
            | Self::SetLimit(name, _)
            | Self::Reset(name)
            | Self::Compact(name) => Some(name.id),
            Self::Add { .. } | Self::Cpu(..) | Self::Exit => None,
        }
    }

    /// Returns the size that a device is to get.
    pub const fn wanted(self) -> Option<Pages> {
        match self {
            Self::Add { pages, .. } => pages,
            Self::SetDisksize(_, pages) | Self::Resize(_, pages) => Some(pages),
            Self::Remove(_)
            | Self::SetAlgorithm(..)
            | Self::SetParameters(..)
            | Self::SetLimit(..)
            | Self::Reset(_)
            | Self::Compact(_)
            | Self::Cpu(..)
            | Self::Exit => None,
        }
    }
}

/// How a question of the core went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// A claim was refused, because the device is open; or a shrink, because a page is stored above
    /// the new end, or the kernel may have one there.
    Busy,
    /// Memory was missing; nothing is left behind.
    NoMemory,
}

/// What happens to the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody asks. Only a core at rest takes it; the mailbox keeps the others.
    Request(Request),
    /// The question that the last transition asked was answered.
    Outcome(Outcome),
}

#[cfg(test)]
mod tests {
    use super::{Pages, SizeError};

    #[test]
    fn a_size_is_rounded_up_to_a_page() {
        for (bytes, pages) in [(1, 1), (4095, 1), (4096, 1), (4097, 2), (1 << 40, 1 << 28)] {
            assert_eq!(Pages::holding(bytes).map(Pages::count), Ok(pages));
        }
        assert_eq!(Pages::holding(4097).map(Pages::bytes), Ok(8192));
    }

    #[test]
    fn no_bytes_and_eight_tebibytes_are_no_size() {
        assert_eq!(Pages::holding(0), Err(SizeError::Zero));
        assert!(Pages::holding((1 << 43) - 4096).is_ok());
        assert_eq!(Pages::holding((1 << 43) - 4095), Err(SizeError::TooBig));
        assert_eq!(Pages::holding(u64::MAX), Err(SizeError::TooBig));
    }
}
