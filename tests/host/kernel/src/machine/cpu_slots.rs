//! The machine's CPU slots: CPUs that are inserted or asked to leave while the machine runs.
//!
//! QEMU's ACPI CPU hotplug registers (`docs/specs/acpi_cpu_hotplug.rst`), used without AML;
//! [`super::sci`] says when to look. A slot is named by the local APIC of its CPU, which ACPI's tables
//! listed at boot. Removal ends with "in progress": ejecting makes QEMU 7.2 crash later.

#![expect(unsafe_code, reason = "port input and output")]

use super::apic;
use x86_64::instructions::port::Port;
use zram_abi::CpuId;

/// The registers on the q35 machine (ICH9).
const SELECTOR: u16 = 0xcd8;
const FLAGS: u16 = SELECTOR + 4;
const COMMAND: u16 = SELECTOR + 5;
const DATA: u16 = SELECTOR + 8;

/// Flags: a CPU was inserted; a CPU is asked to leave. Writing a bit clears it.
const INSERTED: u8 = 1 << 1;
const REMOVE_WANTED: u8 = 1 << 2;

/// Commands: select the next slot with an event, set the two parts of a report (_OST), read the APIC.
const NEXT_EVENT: u8 = 0;
const REPORT_EVENT: u8 = 1;
const REPORT_STATUS: u8 = 2;
const APIC_ID: u8 = 3;

/// ACPI 6.3.5: the events of a report.
const DEVICE_CHECK: u32 = 1;
const EJECT_REQUEST: u32 = 3;

/// ACPI 6.3.5: the status of a report.
const SUCCESS: u32 = 0;
const FAILURE: u32 = 1;
const DEVICE_BUSY: u32 = 0x82;
const EJECT_IN_PROGRESS: u32 = 0x84;

/// What happened at a slot; the machine's owner waits for a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotEvent {
    slot: u32,
    /// What happened.
    pub(crate) kind: SlotKind,
    /// The slot's CPU.
    pub(crate) cpu: CpuId,
}

/// What can happen at a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SlotKind {
    /// A CPU is there now; it can be started.
    Inserted,
    /// The machine's owner wants this CPU back; the kernel should take it offline.
    RemoveWanted,
}

/// Switches the registers from the old interface, in which they begin, to this one (boot): a CPU that
/// is inserted before is not told here.
pub(super) fn start() {
    write_long(SELECTOR, 0);
}

/// Returns the next event, which the machine then forgets, or none.
///
/// # Context
/// One CPU at a time (the kernel lock): several registers make one access.
pub(crate) fn take_event() -> Option<SlotEvent> {
    write_long(SELECTOR, 0);
    write_byte(COMMAND, NEXT_EVENT);
    let slot = read_long(DATA);
    let flags = read_byte(FLAGS);
    if flags & (INSERTED | REMOVE_WANTED) == 0 {
        return None;
    }
    write_long(SELECTOR, slot);
    write_byte(COMMAND, APIC_ID);
    let cpu = apic::cpu_of(read_long(DATA));
    let (flag, kind) = match flags & INSERTED {
        0 => (REMOVE_WANTED, SlotKind::RemoveWanted),
        _ => (INSERTED, SlotKind::Inserted),
    };
    write_byte(FLAGS, flag);
    let Some(cpu) = cpu else {
        report_kind(slot, kind, false);
        return None;
    };
    Some(SlotEvent { slot, kind, cpu })
}

/// Tells the machine's owner whether the CPU is where the event wanted it.
///
/// # Context
/// As [`take_event`].
pub(crate) fn report(event: SlotEvent, is_done: bool) {
    report_kind(event.slot, event.kind, is_done);
}

fn report_kind(slot: u32, kind: SlotKind, is_done: bool) {
    let (event, status) = match (kind, is_done) {
        (SlotKind::Inserted, true) => (DEVICE_CHECK, SUCCESS),
        (SlotKind::Inserted, false) => (DEVICE_CHECK, FAILURE),
        (SlotKind::RemoveWanted, true) => (EJECT_REQUEST, EJECT_IN_PROGRESS),
        (SlotKind::RemoveWanted, false) => (EJECT_REQUEST, DEVICE_BUSY),
    };
    write_long(SELECTOR, slot);
    write_byte(COMMAND, REPORT_EVENT);
    write_long(DATA, event);
    write_byte(COMMAND, REPORT_STATUS);
    write_long(DATA, status);
}

fn read_byte(port: u16) -> u8 {
    // SAFETY: a register of the hotplug block; nothing else in the machine depends on it.
    unsafe { Port::<u8>::new(port).read() }
}

fn write_byte(port: u16, value: u8) {
    // SAFETY: as in `read_byte`; no command used here touches a running CPU.
    unsafe { Port::<u8>::new(port).write(value) }
}

fn read_long(port: u16) -> u32 {
    // SAFETY: as in `read_byte`.
    unsafe { Port::<u32>::new(port).read() }
}

fn write_long(port: u16, value: u32) {
    // SAFETY: as in `write_byte`.
    unsafe { Port::<u32>::new(port).write(value) }
}
