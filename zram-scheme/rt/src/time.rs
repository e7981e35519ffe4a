//! The monotonic clock.
//!
//! Redox's clock was seen to run backwards now and then, so durations are taken by saturating
//! subtraction.

use syscall::TimeSpec;

use zram_rt_core::again;

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
    let end_ns = now_ns().saturating_add(duration_ns);
    // An interruption leaves the rest to be slept; any other answer says that it is over.
    let _ = again(|| {
        let rest_ns = end_ns.saturating_sub(now_ns());
        let duration = TimeSpec::from_nanos(u128::from(rest_ns));
        syscall::nanosleep(&duration, &mut TimeSpec::default())
    });
}

/// Lets other threads run.
pub fn yield_now() {
    // Yielding cannot fail.
    let _ = syscall::sched_yield();
}
