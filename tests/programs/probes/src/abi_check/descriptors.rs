//! Descriptors, and files of the kernel's own schemes.

use alloc::format;
use alloc::string::{String, ToString};

use syscall::number as call;
use syscall::{O_RDONLY, O_RDWR};
use zram_rt::errno::Result;
use zram_rt::{Fd, fs};

use crate::raw;
use crate::{Fact, done, number};

/// A number under which nothing is open.
const UNUSED: usize = 700;

/// An address at which no program has memory.
const NOWHERE: usize = 0xffff_8000_0000_0000;

pub(crate) const FACTS: &[Fact] = &[
    ("the newer openat", || number(raw::call(call::SYS_OPENAT_INTO2, [1, 0, 0, 0, 0]))),
    ("a call of no number", || number(raw::call(0x7777, [0; 5]))),
    ("dup of a number that is not open", || dup_into(UNUSED, UNUSED + 1)),
    ("dup into a number that is taken", || dup_into(1, 2)),
    ("dup into a number and close of it", || {
        format!(
            "{} {}",
            dup_into(1, UNUSED),
            number(raw::call(call::SYS_CLOSE, [UNUSED, 0, 0, 0, 0]))
        )
    }),
    ("close of a number that is not open", || {
        number(raw::call(call::SYS_CLOSE, [UNUSED, 0, 0, 0, 0]))
    }),
    ("read of a number that is not open", || {
        number(raw::call(call::SYS_READ, [UNUSED, 4096, 1, 0, 0]))
    }),
    ("write from where nothing is", || number(raw::call(call::SYS_WRITE, [1, NOWHERE, 16, 0, 0]))),
    ("dup with a name from where nothing is", || {
        number(raw::call(call::SYS_DUP_INTO, [1, NOWHERE, 8, UNUSED, 0]))
    }),
    ("call of a number that is not open", || {
        number(raw::call(call::SYS_CALL, [UNUSED, 0, 0, 0, 0]))
    }),
    ("open of a scheme that nobody registered", || done(fs::open("/scheme/nosuch/x", O_RDONLY))),
    ("open of a file that sys does not have", || done(fs::open("/scheme/sys/nosuch", O_RDONLY))),
    ("open of what says how many cpus there are", || done(fs::open("/scheme/sys/cpu", O_RDONLY))),
    ("what is said of cpus names their number", || {
        let text = fs::read_text("/scheme/sys/cpu").unwrap_or_default();
        text.lines().any(|line| line.starts_with("CPUs: ")).to_string()
    }),
    ("an order to stop that is none", || {
        done(fs::open("/scheme/sys/kstop", O_RDWR).and_then(|file| file.write(b"nonsense")))
    }),
    ("an order to stop with a code that is none", || {
        done(fs::open("/scheme/sys/kstop", O_RDWR).and_then(|file| file.write(b"shutdown 1 2")))
    }),
    ("bytes of a block of memory", || totals(|totals| u64::from(totals.f_bsize))),
    ("memory that is free is part of all", || {
        totals(|totals| u64::from(totals.f_bfree > 0 && totals.f_bfree < totals.f_blocks))
    }),
    ("a pipe takes bytes and gives them", || {
        with_pipe(|reader, writer| {
            let mut bytes = [0; 16];
            Ok(writer.write(b"abcd")? * 100 + reader.read(&mut bytes)?)
        })
    }),
    ("a pipe gives what fits and keeps the rest", || {
        with_pipe(|reader, writer| {
            writer.write(b"abcd")?;
            Ok(reader.read(&mut [0; 3])? * 100 + reader.read(&mut [0; 3])?)
        })
    }),
    ("a pipe without a writer ends", || {
        let pipe = fs::open("/scheme/pipe", O_RDWR);
        number(pipe.and_then(|reader| {
            drop(reader.dup(b"write")?);
            reader.read(&mut [0; 4])
        }))
    }),
    ("a pipe without a reader", || {
        let pipe = fs::open("/scheme/pipe", O_RDWR);
        number(pipe.and_then(|reader| {
            let writer = reader.dup(b"write")?;
            drop(reader);
            writer.write(b"abcd")
        }))
    }),
    ("write to the reading end of a pipe", || with_pipe(|reader, _| reader.write(b"x"))),
    ("read of the writing end of a pipe", || with_pipe(|_, writer| writer.read(&mut [0; 4]))),
    ("dup of a pipe by another name", || with_pipe(|reader, _| reader.dup(b"nosuch").map(|_| 0))),
    ("read of nothing from a pipe with bytes", || {
        with_pipe(|reader, writer| {
            writer.write(b"abcd")?;
            reader.read(&mut [])
        })
    }),
];

fn dup_into(from: usize, number_wanted: usize) -> String {
    let name = b"".as_ptr() as usize;
    done(raw::call(call::SYS_DUP_INTO, [from, name, 0, number_wanted, 0]))
}

fn totals(ask: impl Fn(&syscall::StatVfs) -> u64) -> String {
    let memory = fs::open("/scheme/memory", O_RDONLY).and_then(|file| file.totals());
    number(memory.map(|totals| ask(&totals) as usize))
}

fn with_pipe(ask: impl Fn(&Fd, &Fd) -> Result<usize>) -> String {
    let pipe = fs::open("/scheme/pipe", O_RDWR);
    number(pipe.and_then(|reader| {
        let writer = reader.dup(b"write")?;
        ask(&reader, &writer)
    }))
}
