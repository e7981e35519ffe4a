//! The words of refusals for people, in one line for `last_error`.
//!
//! Each line begins with the file and a colon, so that the reader can tell whether it is about the
//! file that was written. Neighbours: `attributes/mistake.rs` for mistakes in the written bytes
//! themselves, `notes.rs` for notes about accepted writes.

use core::fmt::{self, Display, Formatter};

use zram::Algorithm;
use zram_lifecycle::{DeviceId, DeviceSet, Pages, Refusal, Request, View};

use crate::data::{DataError, TRANSFER_PAGES_MAX};
use crate::devices::DEVICES_MAX;
use crate::scheme::{Fault, File};
use crate::text::Words;
use crate::threads::PostError;

/// Names in a row, a blank between two.
pub(crate) struct Names<I>(pub(crate) I);

impl<I: Iterator<Item: Display> + Clone> Display for Names<I> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.clone().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(formatter, "{blank}{name}")?;
        }
        Ok(())
    }
}

/// Which levels each algorithm has.
pub(crate) struct Levels;

impl Display for Levels {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, algorithm) in Algorithm::ALL.iter().enumerate() {
            let has = if index == 0 { " has" } else { "" };
            let comma = if index == 0 { "" } else { ", " };
            let (name, levels) = (algorithm.name(), algorithm.levels());
            let (first, last) = (levels.start(), levels.end());
            if first == last {
                write!(formatter, "{comma}{name}{has} only {first}")?;
            } else {
                write!(formatter, "{comma}{name}{has} {first} to {last}")?;
            }
        }
        Ok(())
    }
}

/// Who has a device open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The kernel, to swap to it.
    Swap,
    /// A program.
    Program,
}

/// What is known of a refused request, for its words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// What was asked.
    pub asked: Option<Request>,
    /// The device that it is about, as it is now.
    pub device: Option<View>,
    /// A device that is open, and who has it.
    pub holder: Option<(DeviceId, Holder)>,
    /// The devices that there are.
    pub devices: DeviceSet,
}

/// Returns why a write to `file` was refused, and what helps.
pub fn refusal(refusal: Refusal, file: &str, known: &Circumstances) -> Words {
    Words::of(format_args!("{file}: {}", Refused { refusal, known }))
}

struct Refused<'a> {
    refusal: Refusal,
    known: &'a Circumstances,
}

impl Display for Refused<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self.refusal {
            Refusal::Exited => to.write_str("the daemon has ended"),
            Refusal::NoDevice => self.no_device(to),
            Refusal::Exists => {
                to.write_str("a device of that id exists; without id= a free one is taken")
            }
            Refusal::NoNumber => write!(to, "no id is free, {DEVICES_MAX} devices are the most"),
            Refusal::Open => self.open(to),
            Refusal::Initialised => self.initialised(to),
            Refusal::NotInitialised => {
                to.write_str("the device has no disksize yet, write that first")
            }
            Refusal::Stored => to.write_str("a page is stored above the new end, discard it first"),
            Refusal::NoMemory => self.no_memory(to),
            Refusal::WrongStage => to.write_str("not possible for this cpu now"),
            Refusal::OtherAlgorithm => self.other_algorithm(to),
            Refusal::NoSuchLevel => write!(to, "no such level; {Levels}"),
        }
    }
}

impl Refused<'_> {
    fn no_device(&self, to: &mut Formatter<'_>) -> fmt::Result {
        to.write_str("no such device")?;
        let ids = (0..DEVICES_MAX as u32).filter_map(DeviceId::new);
        let mut ids =
            ids.filter(|&id| self.known.devices.contains(id)).map(DeviceId::index).peekable();
        if ids.peek().is_none() {
            return to.write_str("; there is none");
        }
        write!(to, "; there are {}", Names(ids))
    }

    fn open(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self.known.holder {
            Some((id, Holder::Swap)) => {
                let id = id.index();
                write!(to, "device {id} is mounted as swap; ")?;
                match self.known.asked {
                    Some(Request::Resize(..)) => {
                        write!(to, "zramctl --resize BYTES zram:{id} makes it smaller")
                    }
                    _ => write!(to, "swapoff zram:{id} first"),
                }
            }
            Some((id, Holder::Program)) => {
                write!(to, "device {} is open by a program", id.index())
            }
            // It was closed meanwhile.
            None => to.write_str("the device was open, by a program or as swap"),
        }
    }

    fn initialised(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let bytes = self.known.device.and_then(|view| view.pages).map_or(0, Pages::bytes);
        write!(to, "the device is initialised, with {bytes} bytes; reset it first")
    }

    fn no_memory(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self.known.asked.and_then(Request::wanted) {
            Some(pages) => {
                let size_mib = pages.bytes().div_ceil(1 << 20);
                write!(
                    to,
                    "not enough memory for the tables and streams of {size_mib} MiB, nothing was \
                     changed"
                )
            }
            None => to.write_str("not enough memory, nothing was changed"),
        }
    }

    fn other_algorithm(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let name = self
            .known
            .device
            .map_or("another algorithm", |view| view.settings.compressor.algorithm().name());
        write!(to, "the device has {name}; choose with comp_algorithm")
    }
}

