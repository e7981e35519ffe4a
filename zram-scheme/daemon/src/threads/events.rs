//! The thread that follows CPU events, so that the actor does not wait for them.
//!
//! The thread reads one event, lets the actor handle it, and writes the actor's reply. Events of
//! sequence 0 (CPUs that were up before) need no answer. Once the daemon has ended there is nothing
//! to do for a CPU, so the thread agrees and does not delay the machine. Relies on
//! `zram_abi::cpu_event`.

use log::{Level, log, warn};
use zram_abi::{CpuId, Stage, cpu_event};

use crate::daemon::Daemon;
use crate::platform::{Closed, CpuEvents, Ports};

/// What the actor answers once the daemon has ended.
const ENDED: u32 = syscall::ENODEV.unsigned_abs();

/// Follows CPU events until there are none any more.
pub fn run<P: Ports>(daemon: &Daemon<P>, source: &mut impl CpuEvents) {
    loop {
        match source.next() {
            Ok(event) => follow(daemon, source, event),
            Err(Closed) => return,
        }
    }
}

fn follow<P: Ports>(daemon: &Daemon<P>, source: &mut impl CpuEvents, event: cpu_event::Event) {
    let cpu_event::Event { sequence, cpu, stage } = event;
    let result = daemon.change_cpu(cpu, stage);
    let result = result.or_else(|errno| if errno == ENDED { Ok(()) } else { Err(errno) });
    match result {
        Ok(()) => log!(level(stage), "cpu {} {}", cpu.number(), words(stage)),
        Err(errno) => warn!("cpu {} {}: refused with errno {errno}", cpu.number(), words(stage)),
    }
    if sequence != 0 {
        source.answer(cpu_event::Answer { sequence, errno: result.err().unwrap_or(0) });
    }
}

/// Returns how important a stage is: where a CPU is in the end is what a person wants to know.
const fn level(stage: Stage) -> Level {
    match stage {
        Stage::Online | Stage::UpAborted | Stage::Dead => Level::Info,
        Stage::Prepare | Stage::Dying => Level::Debug,
    }
}

/// Returns what happens to the CPU, for the log.
const fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare => "is coming up",
        Stage::Online => "is online",
        Stage::UpAborted => "did not come up",
        Stage::Dying => "is going down",
        Stage::Dead => "is offline",
    }
}

/// The events of a kernel without CPU hotplug: CPUs from 0 that are up, and then nothing.
#[derive(Debug)]
pub struct FixedCpus {
    next: u32,
    count: u32,
}

impl FixedCpus {
    /// Returns the events of `count` CPUs.
    pub const fn new(count: u32) -> Self {
        Self { next: 0, count }
    }
}

impl CpuEvents for FixedCpus {
    fn next(&mut self) -> Result<cpu_event::Event, Closed> {
        if self.next >= self.count {
            return Err(Closed);
        }
        let cpu = CpuId::new(self.next).ok_or(Closed)?;
        self.next += 1;
        Ok(cpu_event::Event { sequence: 0, cpu, stage: Stage::Online })
    }

    fn answer(&mut self, _answer: cpu_event::Answer) {}
}

#[cfg(test)]
mod tests;
