//! What the tools need of a system: files, and the calls on a device. The programs implement it on
//! the real system, tests with a fake.

use alloc::format;
use alloc::string::String;

use crate::device::DeviceNumber;

/// Where the kernel lists the swap areas.
pub const AREAS: &str = "/scheme/swap/areas";

/// An error of a system call: its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There is something new about the file.
    Changed,
    /// A person pressed this key.
    Key(u8),
}

/// A system, as the tools see it.
pub trait System {
    /// A file that is watched.
    type Watch;

    /// Returns the text of a file.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn read(&self, path: &str) -> Result<String, Errno>;

    /// Writes a text to a file in one write.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn write(&self, path: &str, text: &str) -> Result<(), Errno>;

    /// Returns the names in a directory.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn list(&self, path: &str) -> Result<alloc::vec::Vec<String>, Errno>;

    /// Adds a device with a line of `hot_add`; returns its number as a text.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn add(&self, line: &str) -> Result<String, Errno>;

    /// Has the kernel use a device as swap.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn mount(&self, device: DeviceNumber, priority: i64) -> Result<(), Errno>;

    /// Has the kernel bring a device's pages back and use it no more.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn unmount(&self, device: DeviceNumber) -> Result<(), Errno>;

    /// Has the area of a mounted device end behind so many pages; what lies above comes back first. Up to
    /// the size of the device it grows, too.
    ///
    /// # Errors
    ///
    /// What the system answers; the area is as before.
    fn resize_area(&self, device: DeviceNumber, pages: u32) -> Result<(), Errno>;

    /// Forgets pages of a device.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn discard(&self, device: DeviceNumber, first: u64, count: u64) -> Result<(), Errno>;

    /// Watches a file, and the keys if asked for, from now on.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn watch(&self, path: &str, has_keys: bool) -> Result<Self::Watch, Errno>;

    /// Waits for something new; for ever, if there is nothing.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn wait(&self, watch: &Self::Watch) -> Result<Waited, Errno>;

    /// Returns nanoseconds since the system started.
    fn now_ns(&self) -> u64;

    /// Waits for so many nanoseconds.
    fn sleep(&self, duration_ns: u64);

    /// Waits for a key, for so many nanoseconds at most.
    fn wait_for_key(&self, patience_ns: u64) -> Option<u8>;

    /// Returns an error in words, as `device or resource busy (EBUSY)`.
    fn words(&self, errno: Errno) -> String;

    /// Shows a text, line ends included.
    fn show(&self, text: &str);

    /// Tells what is wrong, in a line.
    fn complain(&self, line: &str);
}

/// Returns the path of a device's attribute.
pub fn attribute(device: DeviceNumber, name: &str) -> String {
    format!("/scheme/zram/{}/{name}", device.number())
}

/// Returns why the last write to the file called `name` in the directory `directory` was refused, if that
/// is what `last_error` there is about.
pub fn last_error(system: &impl System, directory: &str, name: &str) -> Option<String> {
    about(system, &format!("{directory}/last_error"), name)
}

/// Returns what the text of the file at `path` says about the file called `name`.
fn about(system: &impl System, path: &str, name: &str) -> Option<String> {
    let text = system.read(path).ok()?;
    let words = text.trim().strip_prefix(name)?.strip_prefix(':')?;
    Some(String::from(words.trim()))
}

/// Tells what is odd about the last write to the file called `name` in the directory `directory`, which was
/// taken, if anything is.
fn tell_note(system: &impl System, directory: &str, name: &str, what: &str) {
    if let Some(note) = about(system, &format!("{directory}/last_note"), name) {
        system.complain(&format!("{what}: taken, but {note}"));
    }
}

/// Writes an attribute; an error is in words: what the device says about it, or else the system's. What is
/// odd about a value that was taken is told at once.
///
/// # Errors
///
/// In words.
pub fn set(
    system: &impl System,
    device: DeviceNumber,
    name: &str,
    value: &str,
) -> Result<(), String> {
    set_told_as(system, (device, name, value), &format!("{name} {value}"))
}

/// Forgets what is in a device, and its settings; an error is in words.
///
/// # Errors
///
/// In words.
pub fn reset(system: &impl System, device: DeviceNumber) -> Result<(), String> {
    // Which number resets is nothing that anybody has written.
    set_told_as(system, (device, "reset", "1"), "reset")
}

fn set_told_as(
    system: &impl System,
    (device, name, value): (DeviceNumber, &str, &str),
    what: &str,
) -> Result<(), String> {
    let directory = format!("/scheme/zram/{}", device.number());
    system.write(&attribute(device, name), value).map_err(|errno| {
        let why = last_error(system, &directory, name).unwrap_or_else(|| in_words(system, errno));
        format!("{device}: {what}: {why}")
    })?;
    tell_note(system, &directory, name, &format!("{device}: {what}"));
    Ok(())
}

/// Where devices are added and removed.
const CONTROL: &str = "/scheme/zram/control";

/// Adds a device with a line of `hot_add`. What is odd about what was taken is told at once.
///
/// # Errors
///
/// In words.
pub fn add(system: &impl System, line: &str) -> Result<DeviceNumber, String> {
    let added = system.add(line).map_err(|errno| {
        let why = last_error(system, CONTROL, "hot_add");
        format!("hot_add: {}", why.unwrap_or_else(|| missing(system, errno)))
    })?;
    let number =
        added.trim().parse().map_err(|_| format!("hot_add: it told no number: {added}"))?;
    let device = DeviceNumber::new(number);
    tell_note(system, CONTROL, "hot_add", &format!("{device}"));
    Ok(device)
}

