//! `make shell`: the image with a prompt, its console connected to the terminal.
//!
//! QEMU's multiplexed console puts the terminal into raw mode, so ^C and all other keys go to the
//! guest, but for Ctrl-]: Ctrl-] x ends QEMU. The terminal's mode is restored in any case. The
//! guest's output is also kept, because QEMU's exit status has no room for all codes. Where the
//! input is a file or a pipe, its lines become the image's script instead: no person is there to
//! wait for the prompt or to end a guest that hangs.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use qemu::corpus;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::machine::attended::attend;
use qemu::machine::{Limits, Machine, SUCCESS, Threading, one_at_a_time, shell_code};

use super::settings::{self, Settings};

/// Long enough for whatever somebody wants to script.
pub(super) const LIMITS: Limits =
    Limits { total: Duration::from_secs(1200), silence: Duration::from_secs(300) };

/// What QEMU ends with after Ctrl-] x: the person wanted it so.
const ENDED_BY_PERSON: i32 = 0;

/// QEMU's own key, Ctrl-]: Ctrl-A, which it would be, goes to the start of a line.
const ESCAPE: &str = "0x1d";

/// Bytes at the end of the log that have the guest's code in them, and more.
const LAST_WORDS: usize = 4096;

/// Codes from here on look alike in QEMU's exit status.
const CODE_END: i32 = 126;

/// Boots the image and returns when the guest has powered off.
pub(crate) fn run() -> Result<(), String> {
    let settings = Settings::from_environment()?;
    let machine = Machine {
        memory_mib: settings.memory_mib,
        cpus: settings.cpus,
        threading: settings::threading(Threading::Multi),
        command_line: String::new(),
    };
    if std::io::stdin().is_terminal() {
        attended(&machine, &pack(None)?)
    } else {
        scripted(&machine)
    }
}

/// Judges QEMU's exit status; `code` is what the guest itself has told.
fn verdict(status: Option<i32>, code: Option<u8>) -> Result<(), String> {
    match (status, code) {
        (Some(SUCCESS), _) | (Some(ENDED_BY_PERSON), None) => Ok(()),
        (Some(_), Some(code)) => Err(format!("the guest ended with a failure, code {code}")),
        // The guest's code `c` becomes `2c + 1`, as far as there is room.
        (Some(status), None) if status % 2 == 1 && status / 2 < CODE_END => {
            Err(format!("the guest ended with a failure, code {}", status / 2))
        }
        (Some(status), None) if status % 2 == 1 => {
            Err(format!("the guest ended with a failure, code {CODE_END} or more"))
        }
        (Some(status), None) => Err(format!("QEMU ended with status {status}")),
        (None, _) => Err("QEMU was killed".to_owned()),
    }
}

/// Connects the terminal with the guest.
pub(super) fn attended(machine: &Machine, image: &Image) -> Result<(), String> {
    let turn = one_at_a_time().map_err(|why| why.to_string())?;
    println!("booting; help lists the commands, exit powers off, Ctrl-] x ends QEMU");
    let log = image.log();
    let mut command = machine.command(image);
    let chardev = format!("stdio,id=line,mux=on,signal=off,logfile={}", log.display());
    command.args(["-chardev", &chardev, "-serial", "chardev:line"]);
    command.args(["-mon", "chardev=line", "-echr", ESCAPE]);
    let terminal = TerminalMode::save();
    let status = attend(command, &log).map_err(|why| why.to_string());
    drop(terminal);
    drop(turn);
    verdict(status?.code(), code_in(&log))
}

/// Returns the code that the guest told at its end.
fn code_in(log: &Path) -> Option<u8> {
    // Without a log there is still QEMU's status.
    let bytes = std::fs::read(log).ok()?;
    let last = bytes.len().saturating_sub(LAST_WORDS);
    shell_code(&String::from_utf8_lossy(&bytes[last..]))
}

/// Runs the lines of the input.
fn scripted(machine: &Machine) -> Result<(), String> {
    let mut script = String::new();
    std::io::stdin().read_to_string(&mut script).map_err(|error| format!("input: {error}"))?;
    let image = pack(Some(&script))?;
    let ended = machine.run(&image, LIMITS, &mut |line, _| println!("{line}"));
    let ended = ended.map_err(|failed| failed.why.to_string())?;
    verdict(ended.status, ended.guest_code())
}

fn pack(script: Option<&str>) -> Result<Image, String> {
    let (sample, configuration) = (corpus::wanted()?, settings::configuration()?);
    let contents = Contents {
        build: Build::Release,
        corpus: &sample,
        script,
        configuration: configuration.as_deref(),
        daemon: DAEMON,
    };
    Image::pack("shell", contents)
}

/// The terminal's mode as it was; put back on drop.
struct TerminalMode(String);

impl TerminalMode {
    /// Returns nothing when `stty` does not tell.
    fn save() -> Option<Self> {
        let output = Command::new("stty").arg("-g").stdin(Stdio::inherit()).output().ok()?;
        Some(Self(String::from_utf8(output.stdout).ok()?.trim().to_owned()))
    }
}

impl Drop for TerminalMode {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = Command::new("stty").arg(&self.0).stdin(Stdio::inherit()).status();
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn a_failure_is_told_with_the_code_that_the_guest_told() {
        let words = |status, code| verdict(Some(status), code).expect_err("it is a failure");
        assert_eq!(words(253, Some(200)), "the guest ended with a failure, code 200");
        assert_eq!(words(7, None), "the guest ended with a failure, code 3");
        assert_eq!(words(253, None), "the guest ended with a failure, code 126 or more");
    }

    #[test]
    fn a_person_who_ends_qemu_has_no_failure() {
        assert_eq!((verdict(Some(0), None), verdict(Some(33), None)), (Ok(()), Ok(())));
    }
}
