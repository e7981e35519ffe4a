//! The clock: CPU time of the calling thread, which other work on the machine disturbs least.

use std::time::Instant;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// What some work took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// CPU time, user and system, of all threads.
    pub(crate) cpu_ns: u64,
    /// Time on the wall, with whatever else ran meanwhile.
    pub(crate) wall_ns: u64,
}

/// Returns what `work` takes on this thread.
pub(crate) fn spent(work: impl FnOnce()) -> Spent {
    let (cpu_start, wall_start) = (cpu_ns(), Instant::now());
    work();
    Spent { cpu_ns: cpu_ns() - cpu_start, wall_ns: wall_start.elapsed().as_nanos() as u64 }
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Returns the CPUs that this process may use.
pub(crate) fn cpus() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect()
}

/// Binds the calling thread to `cpu`. Where that is forbidden, it stays as it is.
pub(crate) fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    if let Err(error) = sched_setaffinity(None, &set) {
        eprintln!("not pinned to CPU {cpu}: {error}");
    }
}
