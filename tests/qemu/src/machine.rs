//! One run of the image under QEMU: started, watched, and always ended.
//!
//! The serial line is read byte by byte by a thread of its own, so that the watcher can end a guest
//! that says nothing ([`Limits::silence`]) or never stops ([`Limits::total`]). Whatever happens, the
//! child is killed and reaped before a run returns, and if the harness itself is killed, the system
//! kills QEMU. Only one QEMU runs at a time on a checkout
//! (`turn`): two would disturb each other's timing on small machines.
//!
//! The guest powers off through the `isa-debug-exit` device, whose code `c` becomes QEMU's exit
//! status `2c + 1`; success is code 16. QEMU runs by emulation (TCG) on `qemu64` without cx16,
//! which QEMU 7.2 emulates wrongly.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::image::Image;

pub mod attended;
pub mod monitor;
pub mod redox;
#[cfg(test)]
mod tests;
mod turn;

use self::monitor::Monitor;
pub use self::turn::{Turn, one_at_a_time, turn_of};

/// QEMU's exit status when the guest says that all went well.
pub const SUCCESS: i32 = 33;

/// The program that must be installed.
pub const QEMU: &str = "qemu-system-x86_64";

/// Starts faster than SeaBIOS by about 100 ms; used where the package brings it.
const QBOOT: &str = "/usr/share/qemu/qboot.rom";

/// Starts a program that dies with whoever started it; part of Debian's essential `util-linux`.
const SETPRIV: &str = "/usr/bin/setpriv";

/// What the kernel prints before it gives up.
const PANIC: &str = "KERNEL PANIC";

/// What the first program prints before the code of a shell that has failed.
const SHELL_CODE: &str = "init: the shell has ended with code ";

/// A panicking guest has this long to finish its message.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// More than any honest run prints by a factor of a hundred.
const LOG_BYTES_MAX: usize = 8 << 20;

/// How often a wait that has no event looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How the emulator spreads virtual CPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threading {
    /// One host thread for each virtual CPU: real concurrency.
    Multi,
    /// All virtual CPUs on one thread: steadier times on a busy host.
    Single,
    /// All virtual CPUs on one thread, and guest time counts instructions, one a nanosecond: what the
    /// guest measures is the same on every host, however busy.
    Counted,
}

/// The machine to build.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Virtual CPUs.
    pub cpus: u32,
    /// How the emulator runs them.
    pub threading: Threading,
    /// Words for the kernel.
    pub command_line: String,
}

/// Time-outs of a run; each at least ten times what the run usually takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From start to end.
    pub total: Duration,
    /// Between two outputs.
    pub silence: Duration,
}

/// A run that came to its own end.
#[derive(Debug)]
pub struct Ended {
    /// QEMU's exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Everything the guest and QEMU said.
    pub log: String,
    /// Time from start to end.
    pub elapsed: Duration,
}

/// Why a run did not come to its own end.
#[derive(Debug)]
pub enum Why {
    /// QEMU could not be started.
    NotStarted(io::Error),
    /// Another run did not end in time.
    NoTurn,
    /// The guest printed nothing for too long.
    Silent(Duration),
    /// The guest was still running at the end of its time.
    TooLong(Duration),
    /// The guest printed more than a log may hold.
    TooLoud,
    /// The kernel said that it cannot go on.
    Panicked,
    /// A program crashed that was not to.
    Crashed,
}

/// A run that had to be ended or never began, with all that was said until then.
#[derive(Debug)]
pub struct Failed {
    /// What was wrong.
    pub why: Why,
    /// Everything the guest and QEMU said.
    pub log: String,
}

/// What one who watches is told: a whole line, and the time since the start.
pub type Watch<'a> = dyn FnMut(&str, Duration) + 'a;

