//! A guest whose console is the terminal: a person uses it, and only its log is watched.
//!
//! Some kernels halt after a panic with QEMU still running, and a person at a dead prompt does not
//! know whether to wait. So the log is read as it grows, and a panic ends QEMU as it does for
//! scripts.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::{LAST_WORDS, PANIC, Running, Why};

/// How often the log is looked at; a person does not notice so much.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Runs QEMU with the terminal that it inherits, until it ends; `log` is where it keeps what the guest says.
///
/// # Errors
///
/// [`Why::NotStarted`]; [`Why::Panicked`] when the guest's kernel has said that it cannot go on: QEMU is
/// dead then.
pub fn attend(mut command: Command, log: &Path) -> Result<ExitStatus, Why> {
    // What an earlier run left there is not this guest's.
    match std::fs::remove_file(log) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Why::NotStarted(error)),
        _ => {}
    }
    let mut running = Running(command.spawn().map_err(Why::NotStarted)?);
    let mut reader = Reader::default();
    let mut panicked_at: Option<Instant> = None;
    loop {
        if let Some(status) = running.0.try_wait().map_err(Why::NotStarted)? {
            return Ok(status);
        }
        match panicked_at {
            Some(since) if since.elapsed() > LAST_WORDS => return Err(Why::Panicked),
            Some(_) => {}
            None if reader.panic_in(log) => panicked_at = Some(Instant::now()),
            None => {}
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// What has been read of a log that grows.
#[derive(Default)]
struct Reader {
    file: Option<File>,
    /// The line that has no end yet.
    line: Vec<u8>,
}

impl Reader {
    /// Reads what is new; returns whether a line of it begins with a kernel's last words.
    ///
    /// A log that is not there or cannot be read has none: the person still sees the console.
    fn panic_in(&mut self, log: &Path) -> bool {
        if self.file.is_none() {
            self.file = File::open(log).ok();
        }
        let mut new = Vec::new();
        if let Some(file) = &mut self.file {
            // What was read before an error is in `new`.
            let _ = file.read_to_end(&mut new);
        }
        let mut found = false;
        for byte in new {
            if byte == b'\n' {
                self.line.clear();
            } else {
                self.line.push(byte);
                found |= self.line == PANIC.as_bytes();
            }
        }
        found
    }
}
