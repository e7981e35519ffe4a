//! `zramctl`: lists devices in the columns of util-linux's zramctl(8) and some more, makes, configures,
//! resizes and resets them by the same options, forgets parts of them, shows rates ([`top`]), and
//! tells of changes (`watch`).
//!
//! Everything comes from the attribute files of `zram:`, and goes there. A file that a device does not
//! have shows as `-`; if nothing of any device can be read, that is an error.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zram_abi::PAGE_SIZE;
use zram_abi::size::parse_size;

use crate::device::DeviceNumber;
use crate::options::{Given, Known, Value, flag, long, valued};
use crate::system::{self, Errno, System, add, missing, set};
use crate::table::Form;
use crate::top;

pub mod columns;
pub mod devices;
mod resize;
#[cfg(test)]
mod tests;
mod watch;

/// How it is used.
pub const HELP: &str = "\
usage: zramctl [options] [zram:N ...]                      lists devices
       zramctl [-a ALG] [-p LIST] [-s SIZE] zram:N         configures one
       zramctl -f [-a ALG] [-p LIST] [-s SIZE]             adds one and tells its name
       zramctl --resize SIZE zram:N                        keeps what is in it; also while it swaps
       zramctl -r zram:N ...                               resets: all is forgotten
       zramctl discard zram:N [OFFSET LENGTH]              forgets all, or a part
       zramctl top [-d SECONDS] [-n COUNT] [-b]            rates, again and again
       zramctl watch [-n COUNT] [-b] [zram:N]              waits for changes and tells them
  -a, --algorithm ALG          see zram:N/comp_algorithm
  -p, --algorithm-params LIST  its parameters: level=8
  -s, --size SIZE              512M, 2G
  -b, --bytes                  sizes as plain numbers
  -o, --output COLUMNS         these; with + in front, these too
      --output-all             all of them
  -n, --noheadings   --raw   -J, --json   -V, --version
columns: NAME ALGORITHM DISKSIZE DATA COMPR TOTAL STREAMS MOUNTPOINT STATE ZERO-PAGES MEM-LIMIT
  MEM-USED MIGRATED COMP-RATIO SAME-FILLED INCOMPRESSIBLE METADATA";

const OPTIONS: &[Known] = &[
    valued('a', "algorithm"),
    valued('p', "algorithm-params"),
    flag('b', "bytes"),
    flag('f', "find"),
    flag('h', "help"),
    flag('J', "json"),
    flag('n', "noheadings"),
    valued('o', "output"),
    long("output-all", Value::Never),
    long("raw", Value::Never),
    flag('r', "reset"),
    long("resize", Value::Always),
    valued('s', "size"),
    valued('t', "streams"),
    flag('V', "version"),
];

/// Exit code for wrong use.
const WRONG_USE: u8 = 2;

/// Why the tool ends with a failure.
enum Failure {
    /// It was used wrongly.
    Use(String),
    /// Something could not be done.
    Deed(String),
}

/// Runs the tool with its words; returns the exit code.
pub fn run(system: &impl System, words: &[&str]) -> u8 {
    let result = match *words {
        ["discard", ref rest @ ..] => discard(system, rest),
        ["watch", ref rest @ ..] => watch::watch(system, rest),
        ["top", ref rest @ ..] => top::run(system, rest).map_err(Failure::Use),
        _ => act(system, words),
    };
    match result {
        Ok(()) => 0,
        Err(Failure::Use(why)) => {
            system.complain(&format!("zramctl: {why}; see zramctl --help"));
            WRONG_USE
        }
        Err(Failure::Deed(why)) => {
            system.complain(&format!("zramctl: {why}"));
            1
        }
    }
}

fn act(system: &impl System, words: &[&str]) -> Result<(), Failure> {
    let given = Given::parse(OPTIONS, words).map_err(Failure::Use)?;
    given.excludes(&["reset", "resize", "find"]).map_err(Failure::Use)?;
    given.excludes(&["reset", "resize", "size"]).map_err(Failure::Use)?;
    if let Some(text) = given.asked_about("zramctl", HELP) {
        system.show(&text);
        return Ok(());
    }
    if given.has("streams") {
        // Linux has had one a CPU since 4.7 and ignores it, too.
        system.complain("zramctl: --streams is of no effect: every CPU has one");
    }
    let configures = ["algorithm", "algorithm-params", "size"].iter().any(|it| given.has(it));
    match given.value("resize") {
        Some(size) => resize::resize(system, only(&given)?, size).map_err(Failure::Deed),
        None if given.has("reset") => reset(system, &given),
        None if given.has("find") => find(system, &given),
        None if configures => configure(system, &given),
        None => list(system, &given),
    }
}

/// Reads the name of a device.
fn device(name: &str) -> Result<DeviceNumber, Failure> {
    DeviceNumber::parse(name).map_err(|why| Failure::Deed(format!("{name}: {why}")))
}

