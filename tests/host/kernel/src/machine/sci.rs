//! The system control interrupt (SCI): something has happened at a CPU slot.
//!
//! Boot switches the machine to ACPI mode, enables the one event that QEMU raises for CPU slots,
//! and sends its interrupt to the CPU that booted, which never goes offline. The handler only notes
//! the event; at the next tick the kernel asks [`super::cpu_slots`]. A machine without an SCI finds
//! the event by polling, only later.

#![expect(unsafe_code, reason = "port input and output, and the I/O APIC's registers")]

use super::{apic, physical};
use core::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use x86_64::instructions::port::Port;

/// The general-purpose event of CPU slots, on q35 and pc alike (QEMU: `ACPI_CPU_HOTPLUG_STATUS`).
const SLOTS_EVENT: u8 = 1 << 2;

/// Power management control: ACPI mode is on.
const IS_ON: u16 = 1;

/// I/O APIC: the register that selects another, that other one, and the first line's.
const SELECT: u64 = 0;
const WINDOW: u64 = 0x10;
const FIRST_LINE: u32 = 0x10;
/// I/O APIC, line: it asks until it is satisfied. Its polarity (active high) is the default.
const LEVEL: u32 = 1 << 15;

/// Port of the event's status, 0 before [`start`].
static STATUS: AtomicU16 = AtomicU16::new(0);

/// The event came, and the slots were not looked at since.
static IS_DUE: AtomicBool = AtomicBool::new(false);

/// How the interrupt is wired, as the firmware's tables say.
pub(super) struct Wiring {
    /// Port that switches ACPI mode on, and what to write there.
    pub(super) switch: (u16, u8),
    /// Port of the power management control register.
    pub(super) control: u16,
    /// Port of the general-purpose events' status, and of their enabling.
    pub(super) events: (u16, u16),
    /// Physical address of the I/O APIC.
    pub(super) io_apic: u64,
    /// The I/O APIC's line.
    pub(super) line: u32,
}

/// Lets the interrupt come, to this CPU (boot).
pub(super) fn start(wiring: &Wiring) {
    // SAFETY: the tables say that this is the control register; reading has no effect.
    let control: u16 = unsafe { Port::new(wiring.control).read() };
    if control & IS_ON == 0 {
        let (port, value) = wiring.switch;
        // SAFETY: the tables say that this switches ACPI mode on, which affects only power events.
        unsafe { Port::new(port).write(value) };
    }
    let (status, enable) = wiring.events;
    // Relaxed is enough: the interrupt comes to this CPU only.
    STATUS.store(status, Ordering::Relaxed);
    let line = FIRST_LINE + 2 * wiring.line;
    write_io_apic(wiring.io_apic, line + 1, apic::this_id() << 24);
    write_io_apic(wiring.io_apic, line, u32::from(apic::SCI) | LEVEL);
    // SAFETY: the tables say that these are event registers; bits of other events are not touched.
    unsafe { Port::new(status).write(SLOTS_EVENT) };
    // SAFETY: as above; the interrupt's handler is in place.
    unsafe { Port::new(enable).write(SLOTS_EVENT) };
}

/// Notes the interrupt; it can come again once the local APIC was told of its end.
pub(super) fn note() {
    // Relaxed is enough: as in `start`.
    let status = STATUS.load(Ordering::Relaxed);
    // SAFETY: `start` stored the port before it enabled the event.
    unsafe { Port::new(status).write(SLOTS_EVENT) };
    // Relaxed is enough: what happened is read from the machine, not from memory.
    IS_DUE.store(true, Ordering::Relaxed);
}

/// Returns whether the slots are to be looked at, and forgets it.
pub(crate) fn take_due() -> bool {
    // Relaxed is enough: as in `note`.
    IS_DUE.swap(false, Ordering::Relaxed)
}

fn write_io_apic(base: u64, register: u32, value: u32) {
    // SAFETY: the I/O APIC's selecting register, mapped for ever; it touches no memory of ours.
    unsafe { physical::pointer::<u32>(base + SELECT).write_volatile(register) };
    // SAFETY: as above; the register that was selected is a line's, which nobody else uses.
    unsafe { physical::pointer::<u32>(base + WINDOW).write_volatile(value) };
}
