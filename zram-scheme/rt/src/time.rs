//! The monotonic clock.
//!
//! Redox's clock was seen to run backwards now and then, so durations are taken by saturating
//! subtraction.

use syscall::TimeSpec;

/// Returns nanoseconds since the machine started.
pub fn now_ns() -> u64 {
    let mut now = TimeSpec::default();
    // The clock exists on every kernel that starts us; 0 is as good as anything without it.
    let _ = syscall::clock_gettime(syscall::CLOCK_MONOTONIC, &mut now);
    u64::try_from(now.to_nanos()).unwrap_or(u64::MAX)
}

/// Returns the nanoseconds since `start_ns`.
pub fn since_ns(start_ns: u64) -> u64 {
    now_ns().saturating_sub(start_ns)
}

/// Sleeps for at least `duration_ns`.
pub fn sleep_ns(duration_ns: u64) {
    let duration = TimeSpec::from_nanos(u128::from(duration_ns));
    let mut rest = TimeSpec::default();
    // There are no signals, so nothing interrupts it.
    let _ = syscall::nanosleep(&duration, &mut rest);
}

/// Lets other threads run.
pub fn yield_now() {
    // Yielding cannot fail.
    let _ = syscall::sched_yield();
}
