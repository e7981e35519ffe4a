//! The firmware's ACPI tables: the possible CPUs, the timer's place, and the interrupt of the CPU
//! slots.

#![expect(unsafe_code, reason = "reads the tables through the physical map")]

use super::apic;
use super::{physical, sci};
use crate::limits::CPUS_MAX;
use acpi::fadt::Fadt;
use acpi::madt::{Madt, MadtEntry};
use acpi::{AcpiHandler, AcpiTables, PhysicalMapping};
use core::ptr::NonNull;
use zram_abi::{CpuId, CpuSet};

/// Finds tables in the physical map, where they always are.
#[derive(Clone, Copy)]
struct Mapped;

impl AcpiHandler for Mapped {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        let start = NonNull::new(physical::pointer(address as u64));
        let start = start.expect("the physical map is not at address 0");
        // SAFETY: the region is mapped as it is for ever, below 4 GiB as `pointer` checks.
        unsafe { PhysicalMapping::new(address, start, size, size, *self) }
    }

    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}
}

/// The tables' facts that the kernel uses.
pub(super) struct Facts {
    /// CPUs that are there or may come.
    pub(super) possible: CpuSet,
    /// CPUs that are there.
    pub(super) present: CpuSet,
    /// Port of the power management timer.
    pub(super) pm_timer_port: u16,
    /// How CPU slots interrupt, if they can.
    pub(super) sci: Option<sci::Wiring>,
}

/// MADT, local APIC flags: the CPU is there. QEMU lists CPUs that may come with flags 0.
const ENABLED: u32 = 1;

/// Reads the tables and tells `apic` the ids of all CPUs; this CPU is number 0.
///
/// # Panics
/// If the tables are damaged, as the machine cannot be used then.
pub(super) fn read(rsdp: u64) -> Facts {
    // SAFETY: the loader says that the root pointer is there, and `Mapped` can map all memory.
    let tables = unsafe { AcpiTables::from_rsdp(Mapped, rsdp as usize) }.expect("ACPI tables");
    let fadt = tables.find_table::<Fadt>().expect("ACPI FADT");
    let timer = fadt.pm_timer_block().expect("ACPI FADT").expect("a power management timer");
    let madt = tables.find_table::<Madt>().expect("ACPI MADT");
    let mut facts = Facts {
        possible: CpuSet::of(CpuId::BOOT),
        present: CpuSet::of(CpuId::BOOT),
        pm_timer_port: timer.address as u16,
        sci: wiring(&fadt, &madt),
    };
    apic::set_id(CpuId::BOOT, apic::this_id());
    for entry in madt.get().entries() {
        let MadtEntry::LocalApic(found) = entry else { continue };
        let (id, flags) = (u32::from(found.apic_id), found.flags);
        if id != apic::this_id() {
            facts.add(id, flags & ENABLED != 0);
        }
    }
    facts
}

/// Returns how the system control interrupt is wired; nothing on a machine without ACPI events.
fn wiring(fadt: &Fadt, madt: &PhysicalMapping<Mapped, Madt>) -> Option<sci::Wiring> {
    let control = fadt.pm1a_control_block().ok()?.address as u16;
    let events = fadt.gpe0_block().ok()??;
    // The first half is the status, the second enables.
    let status = events.address as u16;
    let enable = status + u16::from(events.bit_width / 16);
    let irq = fadt.sci_interrupt;
    let mut line = u32::from(irq);
    let mut io_apic = None;
    for entry in madt.get().entries() {
        match entry {
            MadtEntry::IoApic(found) if found.global_system_interrupt_base == 0 => {
                io_apic = Some(u64::from(found.io_apic_address));
            }
            MadtEntry::InterruptSourceOverride(found) if u16::from(found.irq) == irq => {
                line = found.global_system_interrupt;
            }
            _ => {}
        }
    }
    Some(sci::Wiring {
        switch: (fadt.smi_cmd_port as u16, fadt.acpi_enable),
        control,
        events: (status, enable),
        io_apic: io_apic?,
        line,
    })
}

impl Facts {
    /// Gives the next number to a CPU; those beyond the limit are left alone.
    fn add(&mut self, apic_id: u32, is_present: bool) {
        let number = self.possible.count();
        let Some(cpu) = CpuId::new(number).filter(|cpu| cpu.index() < CPUS_MAX) else { return };
        apic::set_id(cpu, apic_id);
        self.possible = self.possible.with(cpu);
        if is_present {
            self.present = self.present.with(cpu);
        }
    }
}
