//! `swapon`: has the kernel use devices as swap, or lists the areas; options as in Linux's swapon(8).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::areas::{Area, areas};
use crate::conf::{self, Section};
use crate::device::DeviceNumber;
use crate::listing::{self, Listing};
use crate::options::{Given, Known, Value, flag, long, valued};
use crate::system::{self, AREAS, Errno, System, missing};

#[cfg(test)]
mod tests;

/// How it is used.
pub const HELP: &str = "\
usage: swapon [options] zram:N ...
       swapon -a                        all with a swap-priority in /etc/zram.conf
       swapon [--show[=COLUMNS]]        a list of the areas
  -p, --priority N     0 to 32767, higher is used first; without it, below all others
  -d, --discard        first forget what the device holds (freed pages always are forgotten)
  -e, --ifexists       say nothing about devices that are not there
  -v, --verbose        say what was mounted
  -V, --version
  -s, --summary        the list of /proc/swaps
  --show[=COLUMNS]     of NAME TYPE SIZE USED PRIO STATE
  --output-all, --raw, --noheadings, --bytes, --json    how the list is shown";

const OPTIONS: &[Known] = &[
    flag('a', "all"),
    Known { short: Some('d'), long: "discard", value: Value::Perhaps },
    flag('e', "ifexists"),
    flag('h', "help"),
    valued('p', "priority"),
    flag('s', "summary"),
    flag('v', "verbose"),
    flag('V', "version"),
    long("show", Value::Perhaps),
    long("output-all", Value::Never),
    long("raw", Value::Never),
    long("noheadings", Value::Never),
    long("bytes", Value::Never),
    long("json", Value::Never),
];

/// The greatest priority that is taken, Linux's.
const PRIORITY_MAX: u16 = 32767;

/// An area of fewer pages is hardly meant: Linux refuses it as swap.
const PAGES_MIN: u64 = 10;

/// Exit code for wrong use.
const WRONG_USE: u8 = 2;

/// What is done with each device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    priority: Option<u16>,
    discards: bool,
    skips_missing: bool,
    is_verbose: bool,
}

/// Runs the tool with its words; returns the exit code.
pub fn run(system: &impl System, words: &[&str]) -> u8 {
    let given = match Given::parse(OPTIONS, words) {
        Ok(given) => given,
        Err(why) => return wrong_use(system, &why),
    };
    if let Some(text) = given.asked_about("swapon", HELP) {
        system.show(&text);
        return 0;
    }
    let lists = ["show", "summary", "output-all"].iter().any(|list| given.has(list));
    let mounts = given.has("all") || !given.operands.is_empty();
    match (lists, mounts) {
        (true, true) => wrong_use(system, "a list, or devices to mount: one of them"),
        // `swapon -p zram:0` has taken the device for the priority.
        (_, false) if ["priority", "discard", "ifexists"].iter().any(|it| given.has(it)) => {
            wrong_use(system, "no device is named")
        }
        (_, false) => list(system, &given),
        (false, true) => mount_all(system, &given),
    }
}

fn wrong_use(system: &impl System, why: &str) -> u8 {
    system.complain(&format!("swapon: {why}; see swapon --help"));
    WRONG_USE
}

fn list(system: &impl System, given: &Given<'_>) -> u8 {
    let listing = match Listing::of(given) {
        Ok(listing) => listing,
        Err(why) => return wrong_use(system, &why),
    };
    match system.read(AREAS) {
        Ok(table) => {
            system.show(&listing::text(&table, &listing));
            0
        }
        Err(errno) => {
            system.complain(&format!("swapon: {AREAS}: {}", system.words(errno)));
            1
        }
    }
}

fn mount_all(system: &impl System, given: &Given<'_>) -> u8 {
    let priority = match given.value("priority").map(priority).transpose() {
        Ok(priority) => priority,
        Err(why) => return wrong_use(system, &why),
    };
    let discards = match (given.has("discard"), given.value("discard")) {
        (true, None | Some("once")) => true,
        // Freed pages are forgotten in any case, which is the policy `pages`.
        (true, Some("pages")) | (false, _) => false,
        (true, Some(other)) => {
            return wrong_use(system, &format!("--discard={other}: once or pages"));
        }
    };
    let wish = Wish {
        priority,
        discards,
        skips_missing: given.has("ifexists"),
        is_verbose: given.has("verbose"),
    };
    let mut is_right = true;
    if given.has("all") {
        is_right &= told(system, mount_configured(system, wish));
    }
    for name in &given.operands {
        let mounted = DeviceNumber::parse(name)
            .map_err(|why| format!("{name}: {why}"))
            .and_then(|device| mount(system, device, wish));
        is_right &= told(system, mounted);
    }
    u8::from(!is_right)
}

