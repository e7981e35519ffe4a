//! `sys`: texts about the system, and the power switch.
//!
//! A text is made when it is opened, so that reading it in pieces gives one state:
//!
//! - `build`: whether the kernel was built with assertions;
//! - `env`: the words of the kernel's command line, one a line;
//! - `cpu`: how many CPUs are online and possible;
//! - `stat`: counts of memory, one `name value` a line;
//! - `context`: one line a process: pid, name, threads, resident and swapped pages, state.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use syscall::error::{EACCES, EINVAL, ENOENT, ENOMEM};

use crate::calls::{Buffer, Caller};
use crate::errno::{SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::limits::{TEXT_MAX, TEXTS_MAX};
use crate::machine::power;
use crate::space::SpaceId;

/// The profile that turns this on for tests turns overflow checks on with it; stable Rust has no name
/// for those.
const IS_CHECKED: bool = cfg!(debug_assertions);

/// A text as it was when it was opened.
pub(crate) struct Text(Box<[u8]>);

/// What all texts that are open take.
#[derive(Default)]
pub(crate) struct Texts {
    bytes: usize,
}

impl Text {
    /// Returns a copy of up to `size` bytes from `offset` on.
    pub(crate) fn piece(&self, offset: u64, size: usize) -> Vec<u8> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..));
        let rest = rest.unwrap_or(&[]);
        rest[..size.min(rest.len())].to_vec()
    }

    /// Returns the size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Most bytes of a command to the power switch.
const COMMAND_MAX: usize = 64;

impl Kernel {
    /// Opens a file of `sys`.
    ///
    /// # Errors
    ///
    /// ENOENT; EACCES for the power switch, which is root's; ENOMEM when too many are open.
    pub(crate) fn open_sys(&mut self, caller: Caller, path: &str) -> SysResult<Object> {
        let mut text = String::new();
        let written = match path {
            "" => writeln!(text, "build\ncontext\ncpu\nenv\nkstop\nstat"),
            "build" => writeln!(text, "assertions {}", IS_CHECKED),
            "env" => self.cmdline.split_whitespace().try_for_each(|word| writeln!(text, "{word}")),
            "cpu" => self.describe_cpus(&mut text),
            "stat" => self.describe_memory(&mut text),
            "context" => self.describe_processes(&mut text),
            zram_abi::boot::KSTOP if self.threads[caller.thread].identity().uid != 0 => {
                return fail(EACCES);
            }
            zram_abi::boot::KSTOP => return Ok(Object::PowerSwitch),
            _ => return fail(ENOENT),
        };
        written.expect("a string takes any text");
        Ok(Object::SysText(self.keep_text(text)?))
    }

    /// Returns a text to keep open, cut at the most that a description keeps; it is counted until
    /// [`Self::close_text`].
    ///
    /// # Errors
    ///
    /// ENOMEM when too many are open.
    pub(crate) fn keep_text(&mut self, text: String) -> SysResult<Text> {
        let mut bytes = text.into_bytes();
        bytes.truncate(TEXT_MAX);
        if self.texts.bytes + bytes.len() > TEXTS_MAX {
            return fail(ENOMEM);
        }
        self.texts.bytes += bytes.len();
        Ok(Text(bytes.into_boxed_slice()))
    }

    /// Stops counting a text that is closed.
    pub(crate) fn close_text(&mut self, text: &Text) {
        self.texts.bytes -= text.0.len();
    }

    fn describe_cpus(&self, text: &mut String) -> core::fmt::Result {
        writeln!(text, "CPUs: {}", self.threads.online().count())?;
        writeln!(text, "Possible: {}", self.cpus.possible().count())
    }

    fn describe_memory(&self, text: &mut String) -> core::fmt::Result {
        let sum = |pages: fn(&crate::space::Space) -> usize| -> usize {
            self.spaces.iter().map(|(_, space)| pages(space)).sum()
        };
        writeln!(text, "total_pages {}", self.frames.total_count())?;
        writeln!(text, "free_pages {}", self.frames.free_count())?;
        writeln!(text, "resident_pages {}", sum(|space| space.resident_pages()))?;
        writeln!(text, "swapped_pages {}", sum(|space| space.swapped_pages()))?;
        writeln!(text, "processes {}", self.spaces.count())?;
        writeln!(text, "threads {}", self.threads.count())
    }

    fn describe_processes(&self, text: &mut String) -> core::fmt::Result {
        writeln!(text, "pid name threads resident swapped")?;
        for (_, space) in self.spaces.iter() {
            let owner = space.owner();
            let (pid, name) = (owner.pid, owner.name());
            let (resident, swapped) = (space.resident_pages(), space.swapped_pages());
            writeln!(text, "{pid} {name} {} {resident} {swapped}", space.threads())?;
        }
        Ok(())
    }

    /// Obeys a command to the power switch: `shutdown CODE` ends the machine.
    ///
    /// Code 0 is success; others up to 127 are QEMU's failure codes.
    ///
    /// # Errors
    ///
    /// EINVAL for any other command, EFAULT.
    pub(crate) fn write_power_switch(&mut self, space: SpaceId, buffer: Buffer) -> SysResult {
        let mut bytes = [0; COMMAND_MAX];
        let Some(command) = bytes.get_mut(..buffer.size) else { return fail(EINVAL) };
        self.read_user(space, buffer.address, command)?;
        let words = core::str::from_utf8(command).unwrap_or("");
        let mut words = words.split_whitespace();
        let (Some("shutdown"), Some(code), None) = (words.next(), words.next(), words.next())
        else {
            return fail(EINVAL);
        };
        match code.parse::<u32>() {
            Ok(0) => power::exit(power::SUCCESS),
            // The code of success must not be reached by a failure.
            Ok(code) if code == power::SUCCESS => power::exit(code + 1),
            Ok(code) => power::exit(code.min(power::PANIC - 1)),
            Err(_) => fail(EINVAL),
        }
    }
}
