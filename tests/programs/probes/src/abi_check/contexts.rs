//! Contexts, address spaces and file tables of `proc`.

use alloc::format;
use alloc::string::{String, ToString};

use syscall::flag::{ADDRSPACE_OP_MMAP, ADDRSPACE_OP_MPROTECT, ADDRSPACE_OP_MUNMAP, MapFlags};
use zram_rt::errno::{Error, Result};
use zram_rt::{Fd, environment};

use crate::{Fact, done, number};

const PAGE: usize = 4096;

pub(crate) const FACTS: &[Fact] = &[
    ("a new context", || done(root(b"new-context"))),
    ("the own context", || done(root(b"cur-context"))),
    ("a part of proc that there is not", || done(root(b"nosuch"))),
    ("a part of a context that there is not", || of_new(b"nosuch")),
    ("the address space of a new context", || of_new(b"addrspace")),
    ("the file table of a new context", || of_new(b"filetable")),
    ("the own address space", || of_own(b"addrspace")),
    ("the own file table", || of_own(b"filetable")),
    ("an empty address space", || then_of_own(b"addrspace", b"empty")),
    ("a part of an address space that there is not", || then_of_own(b"addrspace", b"nosuch")),
    ("a copy of the own file table", || then_of_own(b"filetable", b"copy")),
    ("a part of a file table that there is not", || then_of_own(b"filetable", b"nosuch")),
    ("protection from being killed for memory", || of_new(b"protection")),
    ("where a context runs, in bytes", || {
        number(new().and_then(|context| context.dup(b"sched-affinity")?.read(&mut [0; 64])))
    }),
    ("a context bound to the first cpu", || {
        number(
            new().and_then(|context| context.dup(b"sched-affinity")?.write(&1_u128.to_ne_bytes())),
        )
    }),
    ("a context bound by half a mask", || {
        number(new().and_then(|context| context.dup(b"sched-affinity")?.write(&[1; 8])))
    }),
    ("name and priority of a context, in bytes", || {
        number(new().and_then(|context| {
            let attributes = syscall::ProcSchemeAttrs { prio: 20, ..Default::default() };
            context.dup(authorised("attrs")?.as_bytes())?.write(&attributes)
        }))
    }),
    ("name and priority without authority", || of_new(b"attrs")),
    ("name and priority by a number that is no authority", || of_new(b"auth-1-attrs")),
    ("name and priority by a number that is not open", || of_new(b"auth-700-attrs")),
    ("how a context is, without authority", || of_new(b"status")),
    ("a verb of a context that there is not", || {
        number(new().and_then(|context| {
            context.dup(authorised("status")?.as_bytes())?.write(&12345_usize.to_ne_bytes())
        }))
    }),
    ("an entry for a space that is none", || {
        number(
            new()
                .and_then(|context| context.dup(b"current-addrspace")?.write(&words([1, 0, 0, 0]))),
        )
    }),
    ("an entry of half its size", || {
        number(new().and_then(|context| context.dup(b"current-addrspace")?.write(&[0; 8])))
    }),
    ("a file table that is none", || {
        number(new().and_then(|context| context.dup(b"current-filetable")?.write(&words([1]))))
    }),
    ("a mapping in an empty space", || change(&[map_words(0x10_0000, PAGE, MapFlags::PROT_READ)])),
    ("two mappings at one place of it", || {
        let one = map_words(0x10_0000, PAGE, MapFlags::PROT_READ);
        change(&[one, one])
    }),
    ("unmapping there", || {
        let one = map_words(0x10_0000, PAGE, MapFlags::PROT_READ);
        change(&[one, [ADDRSPACE_OP_MUNMAP, 0x10_0000, PAGE, 0, 0, 0]])
    }),
    ("unmapping there what is not mapped", || {
        change(&[[ADDRSPACE_OP_MUNMAP, 0x10_0000, PAGE, 0, 0, 0]])
    }),
    ("rights there", || {
        let one = map_words(0x10_0000, PAGE, MapFlags::PROT_READ);
        change(&[one, [ADDRSPACE_OP_MPROTECT, 0x10_0000, PAGE, 0, 0, 0]])
    }),
    ("an operation there that there is not", || change(&[[99, 0x10_0000, PAGE, 0, 0, 0]])),
    ("a mapping there of part of a page", || {
        change(&[map_words(0x10_0000, 100, MapFlags::PROT_READ)])
    }),
    ("the right to make schemes makes one", || done(cap(b"create-scheme"))),
    ("the right to make schemes by another name", || done(cap(b"nosuch"))),
    ("a program without more rights than ours is told of its own", || {
        environment::scheme_creation_cap().is_some().to_string()
    }),
];

fn root(name: &[u8]) -> Result<Fd> {
    Fd::dup_of(environment::proc_root().ok_or(Error::new(syscall::EPERM))?, name)
}

fn cap(name: &[u8]) -> Result<Fd> {
    Fd::dup_of(environment::scheme_creation_cap().ok_or(Error::new(syscall::EPERM))?, name)
}

fn new() -> Result<Fd> {
    root(b"new-context")
}

fn of_new(part: &[u8]) -> String {
    done(new().and_then(|context| context.dup(part)))
}

fn of_own(part: &[u8]) -> String {
    done(root(b"cur-context").and_then(|context| context.dup(part)))
}

fn then_of_own(part: &[u8], of_it: &[u8]) -> String {
    done(root(b"cur-context").and_then(|context| context.dup(part)?.dup(of_it)))
}

fn authorised(what: &str) -> Result<String> {
    let root = environment::proc_root().ok_or(Error::new(syscall::EPERM))?;
    Ok(format!("auth-{root}-{what}"))
}

fn map_words(address: usize, size: usize, protection: MapFlags) -> [usize; 6] {
    let flags = protection | MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED_NOREPLACE;
    [ADDRSPACE_OP_MMAP, usize::MAX, 0, address, size, flags.bits()]
}

/// Makes changes in an empty space; returns the answer to the last of them.
fn change(changes: &[[usize; 6]]) -> String {
    let empty = root(b"cur-context").and_then(|own| own.dup(b"addrspace")?.dup(b"empty"));
    let Ok(space) = empty else { return done(empty) };
    let mut last = Ok(0);
    for change in changes {
        last = space.write(&words(*change));
    }
    done(last)
}

fn words<const N: usize>(words: [usize; N]) -> alloc::vec::Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
