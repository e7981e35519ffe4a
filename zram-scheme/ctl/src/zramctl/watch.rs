//! `zramctl watch`: waits until a device changes, or until one is added or removed, and says what
//! changed.
//!
//! It does not poll: the daemon sends events (`fevent`). An event says that something is new and
//! not what, so the program reads the state before it waits and after each event, and prints the
//! difference; it does not see two changes in between that cancel each other. It holds a file of
//! the device open and not the device itself, so the device is not busy for others.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Failure, device};
use crate::device::DeviceNumber;
use crate::options::{Given, Known, flag, valued};
use crate::system::{self, Errno, System, Waited, attribute, missing};
use crate::units::shortened;

#[cfg(test)]
mod tests;

const OPTIONS: &[Known] = &[flag('b', "batch"), valued('n', "lines"), flag('h', "help")];

const HELP: &str = "\
usage: zramctl watch [-n COUNT] [-b] [zram:N]
  what the device is, and then a line when its size changes, when it is reset or removed, and when its
  pool comes to mem_watermark; without a device, a line for each that comes or goes. q ends it
  -b, --batch        no keys
  -n, --lines COUNT  ends after so many lines";

/// Where the devices are listed.
const ROOT: &str = "/scheme/zram";

/// Runs it until q, until its lines are shown, or until the device is gone.
pub(super) fn watch(system: &impl System, words: &[&str]) -> Result<(), Failure> {
    let given = Given::parse(OPTIONS, words).map_err(Failure::Use)?;
    if given.has("help") {
        system.show(&format!("{HELP}\n"));
        return Ok(());
    }
    let count = given.value("lines").map(|text| {
        let count = text.parse::<u64>().ok().filter(|count| *count > 0);
        count.ok_or_else(|| Failure::Use(format!("{text}: not a number of lines")))
    });
    let watch = Watch {
        system,
        lines_max: count.transpose()?.unwrap_or(u64::MAX),
        has_keys: !given.has("batch"),
    };
    match *given.operands {
        [] => watch.run(&Devices),
        [name] => watch.run(&Device(device(name)?)),
        [_, other, ..] => Err(Failure::Use(format!("{other}: one device, or none for all"))),
    }
}

/// What is watched.
trait Subject {
    /// What can be seen of it at one time.
    type Seen;

    /// Returns the file that is told of.
    fn path(&self) -> String;

    /// Looks at it; nothing once it is gone.
    fn look(&self, system: &impl System) -> Result<Option<Self::Seen>, Errno>;

    /// Says what it is, before anything has changed.
    fn present(&self, now: &Self::Seen) -> Vec<String>;

    /// Says what has changed; never nothing.
    fn changes(&self, before: &Self::Seen, now: &Self::Seen) -> Vec<String>;

    /// Says that it is gone.
    fn end(&self) -> String;
}

struct Watch<'a, S> {
    system: &'a S,
    lines_max: u64,
    has_keys: bool,
}

impl<S: System> Watch<'_, S> {
    fn run<T: Subject>(&self, subject: &T) -> Result<(), Failure> {
        let failed = |errno| Failure::Deed(format!("watch: {}", missing(self.system, errno)));
        let path = subject.path();
        let name =
            |errno| Failure::Deed(format!("{}: {}", named(&path), missing(self.system, errno)));
        // First the watch, then the look: what changes between them is told.
        let watched = self.system.watch(&path, self.has_keys).map_err(name)?;
        let mut lines_left = self.lines_max;
        let mut show = |lines: Vec<String>| {
            for line in lines {
                self.system.show(&format!("{line}\n"));
                lines_left -= 1;
                if lines_left == 0 {
                    return false;
                }
            }
            true
        };
        let Some(mut before) = subject.look(self.system).map_err(failed)? else {
            show([subject.end()].into());
            return Ok(());
        };
        let mut goes_on = show(subject.present(&before));
        while goes_on {
            match self.system.wait(&watched) {
                Ok(Waited::Key(b'q' | b'Q' | 3)) => return Ok(()),
                Ok(Waited::Key(_)) => continue,
                Ok(Waited::Changed) => {}
                Err(errno) => {
                    let why = system::in_words(self.system, errno);
                    return Err(Failure::Deed(format!("watch: {why}")));
                }
            }
            goes_on = match subject.look(self.system).map_err(failed)? {
                Some(now) => {
                    let lines = subject.changes(&before, &now);
                    before = now;
                    show(lines)
                }
                None => {
                    show([subject.end()].into());
                    false
                }
            };
        }
        Ok(())
    }
}

