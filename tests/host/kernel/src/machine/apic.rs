//! The local APIC: timer ticks and interrupts between CPUs.
//!
//! xAPIC registers at their fixed address, seen through the physical map. All vectors that the kernel
//! uses are here. The old interrupt controller (8259) is moved out of the way and masked.

#![expect(unsafe_code, reason = "memory-mapped registers and ports")]

use super::{clock, physical};
use crate::limits::CPUS_MAX;
use core::sync::atomic::{AtomicU32, Ordering};
use x86_64::instructions::port::Port;
use zram_abi::CpuId;

/// Vectors below are the CPU's exceptions.
pub(super) const FIRST_INTERRUPT: u8 = 0x20;
/// The timer's tick.
pub(super) const TICK: u8 = 0x20;
/// Ask the kernel what to do next.
pub(super) const RESCHEDULE: u8 = 0x21;
/// A shootdown waits for this CPU.
pub(super) const SHOOTDOWN: u8 = 0x22;
/// Something happened at a CPU slot.
pub(super) const SCI: u8 = 0x23;
/// Where the masked 8259 would send its spurious interrupts.
const OLD_CONTROLLER: u8 = 0xe0;
/// The APIC has nothing to say after all.
const SPURIOUS: u8 = 0xff;

/// Ticks in a second: one each 4 ms.
const TICK_HZ: u64 = 250;

const REGISTERS: u64 = 0xfee0_0000;
const ID: u64 = 0x20;
const TASK_PRIORITY: u64 = 0x80;
const END_OF_INTERRUPT: u64 = 0xb0;
const SPURIOUS_VECTOR: u64 = 0xf0;
const COMMAND_LOW: u64 = 0x300;
const COMMAND_HIGH: u64 = 0x310;
const TIMER: u64 = 0x320;
const LINT0: u64 = 0x350;
const TIMER_START: u64 = 0x380;
const TIMER_COUNT: u64 = 0x390;
const TIMER_DIVIDE: u64 = 0x3e0;

const ENABLED: u32 = 1 << 8;
const MASKED: u32 = 1 << 16;
const PERIODIC: u32 = 1 << 17;
const DIVIDE_BY_1: u32 = 0xb;
const INIT: u32 = 0x4500;
const STARTUP: u32 = 0x4600;
const IS_SENDING: u32 = 1 << 12;

/// Local APIC of each possible CPU.
static APIC_IDS: [ApicId; CPUS_MAX] = [const { ApicId::unknown() }; CPUS_MAX];
/// Counts of the timer in a tick.
static TICK_COUNTS: AtomicU32 = AtomicU32::new(0);

/// The id of a CPU's local APIC, once it is known: it is set before any other CPU starts, so that every
/// order of memory is strong enough.
struct ApicId(AtomicU32);

impl ApicId {
    /// In the word: the id, of 8 bits, is known and in the lowest ones.
    const IS_KNOWN: u32 = 1 << 31;

    const fn unknown() -> Self {
        Self(AtomicU32::new(0))
    }

    fn set(&self, id: u32) {
        self.0.store(Self::IS_KNOWN | id, Ordering::Relaxed);
    }

    fn get(&self) -> Option<u32> {
        let word = self.0.load(Ordering::Relaxed);
        (word & Self::IS_KNOWN != 0).then_some(word & !Self::IS_KNOWN)
    }
}

fn read(register: u64) -> u32 {
    // SAFETY: a register of the local APIC, mapped for ever; reading has no effect.
    unsafe { physical::pointer::<u32>(REGISTERS + register).read_volatile() }
}

fn write(register: u64, value: u32) {
    // SAFETY: a register of the local APIC, mapped for ever; it touches no memory of ours.
    unsafe { physical::pointer::<u32>(REGISTERS + register).write_volatile(value) };
}

/// Returns the id of this CPU's local APIC.
pub(super) fn this_id() -> u32 {
    read(ID) >> 24
}