/// Returns the only device that was named.
fn only(given: &Given<'_>) -> Result<DeviceNumber, Failure> {
    device(given.only_operand().ok_or_else(|| Failure::Use(String::from("no device is named")))?)
}

fn set_deed(
    system: &impl System,
    device: DeviceNumber,
    name: &str,
    value: &str,
) -> Result<(), Failure> {
    set(system, device, name, value).map_err(Failure::Deed)
}

fn reset(system: &impl System, given: &Given<'_>) -> Result<(), Failure> {
    if given.operands.is_empty() {
        return Err(Failure::Use(String::from("no device is named")));
    }
    // All names are read first: a mistake in the last one resets none.
    let devices = given.operands.iter().map(|name| device(name));
    let devices = devices.collect::<Result<Vec<_>, _>>()?;
    devices.into_iter().try_for_each(|device| system::reset(system, device).map_err(Failure::Deed))
}

/// Adds a device, at once or not at all, and tells its name.
fn find(system: &impl System, given: &Given<'_>) -> Result<(), Failure> {
    if let Some(operand) = given.operands.first() {
        return Err(Failure::Use(format!("{operand}: --find chooses the device")));
    }
    let pairs = [("comp_algorithm=", given.value("algorithm")), ("disksize=", given.value("size"))];
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some(format!("{key}{}", value?)));
    let parameters = given.value("algorithm-params").map(String::from);
    let line = pairs.chain(parameters).collect::<Vec<_>>().join(" ");
    let device = add(system, &line).map_err(Failure::Deed)?;
    system.show(&format!("{device}\n"));
    Ok(())
}

fn configure(system: &impl System, given: &Given<'_>) -> Result<(), Failure> {
    let device = only(given)?;
    for (option, name) in [
        ("algorithm", "comp_algorithm"),
        ("algorithm-params", "algorithm_params"),
        ("size", "disksize"),
    ] {
        if let Some(value) = given.value(option) {
            set_deed(system, device, name, value)?;
        }
    }
    Ok(())
}

fn list(system: &impl System, given: &Given<'_>) -> Result<(), Failure> {
    given.excludes(&["raw", "json"]).map_err(Failure::Use)?;
    given.excludes(&["output", "output-all"]).map_err(Failure::Use)?;
    let fields = match given.value("output") {
        Some(names) => columns::named(names).map_err(Failure::Use)?,
        None if given.has("output-all") => columns::all(),
        None => columns::usual(),
    };
    let chosen = given.operands.iter().map(|name| device(name)).collect::<Result<Vec<_>, _>>()?;
    let devices = devices::read(system, &chosen).map_err(Failure::Deed)?;
    let form = match (given.has("raw"), given.has("json")) {
        (true, _) => Form::Raw,
        (_, true) => Form::Json,
        _ => Form::Columns,
    };
    let has_headings = !given.has("noheadings");
    let table = columns::Shown {
        fields: &fields,
        in_bytes: given.has("bytes"),
        // Programs add up by themselves.
        has_total: form == Form::Columns && has_headings && devices.len() > 1,
    };
    system.show(&table.of(&devices).text(form, has_headings, "zramctl"));
    Ok(())
}

/// `zramctl discard zram:N [OFFSET LENGTH]`.
fn discard(system: &impl System, words: &[&str]) -> Result<(), Failure> {
    let (name, part) = match *words {
        [name] => (name, None),
        [name, offset, length] => (name, Some((bytes(offset)?, bytes(length)?))),
        _ => return Err(Failure::Use(String::from("discard zram:N [OFFSET LENGTH]"))),
    };
    let device = device(name)?;
    let (offset, length) = match part {
        Some(part) => part,
        None => (0, disksize(system, device)?),
    };
    let page = PAGE_SIZE as u64;
    if offset % page != 0 || length % page != 0 {
        let why = format!("{name}: offset and length are multiples of {page}");
        return Err(Failure::Deed(why));
    }
    system.discard(device, offset / page, length / page).map_err(|Errno(errno)| {
        let why = match errno {
            syscall::EINVAL => String::from("it is not so large"),
            syscall::EBUSY => String::from("it is mounted as swap; its pages are programs' memory"),
            syscall::ENODATA => String::from("it has no disksize"),
            syscall::ENOENT => missing(system, Errno(errno)),
            _ => system::in_words(system, Errno(errno)),
        };
        Failure::Deed(format!("{name}: {why}"))
    })
}

fn bytes(text: &str) -> Result<u64, Failure> {
    parse_size(text).ok_or_else(|| Failure::Use(format!("{text}: not a number of bytes")))
}

fn disksize(system: &impl System, device: DeviceNumber) -> Result<u64, Failure> {
    let text = system.read(&system::attribute(device, "disksize"));
    let text =
        text.map_err(|errno| Failure::Deed(format!("{device}: {}", missing(system, errno))))?;
    text.trim().parse().map_err(|_| Failure::Deed(format!("{device}: its disksize is {text}")))
}
