//! The state that all threads of the storm share: whether it goes on, the findings, and counts.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zram_rt::errno::{Error, InWords};
use zram_rt::futex::Mutex;
use zram_rt::{println, time};

/// Longest wait for anything that must happen in the end.
pub(crate) const WAIT_MAX_NS: u64 = 60_000_000_000;

/// Pause between two tries.
const PAUSE_NS: u64 = 1_000_000;

/// Something that must not be.
#[derive(Clone, Debug)]
pub(crate) struct Finding(String);

impl Finding {
    pub(crate) fn new(words: String) -> Self {
        Self(words)
    }

    /// Returns the finding that a step failed with an error that it may not have.
    pub(crate) fn of(step: &str, error: Error) -> Self {
        Self(format!("{step}: {}", InWords(error)))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A number of times that something happened.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add_one(&self) {
        // Relaxed: read once all threads have ended.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The storm as its threads see it.
#[derive(Default)]
pub(crate) struct Storm {
    stopped: AtomicBool,
    finding: Mutex<Option<Finding>>,
    pub(crate) devices_added: Count,
    pub(crate) devices_mounted: Count,
    pub(crate) devices_removed: Count,
    pub(crate) exits_accepted: Count,
    pub(crate) exits_refused: Count,
    /// Nanoseconds from asking a CPU to go until it was back.
    cpu_cycles: Mutex<Vec<u64>>,
}

impl Storm {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn goes_on(&self) -> bool {
        // Relaxed: what is shared has its own locks.
        !self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Keeps the first finding and ends the storm.
    pub(crate) fn note(&self, finding: Finding) {
        self.finding.lock().get_or_insert(finding);
        self.stop();
    }

    pub(crate) fn finding(&self) -> Option<Finding> {
        self.finding.lock().clone()
    }

    pub(crate) fn note_cpu_cycle(&self, took_ns: u64) {
        self.cpu_cycles.lock().push(took_ns);
    }

    /// Prints what was counted, for people or as figures.
    pub(crate) fn tell(&self, as_figures: bool) {
        let mut cycles = self.cpu_cycles.lock();
        cycles.sort_unstable();
        let middle = cycles.get(cycles.len() / 2).map_or(0, |ns| ns / 1000);
        for (name, value) in [
            ("devices_added", self.devices_added.get()),
            ("devices_mounted", self.devices_mounted.get()),
            ("devices_removed", self.devices_removed.get()),
            ("exits_accepted", self.exits_accepted.get()),
            ("exits_refused", self.exits_refused.get()),
            ("cpu_cycles", cycles.len() as u64),
            ("cpu_cycle_p50_us", middle),
        ] {
            if as_figures {
                println!("figure {name} {value}");
            } else {
                println!("{name:20} {value:>9}");
            }
        }
    }
}

/// Tries a step until it succeeds or fails with an error that does not pass; returns that.
///
/// `passes` are the errors that go away by themselves.
///
/// # Errors
///
/// A finding after [`WAIT_MAX_NS`].
pub(crate) fn retry<T>(
    step: &str,
    passes: &[i32],
    mut attempt: impl FnMut() -> Result<T, Error>,
) -> Result<Result<T, Error>, Finding> {
    let deadline_ns = time::now_ns().saturating_add(WAIT_MAX_NS);
    loop {
        match attempt() {
            Err(error) if passes.contains(&error.errno) => {
                if time::now_ns() > deadline_ns {
                    return Err(Finding::of(&format!("{step}, for a minute"), error));
                }
            }
            result => return Ok(result),
        }
        time::sleep_ns(PAUSE_NS);
    }
}
