//! The serial line: the kernel's and the programs' console.
//!
//! A 16550 with its 16-byte FIFO, by polling: QEMU empties the FIFO at once, unless its own output is
//! blocked. A string instruction fills it, which costs the emulator one exit instead of sixteen.

#![expect(unsafe_code, reason = "port input and output")]

use core::arch::asm;
use core::fmt;
use spin::{Mutex, MutexGuard};
use x86_64::instructions::port::Port;

const DATA: u16 = 0x3f8;
const INTERRUPTS: u16 = DATA + 1;
const FIFO_CONTROL: u16 = DATA + 2;
const LINE_CONTROL: u16 = DATA + 3;
const LINE_STATUS: u16 = DATA + 5;

const HAS_INPUT: u8 = 1;
const FIFO_EMPTY: u8 = 1 << 5;
const FIFO_SIZE: usize = 16;

/// Whoever writes holds it, so that messages of different CPUs do not mix.
static LINE: Mutex<()> = Mutex::new(());

/// Sets the line up: 8 bits, no interrupts, FIFOs on and empty.
pub(super) fn start() {
    for (port, value) in [(INTERRUPTS, 0), (LINE_CONTROL, 3), (FIFO_CONTROL, 7)] {
        // SAFETY: registers of the serial port, with values that its data sheet allows.
        unsafe { Port::<u8>::new(port).write(value) };
    }
}

/// Writes bytes to the serial line; waits while its reader is slow.
pub(crate) fn write(bytes: &[u8]) {
    let _line = LINE.lock();
    write_unlocked(bytes);
}

/// Returns a byte that arrived, if any.
pub(crate) fn read_byte() -> Option<u8> {
    if line_status() & HAS_INPUT == 0 {
        return None;
    }
    // SAFETY: takes the byte that the status announced out of the FIFO.
    Some(unsafe { Port::<u8>::new(DATA).read() })
}

fn write_unlocked(bytes: &[u8]) {
    for piece in bytes.chunks(FIFO_SIZE) {
        while line_status() & FIFO_EMPTY == 0 {
            core::hint::spin_loop();
        }
        // SAFETY: reads `piece` from its start to its end and writes it to the data port.
        unsafe {
            asm!("rep outsb", in("dx") DATA, inout("rsi") piece.as_ptr() => _,
                inout("rcx") piece.len() => _, options(nostack, readonly, preserves_flags));
        }
    }
}

fn line_status() -> u8 {
    // SAFETY: reading the status has no effect on data.
    unsafe { Port::<u8>::new(LINE_STATUS).read() }
}

/// The line as a sink for formatted text.
pub(crate) struct Serial;

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text.as_bytes());
        Ok(())
    }
}

/// The line for the last message: taken by force from a CPU that holds it for too long.
pub(super) struct LastWords {
    _line: Option<MutexGuard<'static, ()>>,
}

/// Rounds to wait for another CPU's message before writing through it.
const PATIENCE: u32 = 1_000_000;

impl LastWords {
    /// Takes the line.
    pub(super) fn take() -> Self {
        let line = (0..PATIENCE).find_map(|_| {
            core::hint::spin_loop();
            LINE.try_lock()
        });
        Self { _line: line }
    }
}

impl fmt::Write for LastWords {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_unlocked(text.as_bytes());
        Ok(())
    }
}
