//! The kernel's arguments: a record of ranges, a list of memory, and the text of `sys:env`.
//!
//! The record's address is the first argument of the kernel's entry. All addresses are physical.

use core::fmt::{self, Write};
use core::ops::Range;

/// The record: start and size of each range.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Arguments {
    kernel: [u64; 2],
    /// The kernel brings its own.
    stack: [u64; 2],
    text: [u64; 2],
    root_pointer: [u64; 2],
    areas: [u64; 2],
    bootstrap: [u64; 2],
}

/// Where everything is that the kernel is told of.
#[derive(Clone, Debug)]
pub struct Places {
    /// The kernel's image.
    pub kernel: Range<u64>,
    /// The text of `sys:env`.
    pub text: Range<u64>,
    /// ACPI's root pointer.
    pub root_pointer: Range<u64>,
    /// The list of memory.
    pub areas: Range<u64>,
    /// The first program's image.
    pub bootstrap: Range<u64>,
}

impl Arguments {
    /// A record of nothing.
    pub const EMPTY: Self = Self {
        kernel: [0; 2],
        stack: [0; 2],
        text: [0; 2],
        root_pointer: [0; 2],
        areas: [0; 2],
        bootstrap: [0; 2],
    };

    /// Returns the record of these places.
    pub fn new(places: Places) -> Self {
        let pair = |range: Range<u64>| [range.start, range.end - range.start];
        Self {
            kernel: pair(places.kernel),
            stack: [0; 2],
            text: pair(places.text),
            root_pointer: pair(places.root_pointer),
            areas: pair(places.areas),
            bootstrap: pair(places.bootstrap),
        }
    }
}

/// What may be done with a range of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Use {
    /// Anybody may have it.
    Free = 1,
    /// It is the loader's, and free when the kernel has read it.
    Loader = 2,
    /// It is nobody's.
    Reserved = 3,
}

/// A range of memory, as the kernel reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Area {
    start: u64,
    size: u64,
    kind: u64,
}

impl Area {
    /// A range without memory.
    pub const EMPTY: Self = Self { start: 0, size: 0, kind: 0 };

    /// Returns a range that is for `use_`.
    pub fn new(range: Range<u64>, use_: Use) -> Self {
        Self { start: range.start, size: range.end - range.start, kind: use_ as u64 }
    }
}

/// A text that is no longer than `N` bytes.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    /// A text without a letter.
    pub const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// Returns how many bytes it has.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// Writes what `sys:env` is to say: the words of the command line, one a line, and where the first
    /// program finds the archive of first files.
    ///
    /// # Errors
    ///
    /// If there is no room for it.
    pub fn write_env(&mut self, words: &str, archive: Range<u64>) -> fmt::Result {
        for word in words.split_ascii_whitespace() {
            writeln!(self, "{word}")?;
        }
        let size = archive.end - archive.start;
        writeln!(self, "INITRD_ADDRESS={:x}\nINITRD_SIZE={size:x}", archive.start)
    }

    /// Returns the text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Places, Text};

    #[test]
    fn the_record_has_start_and_size_of_each_range_in_the_kernels_order() {
        let record = Arguments::new(Places {
            kernel: 1..3,
            text: 10..14,
            root_pointer: 20..56,
            areas: 100..148,
            bootstrap: 1000..5000,
        });
        let words = [record.kernel, record.stack, record.text];
        assert_eq!(words, [[1, 2], [0, 0], [10, 4]]);
        let words = [record.root_pointer, record.areas, record.bootstrap];
        assert_eq!(words, [[20, 36], [100, 48], [1000, 4000]]);
        assert_eq!(size_of::<Arguments>(), 96);
    }

    #[test]
    fn the_text_has_the_words_and_where_the_archive_is() {
        let mut text = Text::<64>::EMPTY;
        text.write_env("A=1  b", 0x20_5000..0x30_0000).expect("there is room");
        let wanted = b"A=1\nb\nINITRD_ADDRESS=205000\nINITRD_SIZE=fb000\n";
        assert_eq!(text.as_bytes(), wanted);
    }

    #[test]
    fn a_text_without_room_is_an_error() {
        let mut text = Text::<8>::EMPTY;
        assert!(text.write_env("LONGER=1", 0..1).is_err());
    }
}