/// Notes which local APIC a CPU has.
pub(super) fn set_id(cpu: CpuId, id: u32) {
    APIC_IDS[cpu.index()].set(id);
}

/// Returns the CPU that has this local APIC, or none if no possible CPU has it.
pub(super) fn cpu_of(id: u32) -> Option<CpuId> {
    let mut known = APIC_IDS.iter().zip(0..);
    known.find(|(known, _)| known.get() == Some(id)).and_then(|(_, number)| CpuId::new(number))
}

/// Returns this CPU by its APIC, for the case that nothing else can be trusted.
pub(super) fn this_cpu_by_apic() -> CpuId {
    cpu_of(this_id()).unwrap_or(CpuId::BOOT)
}

/// Stops this CPU's ticks.
pub(super) fn stop_ticks() {
    write(TIMER, MASKED);
}

/// Moves the 8259 to unused vectors and masks it; firmware leaves it where exceptions are.
pub(super) fn mask_old_controller() {
    const COMMANDS: [(u16, u8); 10] = [
        (0x20, 0x11),
        (0xa0, 0x11),
        (0x21, OLD_CONTROLLER),
        (0xa1, OLD_CONTROLLER + 8),
        (0x21, 4),
        (0xa1, 2),
        (0x21, 1),
        (0xa1, 1),
        (0x21, 0xff),
        (0xa1, 0xff),
    ];
    for (port, value) in COMMANDS {
        // SAFETY: the initialisation sequence of the 8259 pair; it interrupts nobody afterwards.
        unsafe { Port::<u8>::new(port).write(value) };
    }
}

/// Switches this CPU's APIC on, without the timer.
pub(super) fn start() {
    write(SPURIOUS_VECTOR, ENABLED | u32::from(SPURIOUS));
    write(TASK_PRIORITY, 0);
    write(LINT0, MASKED);
    write(TIMER, MASKED);
}

/// Measures the timer and the time-stamp counter.
pub(super) fn calibrate(pm_port: u16) {
    write(TIMER_DIVIDE, DIVIDE_BY_1);
    write(TIMER_START, u32::MAX);
    let timer_hz = clock::calibrate(pm_port, || u64::from(u32::MAX - read(TIMER_COUNT)));
    write(TIMER_START, 0);
    // Relaxed is enough: the other CPUs start later.
    TICK_COUNTS.store((timer_hz / TICK_HZ) as u32, Ordering::Relaxed);
}

/// Starts this CPU's ticks.
pub(super) fn start_ticks() {
    write(TIMER_DIVIDE, DIVIDE_BY_1);
    write(TIMER, u32::from(TICK) | PERIODIC);
    // Relaxed is enough: written before this CPU started.
    write(TIMER_START, TICK_COUNTS.load(Ordering::Relaxed));
}

/// Tells the APIC that the current interrupt is dealt with.
pub(super) fn end_of_interrupt() {
    write(END_OF_INTERRUPT, 0);
}

/// Makes another CPU enter the kernel and ask what to do; if it is there already, once it leaves.
pub(crate) fn send_reschedule(cpu: CpuId) {
    send(cpu, RESCHEDULE);
}

/// Interrupts a CPU.
pub(super) fn send(cpu: CpuId, vector: u8) {
    command(cpu, u32::from(vector));
}

/// Resets a CPU; it then waits for [`send_startup`].
pub(super) fn send_init(cpu: CpuId) {
    command(cpu, INIT);
}

/// Lets a CPU that was reset run, in real mode, from a page below 1 MiB.
pub(super) fn send_startup(cpu: CpuId, page: u8) {
    command(cpu, STARTUP | u32::from(page));
}

fn command(cpu: CpuId, command: u32) {
    let id = APIC_IDS[cpu.index()].get().expect("a possible CPU has a local APIC");
    write(COMMAND_HIGH, id << 24);
    write(COMMAND_LOW, command);
    while read(COMMAND_LOW) & IS_SENDING != 0 {
        core::hint::spin_loop();
    }
}
