//! Another address space, and loading an ELF into it.
//!
//! A `proc` address-space handle takes writes of [operation, arguments]; its pages are filled by
//! mapping them here as well (fmap of the handle), as relibc does. Segments are never writable and
//! executable at once. Used by `process` alone.

use alloc::vec::Vec;

use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::segment::{ProgramHeader, SegmentTable};
use syscall::flag::{ADDRSPACE_OP_MMAP, MapFlags};
use syscall::{Error, Result};
use zram_abi::PAGE_SIZE;

use crate::fd::Fd;

/// The ELF and program headers must lie in this many bytes; ours take under 1000.
const HEADERS_MAX: usize = PAGE_SIZE;

/// Bytes of the ELF header behind its 16-byte identification.
const HEADER_TAIL: core::ops::Range<usize> = 16..64;

/// Bytes read and copied at a time.
const CHUNK: usize = 16 * PAGE_SIZE;

/// The address space of another program, one that is being filled.
pub(crate) struct Space(Fd);

impl Space {
    /// Makes an empty one; `context` is any context, whose handle leads there.
    pub(crate) fn new(context: &Fd) -> Result<Self> {
        context.dup(b"addrspace")?.dup(b"empty").map(Self)
    }

    /// Returns its handle.
    pub(crate) fn fd(&self) -> &Fd {
        &self.0
    }

    /// Maps a stack that ends at `end`, and a forbidden page below it.
    pub(crate) fn map_stack(&self, end: usize, size: usize) -> Result<()> {
        self.map(end - size - PAGE_SIZE, PAGE_SIZE, MapFlags::PROT_NONE)?;
        self.map(end - size, size, MapFlags::PROT_READ | MapFlags::PROT_WRITE)
    }

    fn map(&self, address: usize, size: usize, protection: MapFlags) -> Result<()> {
        let flags = protection | MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED_NOREPLACE;
        self.change(&[ADDRSPACE_OP_MMAP, usize::MAX, 0, address, size, flags.bits()])
    }

    fn change(&self, words: &[usize]) -> Result<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.0.write(&bytes).map(drop)
    }

    /// Copies `bytes` to `address` there.
    pub(crate) fn fill(&self, address: usize, bytes: &[u8]) -> Result<()> {
        let first = address % PAGE_SIZE;
        let size = (first + bytes.len()).next_multiple_of(PAGE_SIZE);
        let mut window = self.0.map_shared(address - first, size)?;
        window.bytes_mut()[first..first + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// Maps and fills the segments of the static ELF `file`; returns its entry.
pub(crate) fn load(file: &Fd, space: &Space) -> Result<usize> {
    let mut headers = alloc::vec![0; HEADERS_MAX];
    let length = read_fully(file, &mut headers, 0)?;
    let program = parse(&headers[..length]).ok_or(Error::new(syscall::ENOEXEC))?;
    for segment in program.segments.iter().filter(|segment| segment.p_type == elf::abi::PT_LOAD) {
        load_segment(file, space, &segment)?;
    }
    Ok(program.entry)
}

/// What a static ELF file says of itself.
struct Program<'a> {
    /// Where it begins.
    entry: usize,
    segments: SegmentTable<'a, LittleEndian>,
}

fn parse(headers: &[u8]) -> Option<Program<'_>> {
    let ident = parse_ident::<LittleEndian>(headers).ok()?;
    let header = FileHeader::parse_tail(ident, headers.get(HEADER_TAIL)?).ok()?;
    let runs_here = header.class == Class::ELF64
        && header.e_machine == elf::abi::EM_X86_64
        && header.e_type == elf::abi::ET_EXEC;
    let start = usize::try_from(header.e_phoff).ok()?;
    let size = usize::from(header.e_phnum) * usize::from(header.e_phentsize);
    let table = headers.get(start..start.checked_add(size)?)?;
    let entry = usize::try_from(header.e_entry).ok()?;
    let segments = SegmentTable::new(LittleEndian, Class::ELF64, table);
    runs_here.then_some(Program { entry, segments })
}

fn load_segment(file: &Fd, space: &Space, segment: &ProgramHeader) -> Result<()> {
    let damaged = Error::new(syscall::ENOEXEC);
    let address = usize::try_from(segment.p_vaddr).map_err(|_| damaged)?;
    let in_memory = usize::try_from(segment.p_memsz).map_err(|_| damaged)?;
    let in_file = usize::try_from(segment.p_filesz).map_err(|_| damaged)?;
    let first = address % PAGE_SIZE;
    let size = first.checked_add(in_memory).and_then(|end| end.checked_next_multiple_of(PAGE_SIZE));
    let size = size.filter(|_| in_file <= in_memory).ok_or(damaged)?;
    if size == 0 {
        return Ok(());
    }
    space.map(address - first, size, protection(segment.p_flags))?;
    let mut chunk = alloc::vec![0; CHUNK.min(in_file)];
    let mut done = 0;
    while done < in_file {
        let piece = CHUNK.min(in_file - done);
        let read = read_fully(file, &mut chunk[..piece], segment.p_offset + done as u64)?;
        if read < piece {
            return Err(damaged);
        }
        space.fill(address + done, &chunk[..piece])?;
        done += piece;
    }
    Ok(())
}

fn protection(flags: u32) -> MapFlags {
    if flags & elf::abi::PF_X != 0 {
        MapFlags::PROT_READ | MapFlags::PROT_EXEC
    } else if flags & elf::abi::PF_W != 0 {
        MapFlags::PROT_READ | MapFlags::PROT_WRITE
    } else {
        MapFlags::PROT_READ
    }
}

/// Reads until `buffer` is full or the file ends; returns how much it was.
fn read_fully(file: &Fd, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}
