//! Memory, descriptors and files.

use alloc::format;
use alloc::string::String;

use syscall::{O_DIRECTORY, O_RDONLY, O_RDWR};
use zram_abi::PAGE_SIZE;
use zram_rt::errno::Error;
use zram_rt::memory::{self, Mapping};
use zram_rt::{Fd, fs};

use crate::{Check, ensure, told};

/// More than any program of the image has, in bytes.
const PROGRAM_MAX: usize = 2 << 20;

pub(crate) const CHECKS: &[Check] = &[
    ("new memory is zero", new_memory_is_zero),
    ("a fixed mapping replaces nothing", fixed_mapping_replaces_nothing),
    ("a pipe carries bytes and ends", pipe_carries_and_ends),
    ("a clone shares the position", clone_shares_the_position),
    ("numbers of descriptors are used again", numbers_are_used_again),
    ("reads in pieces give the whole file, up to a limit", pieces_give_the_whole),
    ("a file is no directory, and the other way round", kinds_are_told_apart),
    ("nobody writes the boot image", boot_image_is_read_only),
];

fn new_memory_is_zero() -> Result<(), String> {
    for _ in 0..4 {
        let mut memory = Mapping::anonymous(64 * PAGE_SIZE).map_err(told("map"))?;
        ensure(memory.bytes().iter().all(|&byte| byte == 0), "a byte is not zero")?;
        // What is left behind must not come back in the next round.
        memory.bytes_mut().fill(0x5a);
    }
    Ok(())
}

fn fixed_mapping_replaces_nothing() -> Result<(), String> {
    const PLACE: usize = 0x3000_0000_0000;
    memory::map_at(PLACE, 2 * PAGE_SIZE).map_err(told("map"))?;
    let again = memory::map_at(PLACE + PAGE_SIZE, PAGE_SIZE);
    ensure(again == Err(Error::new(syscall::EEXIST)), "it was mapped twice")
}

fn pipe_carries_and_ends() -> Result<(), String> {
    let reader = fs::open("/scheme/pipe", O_RDWR).map_err(told("pipe"))?;
    let writer = reader.dup(b"write").map_err(told("write end"))?;
    writer.write(b"abc").map_err(told("write"))?;
    drop(writer);
    let mut bytes = [0; 8];
    let first = reader.read(&mut bytes).map_err(told("read"))?;
    ensure(&bytes[..first] == b"abc", "other bytes")?;
    let end = reader.read(&mut bytes).map_err(told("read"))?;
    ensure(end == 0, "it does not end")
}

fn clone_shares_the_position() -> Result<(), String> {
    let file = fs::open("/bin/sh", O_RDONLY).map_err(told("open"))?;
    let clone = file.dup(b"").map_err(told("clone"))?;
    let mut bytes = [0; 4];
    file.read(&mut bytes).map_err(told("read"))?;
    ensure(bytes == *b"\x7fELF", "no ELF")?;
    clone.read(&mut bytes).map_err(told("read"))?;
    // Behind the magic number: class, byte order, version, system.
    ensure(bytes[..3] == [2, 1, 1], "not behind the first four bytes")
}

fn numbers_are_used_again() -> Result<(), String> {
    let first = Fd::dup_of(1, b"").map_err(told("clone"))?.raw();
    for _ in 0..3000 {
        let number = Fd::dup_of(1, b"").map_err(told("clone"))?.raw();
        ensure(number == first, &format!("{number} instead of {first}"))?;
    }
    Ok(())
}

fn pieces_give_the_whole() -> Result<(), String> {
    let whole = fs::read("/bin/pages", PROGRAM_MAX).map_err(told("read"))?;
    let file = fs::open("/bin/pages", O_RDONLY).map_err(told("open"))?;
    let size = file.size().map_err(told("size"))?;
    ensure(size == whole.len() as u64, &format!("{size} instead of {}", whole.len()))?;
    let mut piece = [0; 777];
    let mut offset = 0;
    while offset < whole.len() {
        let count = file.read_at(&mut piece, offset as u64).map_err(told("read"))?;
        ensure(count > 0, "it ends early")?;
        ensure(piece[..count] == whole[offset..offset + count], "other bytes")?;
        offset += count;
    }
    ensure(file.read_at(&mut piece, size) == Ok(0), "it does not end")?;
    let cut = fs::read("/bin/pages", whole.len() - 1).map(drop);
    ensure(cut == Err(Error::new(syscall::EFBIG)), "it was read although it is too large")
}

fn kinds_are_told_apart() -> Result<(), String> {
    let as_directory = fs::open("/bin/sh", O_RDONLY | O_DIRECTORY).map(drop);
    ensure(as_directory == Err(Error::new(syscall::ENOTDIR)), "a file opened as a directory")?;
    let names = fs::list("/bin").map_err(told("list"))?;
    ensure(names.iter().any(|name| name == "sh"), "/bin without sh")
}

fn boot_image_is_read_only() -> Result<(), String> {
    let result = fs::write("/bin/sh", b"x");
    ensure(result == Err(Error::new(syscall::EROFS)), "it was writable")
}
