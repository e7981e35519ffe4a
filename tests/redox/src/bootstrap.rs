//! The first program's image, as the kernel maps it: `init` and, behind it, the archive of first files.
//!
//! A Redox kernel copies the image to [`FIRST`], readable, writable and executable, and begins at
//! the address that the image has at offset `ENTRY_AT`, without a stack and without telling where
//! its parts lie. `init` learns that from the text of `sys:env` (`arguments`).

use crate::PAGE_SIZE;
use crate::segments::Program;

/// Where the image begins.
pub const FIRST: u64 = PAGE_SIZE;

/// Offset of the address where the first program begins.
const ENTRY_AT: usize = 0x1a;

/// Programs are linked somewhere below this (x86-64's small code model).
const PROGRAM_END: u64 = 2 << 30;

/// The parts of the image.
#[derive(Debug)]
pub struct Bootstrap<'a> {
    init: Program<'a>,
    archive: &'a [u8],
}

impl<'a> Bootstrap<'a> {
    /// Returns the image of `init` and `archive`; nothing if `init` is no static ELF above
    /// [`FIRST`].
    pub fn new(init: &'a [u8], archive: &'a [u8]) -> Option<Self> {
        let init = Program::of(init).ok()?;
        // The first page has the entry's address.
        let places = 2 * FIRST..PROGRAM_END;
        let fits = init.segments().all(|segment| {
            places.contains(&segment.address) && segment.address + segment.in_memory < PROGRAM_END
        });
        fits.then_some(Self { init, archive })
    }

    /// Returns the address of the archive, where the first program sees it.
    pub fn archive_address(&self) -> u64 {
        let ends = self.init.segments().map(|segment| segment.address + segment.in_memory);
        ends.max().unwrap_or(FIRST).next_multiple_of(PAGE_SIZE)
    }

    /// Returns the bytes of the archive in whole pages.
    pub fn archive_size(&self) -> u64 {
        (self.archive.len() as u64).next_multiple_of(PAGE_SIZE)
    }

    /// Returns the bytes of the image.
    pub fn size(&self) -> u64 {
        self.archive_address() - FIRST + self.archive_size()
    }

    /// Writes the image to `memory`, which has [`Self::size`] bytes.
    pub fn place(&self, memory: &mut [u8]) {
        memory.fill(0);
        let mut put = |offset: usize, bytes: &[u8]| {
            memory[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        put(ENTRY_AT, &self.init.entry().to_le_bytes());
        for segment in self.init.segments() {
            put((segment.address - FIRST) as usize, self.init.content(segment));
        }
        put((self.archive_address() - FIRST) as usize, self.archive);
    }
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, FIRST};
    use crate::PAGE_SIZE;
    use crate::kernel_file::tests::{Part, elf};

    const CODE: Part = Part { address: 0x20_0000, offset: 0x1000, in_file: 4, in_memory: 0x1010 };

    #[test]
    fn program_entry_and_archive_lie_where_the_kernel_and_init_look() {
        let mut file = elf(2, 62, 0x20_0002, &[CODE]);
        file[0x1000..0x1004].copy_from_slice(b"code");
        let image = Bootstrap::new(&file, b"archive").expect("it is a program");
        assert_eq!(image.archive_address(), 0x20_2000);
        assert_eq!(image.size(), 0x20_2000 + PAGE_SIZE - FIRST);
        let mut memory = std::vec![0xff; image.size() as usize];
        image.place(&mut memory);
        assert_eq!(memory[0x1a..0x22], 0x20_0002_u64.to_le_bytes());
        assert_eq!(memory[0x1f_f000..0x1f_f006], *b"code\0\0");
        assert_eq!(memory[0x20_1000..0x20_1008], *b"archive\0");
    }

    #[test]
    fn a_program_that_would_cover_the_entry_is_refused() {
        let file = elf(2, 62, 0x1000, &[Part { address: 0x1000, ..CODE }]);
        assert!(Bootstrap::new(&file, &[]).is_none());
    }

    extern crate std;
}