impl Machine {
    /// Returns QEMU's command line for `image`, without a serial line.
    pub fn command(&self, image: &Image) -> Command {
        let threading = match self.threading {
            Threading::Multi => "tcg,thread=multi",
            Threading::Single | Threading::Counted => "tcg,thread=single",
        };
        let mut command = mortal(QEMU);
        command
            .args(["-machine", "q35", "-accel", threading, "-cpu", "qemu64,-cx16"])
            .args(["-smp", &self.cpus.to_string(), "-m", &self.memory_mib.to_string()])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]);
        if self.threading == Threading::Counted {
            command.args(["-icount", "shift=0,sleep=off"]);
        }
        if Path::new(QBOOT).exists() {
            command.args(["-bios", QBOOT]);
        }
        command.arg("-kernel").arg(image.kernel()).arg("-initrd").arg(image.initrd());
        command.args(["-append", &self.command_line]);
        command
    }

    /// Boots `image` and returns when the guest has powered off.
    ///
    /// # Errors
    ///
    /// [`Failed`] with the log, when QEMU does not start, when a time-out of `limits` passes, and
    /// when the kernel panics. A guest that powers off with a failure is not an error here: see
    /// [`Ended::succeeded`].
    pub fn run(
        &self,
        image: &Image,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Ended, Failed> {
        self.run_with_input(image, limits, Stdio::null(), watch)
    }

    /// Boots as [`Self::run`] does, with `keys` on the console; the guest reads them when it can.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_with_input(
        &self,
        image: &Image,
        limits: Limits,
        keys: impl Into<Stdio>,
        watch: &mut Watch<'_>,
    ) -> Result<Ended, Failed> {
        let turn = one_at_a_time().map_err(|why| Failed { why, log: String::new() })?;
        let mut command = self.command(image);
        command.args(["-serial", "stdio"]).stdin(keys);
        let ended = listen_to(command, limits, watch);
        drop(turn);
        ended
    }
}

/// What one who inserts CPUs is told: a whole line, and the run's monitor.
pub type Attend<'a> = dyn FnMut(&str, &mut Monitor) + 'a;

impl Machine {
    /// Boots as [`Self::run`] does, with room for `spare_cpus` more CPUs, which `attend` inserts.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_with_spares(
        &self,
        image: &Image,
        limits: Limits,
        spare_cpus: u32,
        attend: &mut Attend<'_>,
    ) -> Result<(Ended, Monitor), Failed> {
        let failed = |why| Failed { why, log: String::new() };
        let turn = one_at_a_time().map_err(failed)?;
        let (mut monitor, other_end) =
            Monitor::pair().map_err(|error| failed(Why::NotStarted(error)))?;
        let smp = format!("{},maxcpus={}", self.cpus, self.cpus + spare_cpus);
        let mut command = self.command(image);
        // The last `-smp` counts.
        command.args(["-smp", &smp]);
        // `stdio` would take half of what is for the monitor.
        command.args(["-chardev", "file,id=line,path=/dev/stdout", "-serial", "chardev:line"]);
        command.args(["-chardev", "socket,id=monitor,fd=0"]);
        command.args(["-mon", "chardev=monitor,mode=control"]);
        command.stdin(other_end);
        let ended = listen_to(command, limits, &mut |line, _| attend(line, &mut monitor));
        drop(turn);
        Ok((ended?, monitor))
    }
}

impl Ended {
    /// Returns whether the guest said that all went well.
    pub fn succeeded(&self) -> bool {
        self.status == Some(SUCCESS)
    }

    /// Returns the code with which the guest's shell ended, if that was a failure.
    ///
    /// The exit status has room for codes to 125 only, and its 16 is success.
    pub fn guest_code(&self) -> Option<u8> {
        shell_code(&self.log)
    }
}

/// Returns the code of a shell that has failed, as the first program told it in `log`.
pub fn shell_code(log: &str) -> Option<u8> {
    log.lines().rev().find_map(|line| line.trim_end().strip_prefix(SHELL_CODE)?.parse().ok())
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(out, "{QEMU} did not start: {error}"),
            Self::NoTurn => write!(out, "another QEMU of this checkout did not end"),
            Self::Silent(limit) => write!(out, "the guest was silent for {} s", limit.as_secs()),
            Self::TooLong(limit) => write!(out, "the guest ran for {} s", limit.as_secs()),
            Self::TooLoud => write!(out, "the guest printed more than {LOG_BYTES_MAX} bytes"),
            Self::Panicked => write!(out, "the kernel panicked"),
            Self::Crashed => write!(out, "a program crashed"),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n--- serial log ---\n{}", self.why, self.log)
    }
}

/// Returns the command of a program that the system ends when this process is killed, where the
/// system can.
fn mortal(program: &str) -> Command {
    if !Path::new(SETPRIV).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "KILL", program]);
    command
}

/// Runs `command` with its output watched line by line; it is dead when this returns.
///
/// # Errors
///
/// As [`Machine::run`].
pub fn supervise(
    mut command: Command,
    limits: Limits,
    watch: &mut Watch<'_>,
) -> Result<Ended, Failed> {
    command.stdin(Stdio::null());
    listen_to(command, limits, watch)
}

