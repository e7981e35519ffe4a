//! `hotplug`: takes CPUs offline and online again, many times, and prints how long that took.
//!
//! ```text
//! hotplug [--cycles N] [--cpu N | --all] [--figures]
//!                                           N cycles of one CPU (1), or of every CPU but 0
//! hotplug --wait-for LIST                   waits until /scheme/cpu/online is that list (0-2)
//! hotplug --mute                            with a listener that never answers: it costs time only
//! ```
//!
//! A cycle is an offline and an online, timed from before the first write to `/scheme/cpu/N/online`
//! until after the last: each write ends when the CPU has reached the wanted state and the daemon
//! has followed.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod mute;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use guest::options::Options;
use syscall::flag::O_RDWR;
use zram_rt::errno::InWords;
use zram_rt::{Fd, eprintln, fs, println, time};

zram_rt::entry!(main);

const CYCLES_USUAL: u64 = 50;
const CYCLES_MAX: u64 = 100_000;
const CPU_USUAL: u64 = 1;

/// The longest wait for a CPU, which takes milliseconds on a quiet machine.
const WAIT_MAX_NS: u64 = 60_000_000_000;
/// From one look to the next.
const PAUSE_NS: u64 = 20_000_000;

/// The switch of one CPU.
pub(crate) struct Switch {
    cpu: u64,
    file: Fd,
}

impl Switch {
    /// Returns the switch of this CPU.
    pub(crate) fn of(cpu: u64) -> Result<Self, String> {
        let file = fs::open(&format!("/scheme/cpu/{cpu}/online"), O_RDWR);
        Ok(Self { cpu, file: file.map_err(|error| format!("cpu {cpu}: {}", InWords(error)))? })
    }

    /// Takes the CPU offline or online.
    pub(crate) fn set(&self, is_online: bool) -> zram_rt::Result<()> {
        self.file.write(if is_online { b"1" } else { b"0" }).map(drop)
    }

    fn must_set(&self, is_online: bool) -> Result<(), String> {
        let wanted = if is_online { "online" } else { "offline" };
        self.set(is_online)
            .map_err(|error| format!("cpu {} {wanted}: {}", self.cpu, InWords(error)))
    }
}

fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("hotplug: {why}");
            1
        }
    }
}

fn run() -> Result<(), String> {
    let mut options = Options::from_args();
    if options.take_flag("--mute") {
        options.end()?;
        return mute::run();
    }
    if let Some(list) = options.take("--wait-for")? {
        options.end()?;
        return wait_for(list);
    }
    let cycles = options.take_size("--cycles")?.unwrap_or(CYCLES_USUAL);
    let all = options.take_flag("--all");
    let cpu = options.take_size("--cpu")?.unwrap_or(CPU_USUAL);
    let with_figures = options.take_flag("--figures");
    options.end()?;
    if !(1..=CYCLES_MAX).contains(&cycles) {
        return Err(format!("--cycles {cycles}: 1 to {CYCLES_MAX}"));
    }
    let switches = if all { all_but_first()? } else { [Switch::of(cpu)?].into() };
    let mut times_ns = Vec::new();
    for _ in 0..cycles {
        let start_ns = time::now_ns();
        switches.iter().try_for_each(|switch| switch.must_set(false))?;
        switches.iter().try_for_each(|switch| switch.must_set(true))?;
        times_ns.push(time::since_ns(start_ns));
    }
    times_ns.sort_unstable();
    for (name, percent) in [("p50", 50), ("p90", 90), ("worst", 100)] {
        let at = (times_ns.len() * percent / 100).min(times_ns.len() - 1);
        let us = times_ns[at] / 1000;
        println!("away and back, {name:5} {us:>9} us");
        if with_figures {
            println!("figure hotplug_{name}_us {us}");
        }
    }
    println!("away and back, {cycles} times");
    if with_figures {
        println!("figure hotplug_cycles {cycles}");
    }
    Ok(())
}

/// Waits until these CPUs are online, and no others.
fn wait_for(list: &str) -> Result<(), String> {
    let start_ns = time::now_ns();
    loop {
        let online = fs::read_text("/scheme/cpu/online");
        let online = online.map_err(|error| format!("cpus online: {}", InWords(error)))?;
        if online.trim() == list {
            return Ok(());
        }
        if time::since_ns(start_ns) > WAIT_MAX_NS {
            return Err(format!("online is still {}", online.trim()));
        }
        time::sleep_ns(PAUSE_NS);
    }
}

/// Returns the switches of all CPUs that are online, without CPU 0, which cannot go.
fn all_but_first() -> Result<Vec<Switch>, String> {
    let mut switches = Vec::new();
    for name in fs::list("/scheme/cpu").map_err(|error| InWords(error).to_string())? {
        let Ok(cpu @ 1..) = name.parse() else { continue };
        let is_online = fs::read_text(&format!("/scheme/cpu/{cpu}/online"));
        if is_online.is_ok_and(|text| text.trim() == "1") {
            switches.push(Switch::of(cpu)?);
        }
    }
    Ok(switches)
}
