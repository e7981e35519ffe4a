//! The serial line, for the one message that the loader may have to print.

#![expect(unsafe_code, reason = "port input and output")]

use x86_64::instructions::port::Port;

const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = DATA + 5;
const CAN_SEND: u8 = 1 << 5;

/// Writes a text, byte by byte.
pub(super) fn write(text: &str) {
    for byte in text.bytes() {
        // SAFETY: reading the status has no effect.
        while unsafe { Port::<u8>::new(LINE_STATUS).read() } & CAN_SEND == 0 {
            core::hint::spin_loop();
        }
        // SAFETY: the port takes any byte when it can send.
        unsafe { Port::<u8>::new(DATA).write(byte) };
    }
}
