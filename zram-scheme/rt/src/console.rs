//! `print!` and similar macros: text to descriptors 1 and 2; and typed input, from descriptor 0.
//!
//! Each call is one write of at most `LINE_MAX` bytes, so that lines of several programs do not
//! mix; longer text goes out in pieces. Nothing is allocated: the panic handler prints, too.

use core::fmt::{self, Write};

use crate::errno::Result;
use crate::fd;

/// Most bytes that go out in one write.
const LINE_MAX: usize = 512;

struct Line {
    descriptor: usize,
    bytes: [u8; LINE_MAX],
    length: usize,
}

impl Line {
    fn flush(&mut self) {
        // A console that does not take text leaves nobody to tell.
        let _ = fd::write_to(self.descriptor, &self.bytes[..self.length]);
        self.length = 0;
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.length == LINE_MAX {
                self.flush();
            }
            self.bytes[self.length] = byte;
            self.length += 1;
        }
        Ok(())
    }
}

/// Writes formatted text, and `end` behind it, to `descriptor`; what the macros call.
pub fn print_to(descriptor: usize, text: fmt::Arguments<'_>, end: &str) {
    let mut line = Line { descriptor, bytes: [0; LINE_MAX], length: 0 };
    // Only a value's own Display could fail, and then the rest of the line is lost.
    let _ = line.write_fmt(text);
    let _ = line.write_str(end);
    line.flush();
}

/// Writes bytes to descriptor 1 as they are, in pieces of at most 512.
pub fn write(bytes: &[u8]) {
    for piece in bytes.chunks(LINE_MAX) {
        // A console that does not take text leaves nobody to tell.
        let _ = fd::write_to(1, piece);
    }
}

/// Reads what was typed from descriptor 0, waiting for a byte at least; returns how many bytes there
/// were, 0 at the end.
///
/// # Errors
///
/// What the console answers.
pub fn read(buffer: &mut [u8]) -> Result<usize> {
    fd::read_from(0, buffer)
}

/// Prints to descriptor 1.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => { $crate::console::print_to(1, ::core::format_args!($($text)*), "") };
}

/// Prints a line to descriptor 1.
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => { $crate::console::print_to(1, ::core::format_args!($($text)*), "\n") };
}

/// Prints a line to descriptor 2.
#[macro_export]
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::console::print_to(2, ::core::format_args!($($text)*), "\n") };
}
