//! Runs of a Redox kernel: how they end, and what counts as an end.
//!
//! That kernel has no exit code: `init` prints the code on the serial line and resets the machine,
//! which ends QEMU with status 0. A kernel that resets the machine by a triple fault does the same;
//! only the printed line distinguishes the two. After a panic the kernel halts with QEMU still
//! running. A crash of a program is a line on the console, whether another program waits for it or
//! not.

use super::{Ended, Failed, Image, Limits, Machine, Watch, listen_for, one_at_a_time};

/// What `init` says before it resets a machine whose kernel takes no code.
const CODE_LINE: &str = "init: the machine ends with code ";

/// What the kernel says of a program that crashes.
const CRASH: &str = "UNHANDLED EXCEPTION";

/// Whether a script has programs that are to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crashes {
    /// None is: the first one ends the run.
    Fatal,
    /// Some are.
    Expected,
}

impl Machine {
    /// Boots an image for Redox as [`Machine::run`] boots others.
    ///
    /// # Errors
    ///
    /// As [`Machine::run`]; [`super::Why::Crashed`] when a crash is fatal.
    pub fn run_redox(
        &self,
        image: &Image,
        limits: Limits,
        crashes: Crashes,
        watch: &mut Watch<'_>,
    ) -> Result<Ended, Failed> {
        let turn = one_at_a_time().map_err(|why| Failed { why, log: String::new() })?;
        let mut command = self.command(image);
        command.args(["-serial", "stdio"]).stdin(std::process::Stdio::null());
        let crash = (crashes == Crashes::Fatal).then_some(CRASH);
        let ended = listen_for(crash, command, limits, watch);
        drop(turn);
        ended
    }
}

impl Ended {
    /// Returns the code that `init` said before it reset the machine; none if it did not come to that.
    pub fn code_told(&self) -> Option<u8> {
        self.log.lines().rev().find_map(|line| line.strip_prefix(CODE_LINE)?.trim().parse().ok())
    }
}
