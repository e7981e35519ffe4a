//! The input from the old interrupt controller (8259) to the CPU, which a Redox kernel uses as the
//! firmware left it.
//!
//! The Redox kernel that was tried gets its ticks through the 8259s, and does not set the local
//! APIC's input for them. SeaBIOS enables that input, qboot does not; while it is disabled the
//! kernel gets no ticks. Intel's MultiProcessor Specification 1.4, 3.6.2.2, calls this virtual wire
//! mode.

#![expect(unsafe_code, reason = "writes registers of the local APIC")]

/// Where the local APIC's registers are.
const APIC: usize = 0xfee0_0000;

/// The spurious-interrupt register: the APIC is on, with the vector that it has after a reset.
const SPURIOUS: usize = 0xf0;
const ON: u32 = 0x1ff;

/// The inputs: the first is the 8259's, the second is for non-maskable interrupts.
const INPUTS: [(usize, u32); 2] = [(0x350, 0x700), (0x360, 0x400)];

/// Enables the input.
pub(super) fn open_wire() {
    for (register, value) in [(SPURIOUS, ON)].into_iter().chain(INPUTS) {
        let place: *mut u32 = core::ptr::with_exposed_provenance_mut(APIC + register);
        // SAFETY: a register of the local APIC, mapped where it is, with a value that its manual
        // allows; interrupts are off.
        unsafe { place.write_volatile(value) };
    }
}
