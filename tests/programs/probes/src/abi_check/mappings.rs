//! Anonymous memory: mapping, unmapping, rights.
//!
//! All mappings are at addresses that no other part of this program uses.

use alloc::format;
use alloc::string::{String, ToString};

use syscall::MapFlags;
use syscall::number as call;
use zram_rt::errno::Result;

use crate::raw;
use crate::{Fact, done, number};

const PAGE: usize = 4096;

/// Where everything is mapped: each fact has 16 pages of its own.
const REGION: usize = 0x2000_0000_0000;

const USER_END: usize = 0x8000_0000_0000;

const READ_WRITE: MapFlags = MapFlags::PROT_READ.union(MapFlags::PROT_WRITE);
const NEW: MapFlags = MapFlags::MAP_PRIVATE.union(MapFlags::MAP_FIXED_NOREPLACE);
const INSTEAD: MapFlags = MapFlags::MAP_PRIVATE.union(MapFlags::MAP_FIXED);

pub(crate) const FACTS: &[Fact] = &[
    ("a mapping at an address is there", || {
        let at = place(0);
        (map(at, PAGE, READ_WRITE | NEW) == Ok(at)).to_string()
    }),
    ("a mapping where one is", || {
        let at = place(1);
        two(map(at, 2 * PAGE, READ_WRITE | NEW), map(at + PAGE, PAGE, READ_WRITE | NEW))
    }),
    ("a mapping in place of one", || {
        let at = place(2);
        two(map(at, 4 * PAGE, READ_WRITE | NEW), map(at + PAGE, PAGE, READ_WRITE | INSTEAD))
    }),
    ("a mapping in place of one has zeros", || {
        let at = place(3);
        let first = map(at, PAGE, READ_WRITE | NEW);
        raw::store(at, [7; 6]);
        let second = map(at, PAGE, READ_WRITE | INSTEAD);
        format!("{} {} {}", done(first), done(second), load(at))
    }),
    ("a mapping in place of addresses that are only reserved", || {
        let at = place(4);
        let reserved = map(at, 8 * PAGE, MapFlags::PROT_NONE | NEW);
        let mapped = map(at, 2 * PAGE, READ_WRITE | INSTEAD);
        raw::store(at, [5; 6]);
        format!("{} {} {}", done(reserved), done(mapped), load(at))
    }),
    ("a mapping where addresses are only reserved", || {
        let at = place(5);
        two(map(at, 8 * PAGE, MapFlags::PROT_NONE | NEW), map(at, PAGE, READ_WRITE | NEW))
    }),
    ("a mapping of no bytes", || done(map(place(6), 0, READ_WRITE | NEW))),
    ("a mapping of part of a page", || done(map(place(7), 100, READ_WRITE | NEW))),
    ("a mapping at part of a page", || done(map(place(8) + 8, PAGE, READ_WRITE | NEW))),
    ("a mapping at an address of the kernel's", || {
        done(map(0xffff_8000_0000_0000, PAGE, READ_WRITE | NEW))
    }),
    ("a mapping over the end of user space", || {
        done(map(USER_END - PAGE, 2 * PAGE, READ_WRITE | NEW))
    }),
    ("a mapping much larger than memory", || done(map(place(9), 1 << 33, READ_WRITE | NEW))),
    ("a mapping of an address of the kernel's choice is whole pages in user space", || {
        let found = map(0, 3 * PAGE, READ_WRITE | MapFlags::MAP_PRIVATE);
        found.is_ok_and(|at| at % PAGE == 0 && at > 0 && at < USER_END).to_string()
    }),
    ("unmapping the middle of a mapping", || {
        // Behind the mapping that is much larger than memory.
        let at = far(0);
        two(map(at, 4 * PAGE, READ_WRITE | NEW), unmap(at + PAGE, PAGE))
    }),
    ("what was unmapped in the middle can be mapped again", || {
        let at = far(1);
        let first = two(map(at, 4 * PAGE, READ_WRITE | NEW), unmap(at + PAGE, PAGE));
        format!("{first} {}", done(map(at + PAGE, PAGE, READ_WRITE | NEW)))
    }),
    ("unmapping what is not mapped", || number(unmap(far(2), PAGE))),
    ("unmapping part of a page", || number(unmap(far(3), 100))),
    ("unmapping no bytes", || number(unmap(far(3), 0))),
    ("unmapping more than is mapped", || {
        let at = far(4);
        two(map(at + PAGE, PAGE, READ_WRITE | NEW), unmap(at, 4 * PAGE))
    }),
    ("taking all rights to a page", || {
        let at = far(5);
        two(map(at, 2 * PAGE, READ_WRITE | NEW), protect(at, PAGE, MapFlags::PROT_NONE))
    }),
    ("giving rights to reserved addresses", || {
        let at = far(6);
        let first = map(at, 2 * PAGE, MapFlags::PROT_NONE | NEW);
        let second = protect(at, 2 * PAGE, READ_WRITE);
        raw::store(at, [9; 6]);
        format!("{} {} {}", done(first), done(second), load(at))
    }),
    ("rights of what is not mapped", || number(protect(far(7), PAGE, READ_WRITE))),
    ("rights of part of a page", || number(protect(far(8), 100, READ_WRITE))),
    ("a call that writes to a page without rights", || {
        let at = far(9);
        let mapped = map(at, PAGE, MapFlags::PROT_NONE | NEW);
        let clock = [syscall::CLOCK_MONOTONIC, at, 0, 0, 0];
        two(mapped, raw::call(call::SYS_CLOCK_GETTIME, clock))
    }),
];

/// Returns the place of a fact.
fn place(number: usize) -> usize {
    REGION + number * 16 * PAGE
}

/// Returns the place of a fact behind everything else.
fn far(number: usize) -> usize {
    REGION + (1 << 40) + number * 16 * PAGE
}

fn map(address: usize, size: usize, flags: MapFlags) -> Result<usize> {
    // As the kernel reads it: offset, size, flags, address.
    let record = [0, size, flags.bits(), address];
    raw::call(call::SYS_FMAP, [usize::MAX, record.as_ptr() as usize, size_of_val(&record), 0, 0])
}

fn unmap(address: usize, size: usize) -> Result<usize> {
    raw::call(call::SYS_FUNMAP, [address, size, 0, 0, 0])
}

fn protect(address: usize, size: usize, flags: MapFlags) -> Result<usize> {
    raw::call(call::SYS_MPROTECT, [address, size, flags.bits(), 0, 0])
}

fn two(first: Result<usize>, second: Result<usize>) -> String {
    format!("{} {}", done(first), done(second))
}

/// Returns the first word at an address, as a pipe carries it.
fn load(at: usize) -> String {
    let pipe = zram_rt::fs::open("/scheme/pipe", syscall::O_RDWR).and_then(|reader| {
        let writer = reader.dup(b"write")?;
        raw::call(call::SYS_WRITE, [writer.raw(), at, 8, 0, 0])?;
        let mut bytes = [0; 8];
        reader.read(&mut bytes)?;
        Ok(usize::from_ne_bytes(bytes))
    });
    number(pipe)
}
