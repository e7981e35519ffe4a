//! Starts the daemon and the shell, and waits for the shell's end.
//!
//! The daemon can be killed as well ([`Kills`]), by whoever writes its name to `/scheme/init/kill`:
//! that is how tests see what becomes of the others.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use zram_rt::errno::{Error, InWords, Result};
use zram_rt::futex::Mutex;
use zram_rt::process::{Command, End, Killer};
use zram_rt::{eprintln, fs, thread, time};

use crate::names::Names;

const DAEMON: &str = "/bin/zramd";
const SHELL: &str = "/bin/sh";
const SCRIPT: &str = "/script";

/// How long the daemon may take to register; its start takes some milliseconds.
const REGISTER_MAX_NS: u64 = 20_000_000_000;

/// Exit code of a shell that was killed: Linux's 128 + SIGKILL.
const KILLED_CODE: u8 = 137;

/// What was started and may be killed: the daemon.
pub(crate) struct Kills {
    daemon: Mutex<Option<Killer>>,
}

impl Kills {
    /// Returns a table without programs.
    pub(crate) const fn new() -> Self {
        Self { daemon: Mutex::new(None) }
    }

    /// Kills a program that is called `name`, without warning.
    ///
    /// # Errors
    ///
    /// ENOENT if no program of that name runs that may be killed.
    pub(crate) fn kill(&self, name: &str) -> Result<()> {
        let is_daemon = DAEMON.rsplit('/').next() == Some(name);
        let killer = is_daemon.then(|| self.daemon.lock().take()).flatten();
        killer.ok_or(Error::new(syscall::ENOENT))?.kill()
    }
}

/// Runs the system; returns the shell's exit code.
pub(crate) fn run(names: &Arc<Names>, kills: &Kills) -> u8 {
    start_daemon(names, kills);
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
fn start_daemon(names: &Arc<Names>, kills: &Kills) {
    let daemon = match Command::new(DAEMON).may_create_schemes().spawn() {
        Ok(daemon) => daemon,
        Err(error) => return eprintln!("init: {DAEMON}: {}", InWords(error)),
    };
    *kills.daemon.lock() = daemon.killer().ok();
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
