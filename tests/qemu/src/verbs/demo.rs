//! `make run`, `make demo`: a program larger than the machine, and what that costs.
//!
//! The shell's script below configures a device by writes to its files, mounts it as swap, runs
//! `memhog` and prints the reports. What the guest prints is shown as it comes; its figures go to
//! `target/demo.json`.

use std::fs;
use std::time::{Duration, Instant};

use qemu::budget::Budget;
use qemu::corpus::{self, Profile};
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::judge;
use qemu::machine::{Limits, Machine, Threading};
use qemu::place;

use super::settings::Settings;

/// A run takes about a minute on a quiet machine.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(1200), silence: Duration::from_secs(120) };

/// Runs the demo; the exit code is the guest's verdict.
pub(crate) fn run() -> Result<(), String> {
    let started = Instant::now();
    let settings = Settings::from_environment()?;
    let sample = corpus::wanted()?;
    let profile = Profile::of(&corpus::read(&sample)?);
    println!("sample {}: {}", shown(&sample), profile.summary());
    let size_mib = fitting_size(settings.memory_mib, profile)?;
    println!("building the kernel and the programs, then the image");
    let script = script(settings, size_mib);
    let image = Image::pack(
        "demo",
        Contents { build: Build::Release, corpus: &sample, script: Some(&script), daemon: DAEMON },
    )?;
    let machine = Machine {
        memory_mib: settings.memory_mib,
        cpus: settings.cpus,
        threading: Threading::Multi,
        command_line: String::new(),
    };
    println!("booting {} MiB and {} CPUs under QEMU\n", settings.memory_mib, settings.cpus);
    let ended = machine
        .run(&image, LIMITS, &mut |line, _| show(line))
        .map_err(|failed| format!("\nthe demo failed: {}", failed.why))?;
    let file = place::under_target("demo.json")?;
    fs::write(&file, judge::to_json(&judge::figures(&ended.log)))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    if !ended.succeeded() {
        return Err(format!("\nthe demo failed: QEMU's status is {:?}", ended.status));
    }
    println!(
        "\nall of it was right; {:.0} s under QEMU, {:.0} s in all; figures: {}",
        ended.elapsed.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        shown(&file)
    );
    println!("make shell boots the same image with a prompt");
    Ok(())
}

/// Shows what people read; figures are for the file.
fn show(line: &str) {
    if judge::figure(line).is_none() {
        println!("{line}");
    }
}

/// Returns a path as it is from the workspace, where the reader is.
fn shown(path: &std::path::Path) -> String {
    path.strip_prefix(place::root()).unwrap_or(path).display().to_string()
}

/// Returns one and a half times the memory, or the largest size that the sample allows.
fn fitting_size(memory_mib: u32, profile: Profile) -> Result<u32, String> {
    let wanted_mib = memory_mib + memory_mib / 2;
    let budget = Budget::new(memory_mib, profile);
    let largest_mib = budget.largest_mib();
    if largest_mib >= wanted_mib {
        return Ok(wanted_mib);
    }
    println!("the sample compresses too badly for {wanted_mib} MiB in {memory_mib} MiB:");
    println!("  {}", budget.arithmetic(wanted_mib));
    if largest_mib == 0 {
        return Err("nothing fits".to_owned());
    }
    println!("  using {largest_mib} MiB");
    Ok(largest_mib)
}

fn script(settings: Settings, size_mib: u32) -> String {
    let (memory, threads) = (settings.memory_mib, settings.cpus);
    let disksize = 2 * memory.max(size_mib);
    format!(
        "echo > zram:control/hot_add\n\
         echo lz4 > zram:0/comp_algorithm\n\
         echo {disksize}M > zram:0/disksize\n\
         swapon zram:0\n\
         free\n\
         memhog --size {size_mib}M --passes 1 --threads {threads} --report --figures\n"
    )
}
