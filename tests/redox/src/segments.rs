//! The memory segments that an ELF file describes.

use elf::ElfBytes;
use elf::abi::{EM_X86_64, ET_EXEC, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::Class;

/// A part of a file that is to be in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// Where the program expects it.
    pub(crate) address: u64,
    /// Where the file has it.
    pub(crate) offset: u64,
    /// Bytes that the file has; the rest is zeros.
    pub(crate) in_file: u64,
    /// Bytes in memory.
    pub(crate) in_memory: u64,
}

/// A static ELF file for this machine.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    file: &'a [u8],
    elf: ElfBytes<'a, LittleEndian>,
}

/// Why a file is no [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoProgram {
    /// It is no ELF file, or a damaged one.
    NoElf,
    /// It is one for another machine.
    OtherMachine,
    /// It wants to be linked or moved first.
    NotStatic,
}

impl<'a> Program<'a> {
    /// Looks at a file's headers.
    pub(crate) fn of(file: &'a [u8]) -> Result<Self, NoProgram> {
        let elf = ElfBytes::minimal_parse(file).map_err(|_| NoProgram::NoElf)?;
        let header = elf.ehdr;
        if header.class != Class::ELF64 || header.e_machine != EM_X86_64 {
            return Err(NoProgram::OtherMachine);
        }
        if header.e_type != ET_EXEC {
            return Err(NoProgram::NotStatic);
        }
        let program = Self { file, elf };
        let is_whole = |segment: Segment| {
            let end = segment.offset.checked_add(segment.in_file);
            let fits = end.is_some_and(|end| end <= file.len() as u64);
            fits && segment.in_file <= segment.in_memory
                && segment.address.checked_add(segment.in_memory).is_some()
        };
        let is_sound = program.segments().count() > 0 && program.segments().all(is_whole);
        if is_sound { Ok(program) } else { Err(NoProgram::NoElf) }
    }

    /// Returns where it begins.
    pub(crate) fn entry(&self) -> u64 {
        self.elf.ehdr.e_entry
    }

    /// Returns the whole file.
    pub(crate) fn file(&self) -> &'a [u8] {
        self.file
    }

    /// Returns its headers.
    pub(crate) fn elf(&self) -> &ElfBytes<'a, LittleEndian> {
        &self.elf
    }

    /// Returns the parts that are to be in memory.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        let headers = self.elf.segments().into_iter().flatten();
        headers.filter(|header| header.p_type == PT_LOAD).map(|header| Segment {
            address: header.p_vaddr,
            offset: header.p_offset,
            in_file: header.p_filesz,
            in_memory: header.p_memsz,
        })
    }

    /// Returns the bytes that the file has of a part.
    pub(crate) fn content(&self, segment: Segment) -> &'a [u8] {
        let start = segment.offset as usize;
        self.file.get(start..start + segment.in_file as usize).unwrap_or(&[])
    }
}
