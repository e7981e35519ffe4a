//! Starts the daemon, has the boot configuration set up, starts the shell, and waits for its end.
//!
//! To let tests see how other programs react, the [`Daemon`] can also be killed, by writing its
//! name to `/scheme/init/kill`, and started again once it has ended, by writing its name to
//! `/scheme/init/start`.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use zram_rt::errno::{Error, InWords, Result};
use zram_rt::futex::{self, Mutex};
use zram_rt::process::{Command, End, Killer};
use zram_rt::{eprintln, fs, thread, time};

use crate::names::Names;

const DAEMON: &str = "/bin/zramd";
const SHELL: &str = "/bin/sh";
const SCRIPT: &str = "/script";
const CONFIGURATION: &str = "/etc/zram.conf";
const SETUP: &str = "/bin/zram-setup";

/// How long the devices of the boot configuration may take; they take milliseconds.
const SETUP_MAX_NS: u64 = 30_000_000_000;

/// How long the daemon may take to register; its start takes some milliseconds.
const REGISTER_MAX_NS: u64 = 20_000_000_000;

/// Exit code of a shell that was killed: Linux's 128 + SIGKILL.
const KILLED_CODE: u8 = 137;

/// The daemon: whether it runs, and what ends it.
pub(crate) struct Daemon {
    phase: Mutex<Phase>,
}

enum Phase {
    Absent,
    /// It is being started, runs, or ends; killed once at most.
    There(Option<Killer>),
}

impl Daemon {
    /// Returns what is known before it was started.
    pub(crate) const fn new() -> Self {
        Self { phase: Mutex::new(Phase::Absent) }
    }

    /// Kills it without warning.
    ///
    /// # Errors
    ///
    /// ENOENT for another name than the daemon's, and if it does not run or was killed before; those
    /// of [`Killer::kill`], after which it can be tried again.
    pub(crate) fn kill(&self, name: &str) -> Result<()> {
        let killer = match &mut *self.phase.lock() {
            Phase::There(killer) if is_daemon(name) => killer.take(),
            Phase::There(_) | Phase::Absent => None,
        };
        let killer = killer.ok_or(Error::new(syscall::ENOENT))?;
        let killed = killer.kill();
        if killed.is_err()
            && let Phase::There(place) = &mut *self.phase.lock()
        {
            *place = Some(killer);
        }
        killed
    }

    /// Has it started by a thread of its own, and does not wait for that.
    ///
    /// # Errors
    ///
    /// ENOENT for another name than the daemon's, EBUSY until the one before has ended; those of
    /// starting a thread.
    pub(crate) fn start_again(self: &Arc<Self>, name: &str, names: &Arc<Names>) -> Result<()> {
        if !is_daemon(name) {
            return Err(Error::new(syscall::EINVAL));
        }
        self.take_place()?;
        let (daemon, names) = (Arc::clone(self), Arc::clone(names));
        let started = thread::Builder::new("start").spawn(move || daemon.start(&names));
        started.map(drop).inspect_err(|_| self.is_gone())
    }

    fn take_place(&self) -> Result<()> {
        let mut phase = self.phase.lock();
        match *phase {
            Phase::There(_) => Err(Error::new(syscall::EBUSY)),
            Phase::Absent => {
                *phase = Phase::There(None);
                Ok(())
            }
        }
    }

    fn is_gone(&self) {
        *self.phase.lock() = Phase::Absent;
    }

    /// Starts it, after its place was taken, and waits until it has registered or ended; without it
    /// the system goes on, and `zram:` is not there.
    fn start(self: &Arc<Self>, names: &Arc<Names>) {
        let daemon = match Command::new(DAEMON).may_create_schemes().spawn() {
            Ok(daemon) => daemon,
            Err(error) => {
                self.is_gone();
                return eprintln!("init: {DAEMON}: {}", InWords(error));
            }
        };
        *self.phase.lock() = Phase::There(daemon.killer().ok());
        let ended = Arc::new(AtomicBool::new(false));
        let (own, known, has_ended) = (Arc::clone(self), Arc::clone(names), Arc::clone(&ended));
        let watch = thread::Builder::new("watch").spawn(move || {
            let end = daemon.wait();
            known.bury("zram");
            // Relaxed: `announce` orders it before the wake.
            has_ended.store(true, Ordering::Relaxed);
            known.announce();
            match end {
                End::Exited(0) => eprintln!("init: {DAEMON} has ended"),
                End::Exited(code) => eprintln!("init: {DAEMON} has ended with code {code}"),
                End::Killed => eprintln!("init: {DAEMON} was killed"),
            }
            own.is_gone();
        });
        if let Err(error) = watch {
            eprintln!("init: nobody watches {DAEMON}: {}", InWords(error));
        }
        let deadline_ns = time::now_ns().saturating_add(REGISTER_MAX_NS);
        if !names.wait_for("zram", deadline_ns, || ended.load(Ordering::Relaxed)) {
            eprintln!("init: {DAEMON} has not registered zram:");
        }
    }
}

/// Has the devices of the boot configuration made and mounted. Whatever becomes of it, the system goes on.
fn configure() {
    let setup = match Command::new(SETUP).spawn() {
        Ok(setup) => setup,
        Err(error) => return eprintln!("init: {SETUP}: {}", InWords(error)),
    };
    let is_done = Arc::new(AtomicU32::new(0));
    let done = Arc::clone(&is_done);
    let watch = thread::Builder::new("setup").spawn(move || {
        if setup.wait() != End::Exited(0) {
            eprintln!("init: {CONFIGURATION} is not in use");
        }
        // Relaxed: what was set up is the kernel's and the daemon's, and the wake orders the rest.
        done.store(1, Ordering::Relaxed);
        futex::wake(&done, u32::MAX);
    });
    if let Err(error) = watch {
        return eprintln!("init: nobody watches {SETUP}: {}", InWords(error));
    }
    let deadline_ns = time::now_ns().saturating_add(SETUP_MAX_NS);
    while is_done.load(Ordering::Relaxed) == 0 {
        // The only error is the deadline.
        if futex::wait(&is_done, 0, Some(deadline_ns)).is_err() {
            return eprintln!("init: {SETUP} takes too long; going on without it");
        }
    }
}

fn is_daemon(name: &str) -> bool {
    DAEMON.rsplit('/').next() == Some(name)
}

/// Runs the system; returns the shell's exit code.
pub(crate) fn run(names: &Arc<Names>, daemon: &Arc<Daemon>) -> u8 {
    daemon.take_place().expect("nobody else starts it before the shell runs");
    daemon.start(names);
    if fs::open(CONFIGURATION, syscall::O_RDONLY).is_ok() {
        configure();
    }
    let command = Command::new(SHELL).protected();
    let script_exists = fs::open(SCRIPT, syscall::O_RDONLY).is_ok();
    let command = if script_exists { command.argument(SCRIPT) } else { command };
    match command.spawn().map(|shell| shell.wait()) {
        Ok(End::Exited(0)) => 0,
        Ok(End::Exited(code)) => {
            // The power switch has room for half of the codes, so the line tells which it was.
            eprintln!("init: the shell has ended with code {code}");
            code
        }
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
