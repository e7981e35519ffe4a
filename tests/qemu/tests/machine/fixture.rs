//! A machine with a script; `qemu::run` has the assertions about its run.

use std::fs::{self, File};
use std::time::Duration;

use qemu::corpus;
use qemu::image::{Build, Contents, DAEMON, Image, USUAL_CONFIGURATION};
use qemu::machine::monitor::Report;
use qemu::machine::{Attend, Limits, Machine, Threading};
pub(crate) use qemu::run::Run;

/// A test's run takes from 1 to 15 s on a quiet machine.
const LIMITS: Limits = Limits { total: Duration::from_secs(300), silence: Duration::from_secs(90) };

/// Memory of a test's machine: the smallest that the kernel runs with.
pub(crate) const MEMORY_MIB: u32 = 128;

/// What memhog needs beside its `--size`: the sample and its own code, stacks and tables, in KiB.
pub(crate) const MEMHOG_KIB: u64 = 4608;

/// Sets up `zram:0` and mounts it as swap.
pub(crate) const SWAP: &str = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
swapon zram:0
";

/// Sets up `zram:0` and sends pages there and back: shows that the daemon serves programs.
pub(crate) const PAGES: &str = "\
echo > zram:control/hot_add
echo 64M > zram:0/disksize
pages zram:0
";

/// Boots `cpus` CPUs and [`MEMORY_MIB`] with the lines of `script`.
///
/// # Panics
///
/// With the whole log when the run does not end by itself.
#[track_caller]
pub(crate) fn boot(cpus: u32, script: &str) -> Run {
    boot_with_daemon(DAEMON, cpus, script)
}

/// Boots as [`boot`] does, with words for the kernel.
#[track_caller]
pub(crate) fn boot_with_words(words: &str, cpus: u32, script: &str) -> Run {
    let image = pack(DAEMON, script);
    let machine = Machine { command_line: words.to_owned(), ..machine(cpus) };
    let ended = machine.run(&image, LIMITS, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// Boots as [`boot`] does, with another program as the daemon.
#[track_caller]
pub(crate) fn boot_with_daemon(daemon: &str, cpus: u32, script: &str) -> Run {
    let image = pack(daemon, script);
    let ended = machine(cpus).run(&image, LIMITS, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// Boots as [`boot`] does, with a boot configuration.
#[track_caller]
pub(crate) fn boot_configured(configuration: &str, cpus: u32, script: &str) -> Run {
    let image = pack_contents(DAEMON, Some(script), Some(configuration));
    let ended = machine(cpus).run(&image, LIMITS, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// Boots what `make shell` boots unless it is told otherwise, with the lines of `script`.
#[track_caller]
pub(crate) fn boot_like_a_person(script: &str) -> Run {
    let image = pack_contents(DAEMON, Some(script), Some(USUAL_CONFIGURATION));
    let machine = Machine { memory_mib: 256, ..machine(2) };
    let limits = Limits { total: 3 * LIMITS.total, ..LIMITS };
    let ended = machine.run(&image, limits, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// Boots without a script and types `keys` at the prompt.
#[track_caller]
pub(crate) fn type_at_prompt(cpus: u32, keys: &str) -> Run {
    type_with_words("", cpus, keys)
}

/// Types as [`type_at_prompt`] does, in a machine with words on the kernel's command line.
#[track_caller]
pub(crate) fn type_with_words(words: &str, cpus: u32, keys: &str) -> Run {
    let image = pack_contents(DAEMON, None, None);
    // What is typed before the console is read is lost, so there is first something to lose.
    let path = image.log();
    fs::write(&path, KEYS_TO_LOSE.repeat(64) + keys).expect("the image's folder can be written");
    let keys = File::open(&path).expect("it was written");
    let machine = Machine { command_line: words.to_owned(), ..machine(cpus) };
    let ended = machine.run_with_input(&image, LIMITS, keys, &mut |_, _| ());
    ended.map_or_else(|failed| panic!("{failed}"), Run::of)
}

/// ^U: takes nothing away from an empty line.
const KEYS_TO_LOSE: &str = "\x15";

/// How many CPUs a machine begins with, and how many more can be put in.
#[derive(Clone, Copy)]
pub(crate) struct CpuCounts {
    pub(crate) cpus: u32,
    pub(crate) spares: u32,
}

/// Boots as [`boot`] does, with room for more CPUs; `attend` is told each line and inserts them.
#[track_caller]
pub(crate) fn boot_with_spares(
    CpuCounts { cpus, spares }: CpuCounts,
    script: &str,
    attend: &mut Attend<'_>,
) -> (Run, Vec<Report>) {
    let image = pack(DAEMON, script);
    match machine(cpus).run_with_spares(&image, LIMITS, spares, attend) {
        Ok((ended, monitor)) => (Run::of(ended), monitor.reports().expect("qemu has ended")),
        Err(failed) => panic!("{failed}"),
    }
}

fn pack(daemon: &str, script: &str) -> Image {
    pack_contents(daemon, Some(script), None)
}

fn pack_contents(daemon: &str, script: Option<&str>, configuration: Option<&str>) -> Image {
    let sample = corpus::wanted().expect("a sample of pages");
    // The name of the test, so that a person finds the image of one that hangs, and boots it again.
    let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
    let contents =
        Contents { build: Build::Checked, corpus: &sample, script, configuration, daemon };
    Image::pack(&test, contents).expect("the image is packed")
}

fn machine(cpus: u32) -> Machine {
    Machine {
        memory_mib: MEMORY_MIB,
        cpus,
        threading: Threading::Multi,
        command_line: String::new(),
    }
}

/// Returns the columns of the line of `zram:0` that the command printed.
#[track_caller]
pub(crate) fn area_line(run: &Run, command: &str) -> Vec<String> {
    let lines = run.output_of(command);
    let line = lines.iter().find(|line| line.starts_with("zram:0"));
    let words = line.map(|line| line.split_whitespace().map(str::to_owned).collect());
    words.unwrap_or_else(|| panic!("{command}: {lines:?}"))
}
