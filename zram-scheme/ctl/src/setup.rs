//! `zram-setup`: init runs it at start. It makes the devices of the boot configuration and mounts
//! them, all or none: a failure undoes what was done before it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::conf::{self, Configuration};
use crate::device::DeviceNumber;
use crate::options::{Given, Known, flag};
use crate::system::{self, System};
use crate::{swapoff, swapon};

#[cfg(test)]
mod tests;

/// How it is used.
pub const HELP: &str = "\
usage: zram-setup [FILE]      makes and mounts the devices of FILE, or of /etc/zram.conf
  -n, --check     only read it; what zramd refuses is told when it is used
  -V, --version";

const OPTIONS: &[Known] = &[flag('n', "check"), flag('V', "version"), flag('h', "help")];

/// Exit code for wrong use.
const WRONG_USE: u8 = 2;

/// Runs the tool with its words; returns the exit code.
pub fn run(system: &impl System, words: &[&str]) -> u8 {
    let given = match Given::parse(OPTIONS, words) {
        Ok(given) if given.has("help") || given.has("version") => {
            system.show(&given.asked_about("zram-setup", HELP).unwrap_or_default());
            return 0;
        }
        Ok(given) if given.operands.len() < 2 => given,
        Ok(_) => return wrong_use(system, "one file"),
        Err(why) => return wrong_use(system, &why),
    };
    let path = given.only_operand().unwrap_or(conf::PATH);
    match read(system, path).and_then(|configuration| match given.has("check") {
        true => Ok(()),
        false => apply(system, path, &configuration),
    }) {
        Ok(()) => 0,
        Err(why) => {
            system.complain(&format!("zram-setup: {why}"));
            1
        }
    }
}

fn wrong_use(system: &impl System, why: &str) -> u8 {
    system.complain(&format!("zram-setup: {why}; see zram-setup --help"));
    WRONG_USE
}

fn read(system: &impl System, path: &str) -> Result<Configuration, String> {
    let text = system.read(path).map_err(|errno| format!("{path}: {}", system.words(errno)))?;
    conf::parse(&text).map_err(|mistake| mistake.at(path))
}

/// Makes and mounts everything; a failure undoes what was done.
fn apply(system: &impl System, path: &str, configuration: &Configuration) -> Result<(), String> {
    let mut added = Vec::new();
    let mut mounted = Vec::new();
    let done = make(system, path, configuration, &mut added)
        .and_then(|()| mount(system, path, configuration, &mut mounted));
    done.map_err(|why| {
        undo(system, &mounted, &added);
        format!("{why}; nothing of it is in use")
    })
}

fn make(
    system: &impl System,
    path: &str,
    configuration: &Configuration,
    added: &mut Vec<DeviceNumber>,
) -> Result<(), String> {
    for section in &configuration.sections {
        let device = system::add(system, &section.hot_add());
        let device = device.map_err(|why| section.refused(why).at(path))?;
        added.push(device);
    }
    let has_section = |number| configuration.sections.iter().any(|it| it.device.number() == number);
    for number in (0..configuration.num_devices).filter(|&number| !has_section(number)) {
        let device = system::add(system, &format!("id={number}"));
        added.push(device.map_err(|why| format!("{path}: num_devices: {why}"))?);
    }
    Ok(())
}

fn mount(
    system: &impl System,
    path: &str,
    configuration: &Configuration,
    mounted: &mut Vec<DeviceNumber>,
) -> Result<(), String> {
    for section in &configuration.sections {
        if let Some(priority) = section.swap_priority {
            let done = swapon::mount_with(system, section.device, Some(priority));
            done.map_err(|why| format!("{path}:{}:1: {why}", section.line))?;
            mounted.push(section.device);
        }
    }
    Ok(())
}

fn undo(system: &impl System, mounted: &[DeviceNumber], added: &[DeviceNumber]) {
    for &device in mounted {
        if let Err(why) = swapoff::unmount(system, device) {
            system.complain(&format!("zram-setup: undoing: {why}"));
        }
    }
    for device in added {
        let removed =
            system.write("/scheme/zram/control/hot_remove", &format!("{}", device.number()));
        if let Err(errno) = removed {
            let why = system.words(errno);
            system.complain(&format!("zram-setup: undoing: {device}: {why}"));
        }
    }
}