fn told(system: &impl System, result: Result<(), String>) -> bool {
    if let Err(why) = &result {
        system.complain(&format!("swapon: {why}"));
    }
    result.is_ok()
}

/// Mounts what the configuration has with a priority and is not mounted yet.
fn mount_configured(system: &impl System, wish: Wish) -> Result<(), String> {
    let text = system
        .read(conf::PATH)
        .map_err(|errno| format!("{}: {}", conf::PATH, system.words(errno)))?;
    let configuration = conf::parse(&text).map_err(|mistake| mistake.at(conf::PATH))?;
    let mounted = system.read(AREAS).unwrap_or_default();
    for Section { device, swap_priority, .. } in &configuration.sections {
        let Some(priority) = *swap_priority else { continue };
        if !is_mounted(&mounted, *device) {
            mount(system, *device, Wish { priority: wish.priority.or(Some(priority)), ..wish })?;
        }
    }
    Ok(())
}

/// Reads a priority.
///
/// # Errors
///
/// In words, with the range.
pub fn priority(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| *number <= PRIORITY_MAX);
    number.ok_or_else(|| format!("priority {text}: it is 0 to {PRIORITY_MAX}"))
}

/// Returns the priority of an area that asks for none: below all that live, and below 0.
fn least_priority(table: &str) -> i64 {
    // A dead one takes no page, whatever its priority.
    let living = areas(table).filter(|area| !area.is_dead());
    let priorities = living.filter_map(|area| area.priority.parse::<i64>().ok());
    priorities.fold(0, i64::min).saturating_sub(1)
}

fn is_mounted(table: &str, device: DeviceNumber) -> bool {
    find(table, device).is_some()
}

/// Returns the living area of a device.
fn find(table: &str, device: DeviceNumber) -> Option<Area<'_>> {
    let name = device.to_string();
    areas(table).find(|area| area.name == name && !area.is_dead())
}

/// Mounts one device with a priority, or below all others.
///
/// # Errors
///
/// In words.
pub fn mount_with(
    system: &impl System,
    device: DeviceNumber,
    priority: Option<u16>,
) -> Result<(), String> {
    let wish = Wish { priority, discards: false, skips_missing: false, is_verbose: false };
    mount(system, device, wish)
}

fn mount(system: &impl System, device: DeviceNumber, wish: Wish) -> Result<(), String> {
    let size = match system.read(&system::attribute(device, "disksize")) {
        Ok(text) => text.trim().parse::<u64>().unwrap_or(0),
        Err(Errno(syscall::ENOENT)) if wish.skips_missing => return Ok(()),
        Err(errno) => return Err(format!("{device}: {}", missing(system, errno))),
    };
    let pages = size / zram_abi::PAGE_SIZE as u64;
    let before = system.read(AREAS).unwrap_or_default();
    if is_mounted(&before, device) {
        return Err(format!("{device}: it is already mounted as swap"));
    }
    if wish.discards {
        let discarded = system.discard(device, 0, pages);
        discarded.map_err(|errno| format!("{device}: discard: {}", system.words(errno)))?;
    }
    let priority = wish.priority.map_or_else(|| least_priority(&before), i64::from);
    let refused = |errno| format!("{device}: {}", refusal(system, device, size, errno));
    system.mount(device, priority).map_err(refused)?;
    if size > 0 && pages < PAGES_MIN {
        system.complain(&format!(
            "swapon: {device}: mounted, but {size} bytes are room for {pages} pages only"
        ));
    }
    if wish.is_verbose {
        let (kib, name) = (size >> 10, "swapon");
        system.show(&format!("{name} {device}: {kib} KiB, priority {priority}\n"));
    }
    Ok(())
}

/// Returns what it means that the kernel does not mount a device.
fn refusal(system: &impl System, device: DeviceNumber, size: u64, errno: Errno) -> String {
    let table = system.read(AREAS).unwrap_or_default();
    match errno.0 {
        syscall::EBUSY if is_mounted(&table, device) => {
            String::from("it is already mounted as swap")
        }
        syscall::EBUSY => String::from("a program has it open, or another swapon is under way"),
        syscall::ENODATA => {
            format!("it has no disksize; give it one: echo 64M > {device}/disksize")
        }
        // The device is there and has a size, so it is not the device that is not right.
        syscall::EINVAL | syscall::ENOSPC => {
            let count = areas(&table).collect::<Vec<_>>().len();
            format!("{count} areas are the most, and so many are mounted")
        }
        syscall::ENOMEM => format!(
            "its disksize of {size} bytes is too large for the kernel's table of it, or zramd does \
             not fit in memory"
        ),
        _ => system::in_words(system, errno),
    }
}