/// Returns why the scheme refused a request about a file of device `view`; nothing where the error
/// number says it all.
pub(crate) fn fault(fault: Fault, file: File, view: Option<View>) -> Option<Words> {
    let pages = view.and_then(|view| view.pages);
    let bytes = pages.map_or(0, Pages::bytes);
    let limit_bytes = view.map_or(0, |view| view.settings.limit_bytes);
    let words = |what: fmt::Arguments<'_>| match file {
        File::Device(name) | File::DeviceDirectory(name) => {
            Words::of(format_args!("{}: {what}", name.id.index()))
        }
        file => Words::of(format_args!("{}: {what}", file.name())),
    };
    Some(match fault {
        Fault::Denied => words(format_args!("{}", file.access_words())),
        Fault::Claimed => words(format_args!("it is being reset or removed, try again")),
        Fault::Mounted => words(format_args!("it is mounted as swap, and nobody else opens it")),
        Fault::Shared => words(format_args!("others have it open, so it cannot become swap")),
        Fault::NothingAdded => words(format_args!(
            "nothing was added through this descriptor; write a line to add a device, an empty one \
             if you like, and last_added tells its id"
        )),
        Fault::NotInitialised | Fault::NoSlots => {
            words(format_args!("the device has no disksize yet"))
        }
        Fault::BadRange => words(format_args!("beyond the end, which is at {bytes} bytes")),
        Fault::Data(error) => match error {
            DataError::Misaligned => words(format_args!("only whole pages of 4096 bytes")),
            DataError::TooLong => {
                words(format_args!("more than {TRANSFER_PAGES_MAX} pages at once"))
            }
            DataError::PastEnd if pages.is_none() => {
                words(format_args!("no room: the device has no disksize yet"))
            }
            DataError::PastEnd => words(format_args!("no room beyond the end at {bytes} bytes")),
            DataError::Limit => words(format_args!(
                "mem_limit of {limit_bytes} bytes is reached, the page is as it was"
            )),
            DataError::NoReserve => {
                words(format_args!("the machine has no memory for it, the page is as it was"))
            }
            DataError::Full => words(format_args!(
                "the pool has 65536 runs of objects of this size, which is the most there can be"
            )),
            DataError::Unreadable => {
                words(format_args!("the memory to write from ends early, the page is as it was"))
            }
            DataError::Damaged => {
                words(format_args!("what is stored does not match its checksum, the page is lost"))
            }
        },
        Fault::Post(PostError::Full) => words(format_args!("too many requests wait, try again")),
        Fault::Post(PostError::Closed) => words(format_args!("the daemon has ended")),
        Fault::NoFile
        | Fault::NotDirectory
        | Fault::IsDirectory
        | Fault::NameTooLong
        | Fault::Exists
        | Fault::TooManyHandles
        | Fault::NoHandle
        | Fault::NoDevice
        | Fault::NoMemory
        | Fault::Unsupported
        | Fault::Mistake(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Circumstances, Holder, Levels, fault, refusal};
    use crate::data::DataError;
    use crate::scheme::{Fault, File};
    use zram_lifecycle::{DeviceId, DeviceName, DeviceSet, Pages, Refusal, Request};

    #[test]
    fn levels_are_those_of_each_algorithm() {
        let words = format!("{Levels}");
        assert!(words.starts_with("pagelz has 1 to 9, lz4 1 to 65537, lz4-safe only 1"), "{words}");
    }

    #[test]
    fn who_holds_a_device_is_named() {
        let id = DeviceId::new(3).unwrap();
        let held =
            |holder| Circumstances { holder: Some((id, holder)), ..Circumstances::default() };
        let words = |holder| refusal(Refusal::Open, "reset", &held(holder));
        assert_eq!(
            words(Holder::Swap).text(),
            "reset: device 3 is mounted as swap; swapoff zram:3 first"
        );
        assert_eq!(words(Holder::Program).text(), "reset: device 3 is open by a program");
    }

    #[test]
    fn what_makes_a_mounted_device_smaller_is_named() {
        let id = DeviceId::new(3).unwrap();
        let name = DeviceName { id, serial: 0 };
        let pages = Pages::holding(4096).unwrap();
        let known = Circumstances {
            asked: Some(Request::Resize(name, pages)),
            holder: Some((id, Holder::Swap)),
            ..Circumstances::default()
        };
        assert_eq!(
            refusal(Refusal::Open, "resize", &known).text(),
            "resize: device 3 is mounted as swap; zramctl --resize BYTES zram:3 makes it smaller"
        );
    }

    #[test]
    fn a_pool_at_its_greatest_size_is_told_with_the_number() {
        let words = fault(Fault::Data(DataError::Full), File::Root, None);
        assert!(words.is_some_and(|words| words.text().contains("65536 runs")));
    }

    #[test]
    fn who_names_no_device_is_told_which_there_are() {
        let ids = [0, 2].map(|id| DeviceId::new(id).unwrap());
        let devices = ids.into_iter().fold(DeviceSet::EMPTY, DeviceSet::with);
        let known = Circumstances { devices, ..Circumstances::default() };
        let words = refusal(Refusal::NoDevice, "hot_remove", &known);
        assert_eq!(words.text(), "hot_remove: no such device; there are 0 2");
        let words = refusal(Refusal::NoDevice, "hot_remove", &Circumstances::default());
        assert_eq!(words.text(), "hot_remove: no such device; there is none");
    }
}
