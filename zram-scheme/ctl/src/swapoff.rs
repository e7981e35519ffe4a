//! `swapoff`: brings the pages of devices back into memory and stops using them as swap.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::areas::areas;
use crate::device::DeviceNumber;
use crate::options::{Given, Known, flag};
use crate::system::{self, AREAS, Errno, System, missing};

/// How it is used.
pub const HELP: &str = "\
usage: swapoff [-v] zram:N ...
       swapoff [-v] -a         all areas
  -v, --verbose   say what was unmounted
  -V, --version";

const OPTIONS: &[Known] =
    &[flag('a', "all"), flag('v', "verbose"), flag('V', "version"), flag('h', "help")];

/// Exit code for wrong use.
const WRONG_USE: u8 = 2;

/// Runs the tool with its words; returns the exit code.
pub fn run(system: &impl System, words: &[&str]) -> u8 {
    let given = match Given::parse(OPTIONS, words) {
        Ok(given) if given.has("help") || given.has("version") => {
            system.show(&given.asked_about("swapoff", HELP).unwrap_or_default());
            return 0;
        }
        Ok(given) if given.has("all") && !given.operands.is_empty() => {
            return wrong_use(system, "all areas, or some: one of them");
        }
        Ok(given) if !given.has("all") && given.operands.is_empty() => {
            return wrong_use(system, "no device is named");
        }
        Ok(given) => given,
        Err(why) => return wrong_use(system, &why),
    };
    let mut is_right = true;
    for device in devices(system, &given) {
        let result = device.and_then(|device| unmount(system, device).map(|()| device));
        match result {
            Ok(device) if given.has("verbose") => system.show(&format!("swapoff {device}\n")),
            Ok(_) => {}
            Err(why) => {
                system.complain(&format!("swapoff: {why}"));
                is_right = false;
            }
        }
    }
    u8::from(!is_right)
}

fn wrong_use(system: &impl System, why: &str) -> u8 {
    system.complain(&format!("swapoff: {why}; see swapoff --help"));
    WRONG_USE
}

/// Returns what is to be unmounted; of all areas, those that live.
fn devices(system: &impl System, given: &Given<'_>) -> Vec<Result<DeviceNumber, String>> {
    let parse = |name: &str| DeviceNumber::parse(name).map_err(|why| format!("{name}: {why}"));
    if !given.has("all") {
        return given.operands.iter().map(|name| parse(name)).collect();
    }
    let table = system.read(AREAS).unwrap_or_default();
    areas(&table).filter(|area| !area.is_dead()).map(|area| parse(area.name)).collect()
}

/// Unmounts one device.
///
/// # Errors
///
/// In words.
pub fn unmount(system: &impl System, device: DeviceNumber) -> Result<(), String> {
    system.unmount(device).map_err(|errno| format!("{device}: {}", refusal(system, device, errno)))
}

/// Returns what it means that the kernel does not unmount a device.
fn refusal(system: &impl System, device: DeviceNumber, errno: Errno) -> String {
    match errno.0 {
        syscall::EINVAL => match system.read(&system::attribute(device, "disksize")) {
            Ok(_) => String::from("it is not mounted as swap"),
            Err(errno) => missing(system, errno),
        },
        syscall::ENOMEM => String::from("its pages do not fit back into memory; it stays mounted"),
        syscall::EBUSY => {
            String::from("another swapoff is under way, or pages of it are lost and still in use")
        }
        _ => system::in_words(system, errno),
    }
}
