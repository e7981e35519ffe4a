//! A machine with the user's kernel and a script; `qemu::run` has the assertions about its run.

use std::path::PathBuf;
use std::time::Duration;

use qemu::corpus;
use qemu::image::redox::RedoxKernel;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::machine::redox::Crashes;
use qemu::machine::{Limits, Machine, Threading};
pub(crate) use qemu::run::Run;

/// A run takes from 2 to 30 s on a quiet machine.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(400), silence: Duration::from_secs(120) };

/// The kernel that the environment names.
pub(crate) fn kernel() -> RedoxKernel {
    let path = std::env::var_os("REDOX_KERNEL").expect("make test-redox REDOX_KERNEL=FILE");
    RedoxKernel::read(&PathBuf::from(path)).unwrap_or_else(|why| panic!("{why}"))
}

/// Memory of a machine whose kernel is asked for its answers.
const ASKED_MIB: u32 = 256;

/// Returns the log of the user's kernel with another program in the daemon's place.
#[track_caller]
pub(crate) fn boot_daemon(daemon: &str, script: &str) -> String {
    let image =
        pack(daemon, script, |name, contents| Image::pack_for_redox(name, contents, &kernel()));
    let ended = machine(ASKED_MIB).run_redox(&image, LIMITS, Crashes::Fatal, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), |ended| ended.log)
}

/// Returns the log of this repository's kernel with another program in the daemon's place.
#[track_caller]
pub(crate) fn boot_own(daemon: &str, script: &str) -> String {
    let image = pack(daemon, script, Image::pack);
    let ended = machine(ASKED_MIB).run(&image, LIMITS, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), |ended| ended.log)
}

fn pack(
    daemon: &str,
    script: &str,
    pack: impl Fn(&str, Contents<'_>) -> Result<Image, String>,
) -> Image {
    let sample = corpus::wanted().expect("a sample of pages");
    let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
    let contents = Contents {
        build: Build::Checked,
        corpus: &sample,
        script: Some(script),
        configuration: None,
        daemon,
    };
    pack(&test, contents).expect("the image is packed")
}

/// Returns a machine whose time is counted in instructions, so that a busy host changes nothing.
pub(crate) fn machine(memory_mib: u32) -> Machine {
    Machine { memory_mib, cpus: 1, threading: Threading::Counted, command_line: String::new() }
}

/// Boots one CPU and `memory_mib` with the lines of `script`; no program may crash.
#[track_caller]
pub(crate) fn boot(memory_mib: u32, script: &str) -> Run {
    boot_with(memory_mib, Crashes::Fatal, script)
}

/// Boots as [`boot`] does, with a process manager and its program in the daemon's place. The program ends by a
/// crash, as one does that nobody ends.
#[track_caller]
pub(crate) fn boot_managed(script: &str) -> Run {
    let image =
        pack("manager", script, |name, contents| Image::pack_for_redox(name, contents, &kernel()));
    let ended = machine(ASKED_MIB).run_redox(&image, LIMITS, Crashes::Expected, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// Boots as [`boot`] does a script that has programs crash.
#[track_caller]
pub(crate) fn boot_with(memory_mib: u32, crashes: Crashes, script: &str) -> Run {
    boot_machine(&machine(memory_mib), crashes, script)
}

/// Boots as [`boot_with`] does another machine.
#[track_caller]
pub(crate) fn boot_machine(machine: &Machine, crashes: Crashes, script: &str) -> Run {
    let image =
        pack(DAEMON, script, |name, contents| Image::pack_for_redox(name, contents, &kernel()));
    let ended = machine.run_redox(&image, LIMITS, crashes, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}
