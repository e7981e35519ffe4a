//! A machine with the user's kernel and a script, and what can be said about its run.

use std::path::PathBuf;
use std::time::Duration;

use qemu::corpus;
use qemu::image::redox::RedoxKernel;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::machine::redox::Crashes;
use qemu::machine::{Ended, Limits, Machine, Threading};

/// A run takes from 2 to 30 s on a quiet machine.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(400), silence: Duration::from_secs(120) };

/// What the shell prints before each line of a script.
const PROMPT: &str = "zram> ";

/// What a run left behind.
pub(crate) struct Run {
    ended: Ended,
}

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
    ended.map_or_else(|failed| panic!("{failed}"), |ended| Run { ended })
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
    ended.map_or_else(|failed| panic!("{failed}"), |ended| Run { ended })
}

impl Run {
    /// Asserts that the shell ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: u8) -> Self {
        assert_eq!(self.ended.code_told(), Some(code), "{}", self.ended.log);
        self
    }

    /// Asserts that the guest printed a line with this in it.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.ended.log.contains(part), "no {part:?} in\n{}", self.ended.log);
        self
    }

    /// Returns how many lines of the log have this in them.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.ended.log.lines().filter(|line| line.contains(part)).count()
    }

    /// Returns the lines that the guest printed between the echoed command and the next one.
    #[track_caller]
    pub(crate) fn output_of(&self, command: &str) -> Vec<&str> {
        let echoed = format!("{PROMPT}{command}\n");
        let behind = self.ended.log.split_once(&echoed).map(|(_, behind)| behind);
        let behind = behind.unwrap_or_else(|| panic!("no {command:?} in\n{}", self.ended.log));
        behind.lines().take_while(|line| !line.starts_with(PROMPT)).collect()
    }

    /// Asserts that `command` printed no line with this in it.
    #[track_caller]
    pub(crate) fn prints_no(self, command: &str, part: &str) -> Self {
        let output = self.output_of(command);
        assert!(!output.iter().any(|line| line.contains(part)), "{command} printed {output:?}");
        self
    }

    /// Asserts that `command` printed a line that is `line`, from its first to its last letter.
    #[track_caller]
    pub(crate) fn prints(self, command: &str, line: &str) -> Self {
        let output = self.output_of(command);
        assert!(output.contains(&line), "{command} printed {output:?} in\n{}", self.ended.log);
        self
    }
}
