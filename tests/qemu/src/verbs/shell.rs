//! `make shell`: the image without a script, its console connected to the terminal.
//!
//! QEMU's multiplexed console puts the terminal into raw mode, so ^C and all other keys go to the
//! guest, but for Ctrl-A: Ctrl-A x ends QEMU. The terminal's mode is put back in any case.

use std::io::IsTerminal;
use std::process::{Command, Stdio};
use std::time::Duration;

use qemu::corpus;
use qemu::image::Image;
use qemu::machine::{Machine, QEMU, SUCCESS, Threading, one_at_a_time};

use super::settings::Settings;

/// With no person at the keyboard, a guest that never ends is ended after this time.
const UNATTENDED_MAX: Duration = Duration::from_secs(600);

/// Boots the image with a prompt and returns when the guest has powered off.
pub(crate) fn run() -> Result<(), String> {
    let settings = Settings::from_environment()?;
    let image = Image::pack("shell", &corpus::wanted()?, None)?;
    let machine = Machine {
        memory_mib: settings.memory_mib,
        cpus: settings.cpus,
        threading: Threading::Multi,
        command_line: String::new(),
    };
    println!("booting; 'help' lists the commands, 'exit' powers off, Ctrl-A x ends QEMU");
    let turn = one_at_a_time().map_err(|why| why.to_string())?;
    let mut command = machine.command(&image);
    command.args(["-serial", "mon:stdio"]);
    let terminal = TerminalMode::save();
    let status = match terminal {
        Some(_) => command.status().map(|status| status.code()),
        None => unattended(command),
    };
    drop(terminal);
    drop(turn);
    match status.map_err(|error| format!("{QEMU}: {error}"))? {
        Some(SUCCESS) => Ok(()),
        // Ctrl-A x: the person wanted it so.
        Some(0) => Ok(()),
        code => Err(format!("the guest ended with a failure (status {code:?})")),
    }
}

/// Runs with input from a file or pipe; QEMU is killed when the time is over.
fn unattended(mut command: Command) -> std::io::Result<Option<i32>> {
    let mut child = command.spawn()?;
    let deadline = std::time::Instant::now() + UNATTENDED_MAX;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if std::time::Instant::now() > deadline {
            child.kill()?;
            return child.wait().map(|status| status.code());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The terminal's mode as it was; put back on drop.
struct TerminalMode(String);

impl TerminalMode {
    /// Returns nothing when the input is no terminal.
    fn save() -> Option<Self> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
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
