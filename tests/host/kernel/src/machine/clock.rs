//! Time since boot, from the time-stamp counter.
//!
//! The counter's rate is measured once against the ACPI power management timer. CPUs' counters may
//! differ a little, so the last value given out is remembered and time never goes back.

#![expect(unsafe_code, reason = "reads the time-stamp counter and the timer's port")]

use core::sync::atomic::{AtomicU64, Ordering};
use x86_64::instructions::port::Port;

/// Ticks of the power management timer in a second (ACPI 4.8.2.1).
const PM_TIMER_HZ: u64 = 3_579_545;

/// The timer may have only 24 bits.
const PM_TIMER_MASK: u32 = 0xff_ffff;

/// Ticks of a measurement: 10 ms.
const MEASURE_TICKS: u32 = (PM_TIMER_HZ / 100) as u32;

/// Nanoseconds of one count, times 2^32: turns a division by the rate into a multiplication.
static NS_PER_COUNT: AtomicU64 = AtomicU64::new(0);
static LAST_NS: AtomicU64 = AtomicU64::new(0);

/// Returns nanoseconds since the machine was switched on; never less than before.
pub(crate) fn now_ns() -> u64 {
    // Relaxed is enough: written once, before the other CPUs start.
    let scale = NS_PER_COUNT.load(Ordering::Relaxed);
    let ns = ((u128::from(tsc()) * u128::from(scale)) >> 32) as u64;
    // Relaxed is enough: the value itself is all that is shared.
    LAST_NS.fetch_max(ns, Ordering::Relaxed).max(ns)
}

fn tsc() -> u64 {
    // SAFETY: every x86-64 CPU has the counter, and ring 0 may read it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Waits, for the short delays that starting a CPU needs.
pub(super) fn wait_us(us: u64) {
    let end = now_ns() + us * 1000;
    while now_ns() < end {
        core::hint::spin_loop();
    }
}

/// Both counters at one moment.
struct Sample {
    tsc: u64,
    pm: u32,
}

/// Reads both counters; of several tries the quickest, as the host may take the CPU away between.
fn sample(pm_port: u16) -> Sample {
    let mut port = Port::<u32>::new(pm_port);
    let mut best = Sample { tsc: 0, pm: 0 };
    let mut best_took = u64::MAX;
    for _ in 0..8 {
        let before = tsc();
        // SAFETY: reading the timer has no effect.
        let pm = unsafe { port.read() };
        let took = tsc() - before;
        if took < best_took {
            best_took = took;
            best = Sample { tsc: before + took / 2, pm: pm & PM_TIMER_MASK };
        }
    }
    best
}

/// Measures the counter's rate; returns how often `other` counted in a second, measured in passing.
pub(super) fn calibrate(pm_port: u16, other: impl Fn() -> u64) -> u64 {
    let (start, other_start) = (sample(pm_port), other());
    loop {
        let (end, other_end) = (sample(pm_port), other());
        let pm_ticks = end.pm.wrapping_sub(start.pm) & PM_TIMER_MASK;
        if pm_ticks >= MEASURE_TICKS {
            let per_second = |count: u64| count * PM_TIMER_HZ / u64::from(pm_ticks);
            let khz = per_second(end.tsc - start.tsc) / 1000;
            // Relaxed is enough: the other CPUs start later.
            NS_PER_COUNT.store((1_000_000 << 32) / khz, Ordering::Relaxed);
            return per_second(other_end - other_start);
        }
    }
}