/// Runs `command` as [`supervise`] does, with the standard input that it has.
fn listen_to(command: Command, limits: Limits, watch: &mut Watch<'_>) -> Result<Ended, Failed> {
    listen_for(None, command, limits, watch)
}

/// Runs `command` as [`listen_to`] does; a line with `crash` in it is the end as well.
fn listen_for(
    crash: Option<&'static str>,
    mut command: Command,
    limits: Limits,
    watch: &mut Watch<'_>,
) -> Result<Ended, Failed> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = Instant::now();
    let mut listener = Listener { crash, ..Listener::new(started, watch) };
    let result = command.spawn().map_err(Why::NotStarted).and_then(|child| {
        let mut running = Running(child);
        let (sender, said) = channel();
        if let Some(out) = running.0.stdout.take() {
            forward(out, sender.clone());
        }
        if let Some(errors) = running.0.stderr.take() {
            forward(errors, sender);
        }
        listener.listen(&said, limits)?;
        running.reap(started + limits.total, limits)
    });
    let log = listener.log;
    match result {
        Ok(status) => Ok(Ended { status, log, elapsed: started.elapsed() }),
        Err(why) => Err(Failed { why, log }),
    }
}

/// Sends on what `source` says until it closes or nobody listens.
fn forward(mut source: impl Read + Send + 'static, sender: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = source.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
}

/// A child that does not outlive its owner.
struct Running(Child);

impl Running {
    /// Returns the exit status of a child that has closed its output, by `deadline` at the latest.
    fn reap(&mut self, deadline: Instant, limits: Limits) -> Result<Option<i32>, Why> {
        loop {
            if let Some(status) = self.0.try_wait().map_err(Why::NotStarted)? {
                return Ok(status.code());
            }
            if Instant::now() > deadline {
                return Err(Why::TooLong(limits.total));
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has been reaped already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Collects output, cuts it into lines and decides when a run has gone on long enough.
struct Listener<'a, 'w> {
    started: Instant,
    watch: &'a mut Watch<'w>,
    log: String,
    /// Bytes that were said; the log has more where they are no text.
    heard: usize,
    line: Vec<u8>,
    /// What a crash is announced with, where that is the end of a run.
    crash: Option<&'static str>,
    /// Why the run has to end, and since when.
    fatal: Option<(Why, Instant)>,
}

impl<'a, 'w> Listener<'a, 'w> {
    fn new(started: Instant, watch: &'a mut Watch<'w>) -> Self {
        let (log, line) = (String::new(), Vec::new());
        Self { started, watch, log, heard: 0, line, crash: None, fatal: None }
    }

    /// Returns when the output is closed.
    fn listen(&mut self, said: &Receiver<Vec<u8>>, limits: Limits) -> Result<(), Why> {
        let result = self.listen_until_closed(said, limits);
        if !self.line.is_empty() {
            self.end_line();
        }
        match self.fatal.take() {
            Some((why, _)) => Err(why),
            None => result,
        }
    }

    fn listen_until_closed(&mut self, said: &Receiver<Vec<u8>>, limits: Limits) -> Result<(), Why> {
        loop {
            let patience = self.patience(limits)?;
            match said.recv_timeout(patience.min(limits.silence)) {
                Ok(bytes) => self.hear(&bytes),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) if patience > limits.silence => {
                    return Err(Why::Silent(limits.silence));
                }
                Err(RecvTimeoutError::Timeout) => return Err(Why::TooLong(limits.total)),
            }
            if self.heard > LOG_BYTES_MAX {
                return Err(Why::TooLoud);
            }
        }
    }

    /// Returns the time that is left.
    fn patience(&self, limits: Limits) -> Result<Duration, Why> {
        let deadline = match &self.fatal {
            Some((_, since)) => *since + LAST_WORDS,
            None => self.started + limits.total,
        };
        deadline.checked_duration_since(Instant::now()).ok_or(Why::TooLong(limits.total))
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.heard += bytes.len();
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line();
            } else if byte != b'\r' {
                self.line.push(byte);
            }
        }
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let crashed = self.crash.is_some_and(|crash| line.contains(crash));
        if self.fatal.is_none() && line.contains(PANIC) {
            self.fatal = Some((Why::Panicked, Instant::now()));
        } else if self.fatal.is_none() && crashed {
            self.fatal = Some((Why::Crashed, Instant::now()));
        }
        (self.watch)(&line, self.started.elapsed());
        self.log.push_str(&line);
        self.log.push('\n');
    }
}
