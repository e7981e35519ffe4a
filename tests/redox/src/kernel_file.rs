//! The kernel's file: checks that it is a Redox kernel, and finds its layout in memory.
//!
//! In a Redox kernel an address minus [`BASE`] is an offset in the file. So the whole file is
//! copied to one place, including the symbols, which a panicking kernel reads to name its
//! functions.

use core::fmt;

use elf::abi::PT_NOTE;
use elf::note::Note;

use crate::PAGE_SIZE;
use crate::segments::{NoProgram, Program};

/// The first address of the kernel's image.
pub const BASE: u64 = 0xffff_ffff_8000_0000;

/// More than any kernel has, in bytes: its symbols take most.
pub const SIZE_MAX: u64 = 64 << 20;

/// The number of the note that says where a kernel is entered by PVH.
const PVH_ENTRY: u64 = 18;

/// Why a file is no Redox kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no ELF file, or a damaged one.
    NoElf,
    /// It is for another machine.
    OtherMachine,
    /// It is a program of another kind.
    NoKernel,
    /// QEMU starts it without a loader, as this repository's own kernel.
    StartsByItself,
    /// Its addresses do not follow its offsets.
    OtherLayout,
    /// It is larger than [`SIZE_MAX`].
    TooLarge,
}

/// A file that can be a Redox kernel.
#[derive(Debug)]
pub struct KernelFile<'a>(Program<'a>);

impl<'a> KernelFile<'a> {
    /// Looks at a file.
    ///
    /// # Errors
    ///
    /// [`Wrong`], the first that is found.
    pub fn of(file: &'a [u8]) -> Result<Self, Wrong> {
        let program = Program::of(file).map_err(|why| match why {
            NoProgram::NoElf => Wrong::NoElf,
            NoProgram::OtherMachine => Wrong::OtherMachine,
            NoProgram::NotStatic => Wrong::NoKernel,
        })?;
        if starts_by_itself(&program) {
            return Err(Wrong::StartsByItself);
        }
        if program.segments().any(|segment| segment.address < BASE) {
            return Err(Wrong::NoKernel);
        }
        if program.segments().any(|segment| segment.address - BASE != segment.offset) {
            return Err(Wrong::OtherLayout);
        }
        let kernel = Self(program);
        let has_entry = (BASE..BASE.saturating_add(kernel.size())).contains(&kernel.entry());
        match kernel.size() {
            0..=SIZE_MAX if has_entry => Ok(kernel),
            0..=SIZE_MAX => Err(Wrong::OtherLayout),
            _ => Err(Wrong::TooLarge),
        }
    }

    /// Returns the address where it begins.
    pub fn entry(&self) -> u64 {
        self.0.entry()
    }

    /// Returns the bytes that it takes in memory: whole pages.
    pub fn size(&self) -> u64 {
        let ends =
            self.0.segments().map(|segment| segment.offset.saturating_add(segment.in_memory));
        let end = ends.max().unwrap_or(0).max(self.0.file().len() as u64);
        end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX)
    }

    /// Writes it to `memory`, which has [`Self::size`] bytes.
    pub fn place(&self, memory: &mut [u8]) {
        let (image, rest) = memory.split_at_mut(self.0.file().len());
        image.copy_from_slice(self.0.file());
        rest.fill(0);
        for segment in self.0.segments() {
            let zeros = segment.offset + segment.in_file..segment.offset + segment.in_memory;
            memory[zeros.start as usize..zeros.end as usize].fill(0);
        }
    }
}

fn starts_by_itself(program: &Program<'_>) -> bool {
    let headers = program.elf().segments().into_iter().flatten();
    let notes = headers.filter(|header| header.p_type == PT_NOTE);
    notes.filter_map(|header| program.elf().segment_data_as_notes(&header).ok()).any(|mut notes| {
        notes.any(|note| match note {
            Note::Unknown(note) => note.n_type == PVH_ENTRY && note.name == b"Xen\0",
            Note::GnuAbiTag(_) | Note::GnuBuildId(_) => false,
        })
    })
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoElf => "it is no ELF file, or a damaged one",
            Self::OtherMachine => "it is for another machine than x86-64",
            Self::NoKernel => "it is a program, and no kernel linked at 0xffffffff80000000",
            Self::StartsByItself => {
                "it is a kernel that QEMU starts without a loader, as this repository's own is"
            }
            Self::OtherLayout => "its addresses do not follow its offsets, as a Redox kernel's do",
            Self::TooLarge => "it is larger than 64 MiB",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
