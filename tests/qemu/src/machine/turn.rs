//! One run at a time on a checkout: a lock decides whose turn it is.
//!
//! The turn is the lock of a file under `target/`, held by the process whose turn it is. The system
//! releases the lock when that process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use super::{LOOK_AGAIN, Why};
use crate::place;

/// Longest wait for another run on this checkout to end.
const TURN_MAX: Duration = Duration::from_secs(45 * 60);

/// The right to run; given up on drop.
#[derive(Debug)]
pub struct Turn(
    /// Its lock is the turn.
    #[expect(dead_code, reason = "what counts is that it is open")]
    File,
);

/// Waits until no other run of this checkout is under way; says so at once if there is one.
///
/// # Errors
///
/// [`Why::NoTurn`] when the wait exceeds three quarters of an hour, [`Why::NotStarted`] when the
/// lock file cannot be used.
pub fn one_at_a_time() -> Result<Turn, Why> {
    turn_of("qemu.lock")
}

/// Waits for the turn of a file under `target/`, as [`one_at_a_time`] does.
///
/// # Errors
///
/// As [`one_at_a_time`].
pub fn turn_of(file: &str) -> Result<Turn, Why> {
    let path =
        place::under_target(file).map_err(|message| Why::NotStarted(io::Error::other(message)))?;
    take(&path, TURN_MAX, &mut |words| eprintln!("{words}"))
}

/// Takes the turn of the file at `path`, with `patience`; `tell` is called once if somebody has it.
fn take(path: &Path, patience: Duration, tell: &mut dyn FnMut(&str)) -> Result<Turn, Why> {
    let mut options = OpenOptions::new();
    // Not emptied: the other one's number is in it.
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path).map_err(Why::NotStarted)?;
    let deadline = Instant::now() + patience;
    let mut is_told = false;
    while let Err(refused) = file.try_lock() {
        match refused {
            TryLockError::Error(error) => return Err(Why::NotStarted(error)),
            TryLockError::WouldBlock if Instant::now() > deadline => return Err(Why::NoTurn),
            TryLockError::WouldBlock => {}
        }
        if !is_told {
            tell(&waiting_for(&mut file));
            is_told = true;
        }
        thread::sleep(LOOK_AGAIN);
    }
    sign(&mut file).map_err(Why::NotStarted)?;
    Ok(Turn(file))
}

/// Writes whose turn it is.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", process::id())
}

fn waiting_for(file: &mut File) -> String {
    let mut holder = String::new();
    // Without a number, for the moment between lock and number, there is less to say.
    let is_known = file.rewind().and_then(|()| file.read_to_string(&mut holder)).is_ok();
    match holder.trim().parse::<u32>() {
        Ok(process) if is_known => {
            format!("waiting for the other run on this checkout, process {process}")
        }
        Ok(_) | Err(_) => "waiting for the other run on this checkout".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{Why, process, take};

    const NONE: Duration = Duration::ZERO;

    fn path(test: &str) -> PathBuf {
        crate::place::under_target(&format!("turn-test/{test}")).expect("a folder")
    }

    #[test]
    fn waiting_for_another_run_is_told_at_once_with_its_process() {
        let path = path("told");
        let turn = take(&path, NONE, &mut |words| panic!("{words}")).expect("nobody has it");
        let mut told = Vec::new();
        let refused =
            take(&path, Duration::from_millis(50), &mut |words| told.push(words.to_owned()));
        assert!(matches!(refused, Err(Why::NoTurn)));
        let process = process::id();
        assert_eq!(
            told,
            [format!("waiting for the other run on this checkout, process {process}")]
        );
        drop(turn);
    }

    #[test]
    fn a_turn_that_was_given_up_is_free() {
        let path = path("free");
        for _ in 0..2 {
            take(&path, NONE, &mut |words| panic!("{words}")).expect("nobody has it");
        }
    }
}