/// Returns a path as people write it.
fn named(path: &str) -> String {
    let rest = path.strip_prefix("/scheme/zram/");
    let name = rest.map_or(String::from("zram:"), |rest| format!("zram:{rest}"));
    name.trim_end_matches("/disksize").to_string()
}

/// Which devices there are.
struct Devices;

impl Subject for Devices {
    type Seen = Vec<DeviceNumber>;

    fn path(&self) -> String {
        String::from(ROOT)
    }

    fn look(&self, system: &impl System) -> Result<Option<Self::Seen>, Errno> {
        let names = system.list(ROOT)?;
        let mut numbers: Vec<_> = names.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(Some(numbers.into_iter().map(DeviceNumber::new).collect()))
    }

    fn present(&self, now: &Self::Seen) -> Vec<String> {
        if now.is_empty() {
            return [String::from("there is no device")].into();
        }
        now.iter().map(|device| format!("{device}: it is there")).collect()
    }

    fn changes(&self, before: &Self::Seen, now: &Self::Seen) -> Vec<String> {
        let gone = before.iter().filter(|device| !now.contains(device));
        let gone = gone.map(|device| format!("{device}: removed"));
        let new = now.iter().filter(|device| !before.contains(device));
        let new = new.map(|device| format!("{device}: added"));
        let lines: Vec<_> = gone.chain(new).collect();
        if lines.is_empty() { [String::from("the devices are as they were")].into() } else { lines }
    }

    fn end(&self) -> String {
        String::from("zramd has ended")
    }
}

/// One device.
struct Device(DeviceNumber);

/// What of it is told of, in bytes.
struct Sizes {
    /// 0 before it has one.
    disk: u64,
    pool: u64,
    /// 0 is none.
    mark: u64,
}

impl Sizes {
    fn is_at_mark(&self) -> bool {
        self.mark != 0 && self.pool >= self.mark
    }
}

impl Device {
    fn size_line(&self, disk_bytes: u64) -> String {
        match disk_bytes {
            0 => format!("{}: it has no disksize", self.0),
            bytes => format!("{}: disksize {}", self.0, shortened(bytes)),
        }
    }

    fn mark_line(&self, Sizes { pool, mark, .. }: &Sizes) -> String {
        let (pool, mark) = (shortened(*pool), shortened(*mark));
        format!("{}: its pool has come to mem_watermark: {pool} of {mark}", self.0)
    }
}

impl Subject for Device {
    type Seen = Sizes;

    fn path(&self) -> String {
        attribute(self.0, "disksize")
    }

    fn look(&self, system: &impl System) -> Result<Option<Sizes>, Errno> {
        let number = |name, column: usize| match system.read(&attribute(self.0, name)) {
            Ok(text) => {
                let column = text.split_whitespace().nth(column);
                Ok(Some(column.and_then(|number| number.parse().ok()).unwrap_or(0)))
            }
            // It is gone if the others are still there.
            Err(Errno(syscall::ENOENT)) if system.list(ROOT).is_ok() => Ok(None),
            Err(errno) => Err(errno),
        };
        let all = (number("disksize", 0)?, number("mm_stat", 2)?, number("mem_watermark", 0)?);
        let (Some(disk), Some(pool), Some(mark)) = all else { return Ok(None) };
        Ok(Some(Sizes { disk, pool, mark }))
    }

    fn present(&self, now: &Sizes) -> Vec<String> {
        let mark = now.is_at_mark().then(|| self.mark_line(now));
        core::iter::once(self.size_line(now.disk)).chain(mark).collect()
    }

    fn changes(&self, before: &Sizes, now: &Sizes) -> Vec<String> {
        let mut lines = Vec::new();
        if before.disk != now.disk {
            lines.push(self.size_line(now.disk));
        }
        // News of a pool that is at the mark and was there before say that it had been below.
        if now.is_at_mark() && (lines.is_empty() || !before.is_at_mark()) {
            lines.push(self.mark_line(now));
        }
        if lines.is_empty() {
            lines.push(format!("{}: something changed, and is as it was", self.0));
        }
        lines
    }

    fn end(&self) -> String {
        format!("{}: removed", self.0)
    }
}
