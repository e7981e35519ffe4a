//! What programs see: the files of `cpu`.
//!
//! ```text
//! possible     lists of CPUs, such as `0-3`
//! present
//! online
//! N/online     0 or 1; uid 0 writes it, and the write ends when the CPU is there
//! N/last_error why the last write to N/online was refused; empty after one that was not
//! events       CPU events; uid 0
//! ```
//!
//! A text is made when it is opened, so that reading it in pieces gives one state.

use alloc::string::String;
use core::fmt::Write;
use core::ops::RangeInclusive;

use cpu_events::Subscriber;
use syscall::error::{EBADF, ENOENT, ENOTDIR};

use super::{events, switch};
use crate::calls::{Buffer, Caller};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::{Description, Object, Opened};
use crate::kernel::Kernel;
use crate::scheme::sys::Text;
use crate::slab::Id;
use zram_abi::{CpuId, CpuSet};

/// What of `cpu` a description has open.
pub(crate) struct File(Kind);

enum Kind {
    Root,
    Text(Text),
    Events(Subscriber),
    Switch(CpuId, Text),
}

impl File {
    /// Returns the root of `cpu`.
    pub(crate) const fn root() -> Self {
        Self(Kind::Root)
    }
}

fn kind(kernel: &Kernel, file: Id<Description>) -> SysResult<&Kind> {
    match &kernel.descriptions[file].object() {
        Object::Cpus(File(kind)) => Ok(kind),
        _ => fail(EBADF),
    }
}

/// Opens a path relative to a file; returns what is open and whether it has an offset.
pub(crate) fn scheme_open(
    kernel: &mut Kernel,
    caller: Caller,
    directory: Id<Description>,
    path: &str,
    flags: usize,
) -> SysResult<Opened> {
    let opened = match kind(kernel, directory)? {
        Kind::Root => open(kernel, caller, path.trim_matches('/'))?,
        Kind::Text(_) | Kind::Events(_) | Kind::Switch(..) => return fail(ENOTDIR),
    };
    let is_positioned = matches!(opened, Kind::Text(_) | Kind::Switch(..));
    Ok(Opened { object: Object::Cpus(File(opened)), offset: is_positioned.then_some(0), flags })
}

fn open(kernel: &mut Kernel, caller: Caller, path: &str) -> SysResult<Kind> {
    let text = match path {
        "" => names(kernel.cpus.possible),
        "possible" => list(kernel.cpus.possible),
        "present" => list(kernel.cpus.present),
        "online" => list(kernel.threads.online()),
        "events" => {
            kernel.expect_root_user(caller)?;
            return Ok(Kind::Events(events::open(kernel)?));
        }
        _ => match named(kernel, path)? {
            (_, "") => "last_error\nonline\n".into(),
            (cpu, "last_error") => {
                let refused = kernel.cpus.refused.as_ref();
                refused.and_then(|refused| refused.words(cpu)).unwrap_or_default()
            }
            (cpu, "online") => {
                let is_online = kernel.threads.online().contains(cpu);
                let text = String::from(if is_online { "1\n" } else { "0\n" });
                return Ok(Kind::Switch(cpu, kernel.keep_text(text)?));
            }
            _ => return fail(ENOENT),
        },
    };
    Ok(Kind::Text(kernel.keep_text(text)?))
}

/// Returns the CPU that a path begins with, and the rest of the path.
///
/// # Errors
///
/// ENOENT if it begins with none that is possible.
fn named<'a>(kernel: &Kernel, path: &'a str) -> SysResult<(CpuId, &'a str)> {
    let (number, rest) = path.split_once('/').unwrap_or((path, ""));
    let cpu = number.parse().ok().and_then(CpuId::new);
    let cpu = cpu.filter(|&cpu| kernel.cpus.possible.contains(cpu));
    cpu.map(|cpu| (cpu, rest)).ok_or(Halt::Fail(Errno(ENOENT)))
}

/// Reads from a file at an offset.
pub(crate) fn scheme_read(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    buffer: Buffer,
    offset: u64,
) -> SysResult {
    match kind(kernel, file)? {
        Kind::Text(text) | Kind::Switch(_, text) => {
            let bytes = text.piece(offset, buffer.size);
            kernel.write_user(caller.space, buffer.address, &bytes)?;
            Ok(bytes.len())
        }
        &Kind::Events(subscriber) => {
            let flags = kernel.descriptions[file].flags();
            events::read(kernel, caller, subscriber, buffer, flags)
        }
        Kind::Root => fail(EBADF),
    }
}

/// Writes to a file.
pub(crate) fn scheme_write(
    kernel: &mut Kernel,
    caller: Caller,
    file: Id<Description>,
    buffer: Buffer,
) -> SysResult {
    match kind(kernel, file)? {
        &Kind::Events(subscriber) => events::write(kernel, caller, subscriber, buffer),
        &Kind::Switch(cpu, _) => {
            kernel.expect_root_user(caller)?;
            switch::write(kernel, caller, cpu, buffer)
        }
        Kind::Root | Kind::Text(_) => fail(EBADF),
    }
}

/// The last description of a file was closed.
pub(crate) fn scheme_close(kernel: &mut Kernel, File(kind): File) {
    match kind {
        Kind::Events(subscriber) => events::close(kernel, subscriber),
        Kind::Text(text) | Kind::Switch(_, text) => kernel.close_text(&text),
        Kind::Root => {}
    }
}

/// Returns the names in the root.
fn names(possible: CpuSet) -> String {
    let mut text = String::from("events\nonline\npossible\npresent\n");
    for cpu in possible.iter() {
        writeln!(text, "{cpu}").expect("a string takes any text");
    }
    text
}

/// Returns a set of CPUs as Linux writes it: `0-3,5`.
fn list(cpus: CpuSet) -> String {
    let mut text = String::new();
    let mut run: Option<RangeInclusive<u32>> = None;
    for cpu in cpus.iter().map(CpuId::number) {
        run = match run {
            Some(run) if cpu == run.end() + 1 => Some(*run.start()..=cpu),
            Some(finished) => {
                write_run(&mut text, finished);
                Some(cpu..=cpu)
            }
            None => Some(cpu..=cpu),
        };
    }
    if let Some(last) = run {
        write_run(&mut text, last);
    }
    text.push('\n');
    text
}

fn write_run(text: &mut String, run: RangeInclusive<u32>) {
    let (first, last) = run.into_inner();
    let comma = if text.is_empty() { "" } else { "," };
    let written = if first == last {
        write!(text, "{comma}{first}")
    } else {
        write!(text, "{comma}{first}-{last}")
    };
    written.expect("a string takes any text");
}
