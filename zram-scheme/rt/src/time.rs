//! The monotonic clock.
//!
//! Redox's clock runs backwards now and then, by some milliseconds. The time that a program sees
//! here does not: it stands still until the kernel's clock has passed it. The module also has the
//! processor's own counter, which costs no system call.

#![expect(unsafe_code, reason = "reads the processor's counter")]

use core::sync::atomic::{AtomicU64, Ordering};

use syscall::TimeSpec;

use zram_rt_core::again;

/// The latest time that any thread of this program has seen.
///
/// Relaxed: a read-modify-write sees the newest value, and no other memory is guarded.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// Returns nanoseconds since the machine started, never fewer than before.
pub fn now_ns() -> u64 {
    let mut now = TimeSpec::default();
    // The clock exists on every kernel that starts us; 0 is as good as anything without it.
    let _ = syscall::clock_gettime(syscall::CLOCK_MONOTONIC, &mut now);
    let now = u64::try_from(now.to_nanos()).unwrap_or(u64::MAX);
    LATEST.fetch_max(now, Ordering::Relaxed).max(now)
}

/// Returns the count of the processor's time-stamp counter, some billions a second. Each CPU has its own,
/// and it may differ from another's.
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 CPU has the counter; the kernels that start us leave it to programs (CR4.TSD
    // is clear), and one that did not would end the program here, not give a wrong count.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Returns the nanoseconds since `start_ns`.
pub fn since_ns(start_ns: u64) -> u64 {
    now_ns().saturating_sub(start_ns)
}

/// Sleeps for at least `duration_ns`.
pub fn sleep_ns(duration_ns: u64) {
    let end_ns = now_ns().saturating_add(duration_ns);
    loop {
        // An interruption leaves the rest to be slept.
        let slept = again(|| {
            let rest_ns = end_ns.saturating_sub(now_ns());
            let duration = TimeSpec::from_nanos(u128::from(rest_ns));
            syscall::nanosleep(&duration, &mut TimeSpec::default())
        });
        // A clock that ran ahead when the sleep began leaves some as well. A kernel that refuses to
        // sleep would refuse for ever.
        if slept.is_err() || now_ns() >= end_ns {
            return;
        }
    }
}

/// Lets other threads run.
pub fn yield_now() {
    // Yielding cannot fail.
    let _ = syscall::sched_yield();
}
