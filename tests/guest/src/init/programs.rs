//! Starts the daemon and the shell, and waits for the shell's end.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use zram_rt::errno::InWords;
use zram_rt::process::{Command, End};
use zram_rt::{eprintln, fs, thread, time};

use crate::names::Names;

const DAEMON: &str = "/bin/zramd";
const SHELL: &str = "/bin/sh";
const SCRIPT: &str = "/script";

/// How long the daemon may take to register; its start takes some milliseconds.
const REGISTER_MAX_NS: u64 = 20_000_000_000;

/// Exit code of a shell that was killed: Linux's 128 + SIGKILL.
const KILLED_CODE: u8 = 137;

/// Runs the system; returns the shell's exit code.
pub(crate) fn run(names: &Arc<Names>) -> u8 {
    start_daemon(names);
    let command = Command::new(SHELL);
    let script_exists = fs::open(SCRIPT, syscall::O_RDONLY).is_ok();
    let command = if script_exists { command.argument(SCRIPT) } else { command };
    match command.spawn().map(|shell| shell.wait()) {
        Ok(End::Exited(code)) => code,
        Ok(End::Killed) => {
            eprintln!("init: the shell was killed");
            KILLED_CODE
        }
        Err(error) => {
            eprintln!("init: {SHELL}: {}", InWords(error));
            1
        }
    }
}

/// Starts `zramd`; without it the system goes on, and `zram:` is not there.
fn start_daemon(names: &Arc<Names>) {
    let daemon = match Command::new(DAEMON).may_create_schemes().spawn() {
        Ok(daemon) => daemon,
        Err(error) => return eprintln!("init: {DAEMON}: {}", InWords(error)),
    };
    let ended = Arc::new(AtomicBool::new(false));
    let (known, has_ended) = (Arc::clone(names), Arc::clone(&ended));
    let watch = thread::Builder::new("watch").spawn(move || {
        let end = daemon.wait();
        known.forget("zram");
        // Relaxed: `announce` orders it before the wake.
        has_ended.store(true, Ordering::Relaxed);
        known.announce();
        match end {
            End::Exited(0) => eprintln!("init: {DAEMON} has ended"),
            End::Exited(code) => eprintln!("init: {DAEMON} has ended with code {code}"),
            End::Killed => eprintln!("init: {DAEMON} was killed"),
        }
    });
    if let Err(error) = watch {
        eprintln!("init: nobody watches {DAEMON}: {}", InWords(error));
    }
    let deadline_ns = time::now_ns().saturating_add(REGISTER_MAX_NS);
    if !names.wait_for("zram", deadline_ns, || ended.load(Ordering::Relaxed)) {
        eprintln!("init: {DAEMON} has not registered zram:");
    }
}
