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

/// Boots one CPU and `memory_mib` with the lines of `script`; no program may crash.
#[track_caller]
pub(crate) fn boot(memory_mib: u32, script: &str) -> Run {
    boot_with(memory_mib, Crashes::Fatal, script)
}

/// Boots as [`boot`] does a script that has programs crash.
#[track_caller]
pub(crate) fn boot_with(memory_mib: u32, crashes: Crashes, script: &str) -> Run {
    let sample = corpus::wanted().expect("a sample of pages");
    let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
    let contents = Contents {
        build: Build::Checked,
        corpus: &sample,
        script: Some(script),
        configuration: None,
        daemon: DAEMON,
    };
    let image = Image::pack_for_redox(&test, contents, &kernel()).expect("the image is packed");
    let machine =
        Machine { memory_mib, cpus: 1, threading: Threading::Single, command_line: String::new() };
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

    /// Returns the lines that the guest printed between the echoed command and the next one.
    #[track_caller]
    pub(crate) fn output_of(&self, command: &str) -> Vec<&str> {
        let echoed = format!("{PROMPT}{command}\n");
        let behind = self.ended.log.split_once(&echoed).map(|(_, behind)| behind);
        let behind = behind.unwrap_or_else(|| panic!("no {command:?} in\n{}", self.ended.log));
        behind.lines().take_while(|line| !line.starts_with(PROMPT)).collect()
    }

    /// Asserts that `command` printed a line that is `line`, from its first to its last letter.
    #[track_caller]
    pub(crate) fn prints(self, command: &str, line: &str) -> Self {
        let output = self.output_of(command);
        assert!(output.contains(&line), "{command} printed {output:?} in\n{}", self.ended.log);
        self
    }
}
