//! Switching the machine off, with an exit code for the program that started it.

#![expect(unsafe_code, reason = "port output")]

use x86_64::instructions::port::Port;

/// Port of QEMU's isa-debug-exit device.
const DEBUG_EXIT: u16 = 0xf4;

/// The code of success; QEMU then exits with status 33.
pub(crate) const SUCCESS: u32 = 0x10;

/// The code of a kernel panic; QEMU then exits with status 255.
pub(crate) const PANIC: u32 = 0x7f;

/// Ends the machine; QEMU's exit status is `code * 2 + 1`, so `code` is at most 127.
pub(crate) fn exit(code: u32) -> ! {
    // SAFETY: the port ends the virtual machine, or does nothing without the device.
    unsafe { Port::<u32>::new(DEBUG_EXIT).write(code) };
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
