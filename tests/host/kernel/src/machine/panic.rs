//! The end of the kernel: one message on the serial line, then the machine is switched off.

use super::serial::LastWords;
use super::{apic, power};
use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

/// A panic was reported; the next one says nothing.
static IS_REPORTED: AtomicBool = AtomicBool::new(false);

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Relaxed is enough: only one CPU sees `false`, which is all that counts.
    if !IS_REPORTED.swap(true, Ordering::Relaxed) {
        report(info);
    }
    power::exit(power::PANIC)
}

/// Writes the message. The CPU's number comes from its local APIC: per-CPU data may be damaged.
fn report(info: &PanicInfo<'_>) {
    let mut line = LastWords::take();
    // Nothing is left to be done if the serial line fails: it cannot.
    let _ = write!(line, "\nKERNEL PANIC cpu {}: {}", apic::this_cpu_by_apic(), info.message());
    if let Some(place) = info.location() {
        let _ = write!(line, " ({}:{})", place.file(), place.line());
    }
    let _ = line.write_str("\n");
}