/// Returns what it means that a file of `zram:` cannot be opened.
pub(crate) fn missing(system: &impl System, errno: Errno) -> String {
    match errno.0 {
        syscall::ENOENT if system.list("/scheme/zram").is_ok() => String::from("no such device"),
        syscall::ENOENT => String::from("zramd does not run"),
        _ => in_words(system, errno),
    }
}

/// Returns an error in words; where the name of the error does not tell, what it means here.
pub fn in_words(system: &impl System, errno: Errno) -> String {
    match errno.0 {
        syscall::EPERM | syscall::EACCES => String::from("this needs root"),
        syscall::ENODEV => String::from("zramd does not run"),
        _ => system.words(errno),
    }
}

#[cfg(test)]
pub(crate) mod fake {
    //! A system of texts: files that are there, and a journal of what was done.

    use alloc::collections::{BTreeMap, VecDeque};
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use core::cell::{Cell, RefCell};

    use super::{Errno, System, Waited};
    use crate::device::DeviceNumber;

    /// What happens during a wait.
    #[derive(Clone, Copy)]
    pub(crate) enum Event {
        /// A file has this text from then on.
        Text(&'static str, &'static str),
        /// A file is gone.
        Gone(&'static str),
        /// A key is pressed.
        Key(u8),
        /// The daemon dies.
        Dead,
    }

    /// Files, errors to come, and what was done and shown.
    #[derive(Default)]
    pub(crate) struct Fake {
        pub(crate) files: RefCell<BTreeMap<String, String>>,
        /// What fails: the start of a line of the journal, and the error.
        pub(crate) fails: Vec<(&'static str, i32)>,
        pub(crate) journal: RefCell<Vec<String>>,
        pub(crate) shown: RefCell<String>,
        /// Keys to come, the last one first; waiting without one takes all of the patience.
        pub(crate) keys: RefCell<Vec<u8>>,
        /// What waits for news are ended by, in order.
        pub(crate) events: RefCell<VecDeque<Event>>,
        pub(crate) is_dead: Cell<bool>,
        pub(crate) now_ns: Cell<u64>,
    }

    impl Fake {
        pub(crate) fn with(files: &[(&str, &str)]) -> Self {
            let files = files.iter().map(|(path, text)| (path.to_string(), text.to_string()));
            Self { files: RefCell::new(files.collect()), ..Self::default() }
        }

        pub(crate) fn done(&self) -> Vec<String> {
            self.journal.borrow().clone()
        }

        fn act(&self, line: String) -> Result<(), Errno> {
            let failure = self.fails.iter().find(|(start, _)| line.starts_with(start));
            self.journal.borrow_mut().push(line);
            failure.map_or(Ok(()), |&(_, errno)| Err(Errno(errno)))
        }
    }

    impl System for Fake {
        type Watch = ();

        fn read(&self, path: &str) -> Result<String, Errno> {
            if self.is_dead.get() {
                return Err(Errno(syscall::ENODEV));
            }
            self.files.borrow().get(path).cloned().ok_or(Errno(syscall::ENOENT))
        }

        fn write(&self, path: &str, text: &str) -> Result<(), Errno> {
            self.act(format!("write {path} {text}"))
        }

        fn list(&self, path: &str) -> Result<Vec<String>, Errno> {
            let text = self.read(path)?;
            Ok(text.lines().map(ToString::to_string).collect())
        }

        fn add(&self, line: &str) -> Result<String, Errno> {
            self.act(format!("add {line}"))?;
            let id = line.split(' ').find_map(|pair| pair.strip_prefix("id="));
            Ok(id.unwrap_or("7").to_string())
        }

        fn mount(&self, device: DeviceNumber, priority: i64) -> Result<(), Errno> {
            self.act(format!("mount {device} {priority}"))?;
            let mut files = self.files.borrow_mut();
            let areas = files.entry(super::AREAS.to_string()).or_insert_with(|| "head\n".into());
            areas.push_str(&format!("{device}\tpartition\t65536\t0\t{priority}\tactive\n"));
            Ok(())
        }

        fn unmount(&self, device: DeviceNumber) -> Result<(), Errno> {
            self.act(format!("unmount {device}"))
        }

        fn resize_area(&self, device: DeviceNumber, pages: u32) -> Result<(), Errno> {
            self.act(format!("resize {device} {pages}"))
        }

        fn discard(&self, device: DeviceNumber, first: u64, count: u64) -> Result<(), Errno> {
            self.act(format!("discard {device} {first} {count}"))
        }

        fn watch(&self, path: &str, _: bool) -> Result<(), Errno> {
            self.read(path).map(drop)
        }

        fn wait(&self, (): &()) -> Result<Waited, Errno> {
            let event = self.events.borrow_mut().pop_front();
            match event.expect("nobody waits longer than the test says") {
                Event::Text(path, text) => {
                    self.files.borrow_mut().insert(path.to_string(), text.to_string());
                }
                Event::Gone(path) => drop(self.files.borrow_mut().remove(path)),
                Event::Key(key) => return Ok(Waited::Key(key)),
                Event::Dead => self.is_dead.set(true),
            }
            Ok(Waited::Changed)
        }

        fn now_ns(&self) -> u64 {
            self.now_ns.get()
        }

        fn sleep(&self, duration_ns: u64) {
            self.now_ns.set(self.now_ns.get() + duration_ns);
        }

        fn wait_for_key(&self, patience_ns: u64) -> Option<u8> {
            let key = self.keys.borrow_mut().pop();
            if key.is_none() {
                self.sleep(patience_ns);
            }
            key
        }

        fn words(&self, errno: Errno) -> String {
            format!("error {}", errno.0)
        }

        fn show(&self, text: &str) {
            self.shown.borrow_mut().push_str(text);
        }

        fn complain(&self, line: &str) {
            self.shown.borrow_mut().push_str(&format!("! {line}\n"));
        }
    }
}
