//! Calls that a program makes too often: each counter of the kernel must refuse before it
//! overflows.
//!
//! Every case returns how many wrong calls the kernel accepted. The cases of a server need the
//! right to make a scheme, which only the daemon has: they run when this program stands in for it.

use alloc::vec::Vec;

use syscall::flag::{
    ADDRSPACE_OP_MMAP, ADDRSPACE_OP_MPROTECT, ADDRSPACE_OP_MUNMAP, MapFlags, O_RDONLY,
};
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::scheme::Socket;
use zram_rt::{Fd, environment, eprintln, fs};

/// Where the cases map: nothing of this program lies within a TiB of it.
const BASE: usize = 0x2000_0000_0000;

/// Pages of the largest mapping of pages that are there already.
const REMOTE_MAX: usize = 256;

/// Mappings of one page in one space; a counter of 16 bits ends before two spaces have as many.
const MAPPINGS: usize = (1 << 15) + 2 * REMOTE_MAX;

/// An address space, and what can be asked of it.
struct Space(Fd);

impl Space {
    fn own() -> Result<Self> {
        let proc = environment::proc_root().ok_or(Error::new(syscall::EPERM))?;
        Fd::dup_of(proc, b"cur-context")?.dup(b"addrspace").map(Self)
    }

    fn ask(&self, words: &[usize]) -> Result<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.0.write(&bytes).map(drop)
    }

    /// Maps `pages` fresh ones, or those at `from` once more.
    fn map(&self, from: Option<usize>, page: usize, pages: usize) -> Result<()> {
        let flags = MapFlags::PROT_READ | MapFlags::PROT_WRITE | MapFlags::MAP_FIXED_NOREPLACE;
        let kind = if from.is_some() { MapFlags::MAP_SHARED } else { MapFlags::MAP_PRIVATE };
        let source = if from.is_some() { self.0.raw() } else { usize::MAX };
        let offset = from.map_or(0, at);
        let flags = (flags | kind).bits();
        self.ask(&[ADDRSPACE_OP_MMAP, source, offset, at(page), pages * PAGE_SIZE, flags])
    }

    fn forbid_writing(&self, page: usize) -> Result<()> {
        self.ask(&[ADDRSPACE_OP_MPROTECT, at(page), PAGE_SIZE, MapFlags::PROT_READ.bits()])
    }

    fn unmap(&self, page: usize, pages: usize) -> Result<()> {
        self.ask(&[ADDRSPACE_OP_MUNMAP, at(page), pages * PAGE_SIZE])
    }
}

fn at(page: usize) -> usize {
    BASE + page * PAGE_SIZE
}

/// Judges how a case ended that must not fail.
fn judge(kind: &str, result: Result<()>) -> u32 {
    result.map_or_else(
        |error| {
            eprintln!("hostile: {kind}: {}", InWords(error));
            1
        },
        |()| 0,
    )
}

/// Maps one page more often than 16 bits can count, half of it in a copy of this space, and takes all of
/// that away again.
pub(crate) fn one_page_often(kind: &str) -> u32 {
    let often = || {
        let space = Space::own()?;
        space.map(None, 0, 1)?;
        // Page 0 is private and would be copied; the others share one frame.
        space.map(Some(0), 1, 1)?;
        let mut mapped = 1;
        while mapped < MAPPINGS {
            let more = mapped.min(REMOTE_MAX);
            space.map(Some(1), 1 + mapped, more)?;
            mapped += more;
        }
        drop(space.0.dup(b"exclusive")?);
        space.unmap(0, 1 + mapped)
    };
    judge(kind, often())
}

/// Asks for a mapping that the kernel would have to make whole while everybody waits.
pub(crate) fn large_sharing(kind: &str) -> u32 {
    let large = || {
        let space = Space::own()?;
        space.map(None, 0, 1)?;
        let result = space.map(Some(0), 1, 8 * REMOTE_MAX);
        space.unmap(0, 1)?;
        match result {
            Err(Error { errno: syscall::ENOMEM }) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(syscall::EEXIST)),
        }
    };
    judge(kind, large())
}

/// Opens texts for as long as that is allowed: memory must be the reason that it ends.
pub(crate) fn texts(kind: &str) -> u32 {
    let mut held = Vec::new();
    let end = loop {
        match fs::open("/scheme/swap/stat", O_RDONLY) {
            Ok(text) => held.push(text),
            Err(error) => break error,
        }
    };
    drop(held);
    match end.errno {
        // A kernel without that file has nothing to keep.
        syscall::ENOMEM | syscall::ENOENT | syscall::ENODEV => 0,
        _ => judge(kind, Err(end)),
    }
}

/// Puts file tables into each other and closes the outermost.
pub(crate) fn nested_tables(kind: &str) -> u32 {
    let nest = || {
        let proc = environment::proc_root().ok_or(Error::new(syscall::EPERM))?;
        let own = Fd::dup_of(proc, b"cur-context")?.dup(b"filetable")?;
        let mut inner = own.dup(b"empty")?;
        // Ends with EMFILE when the kernel has no more tables.
        while let Ok(outer) = own.dup(b"empty") {
            outer.call_with_fd(inner, &[0])?;
            inner = outer;
        }
        Ok(())
    };
    judge(kind, nest())
}

/// Copies the space of a server that has more grants than a program may have.
fn fork_of_a_server(kind: &str) -> u32 {
    const GRANTS: usize = 600;
    let fork = || {
        let space = Space::own()?;
        space.map(None, 0, 2 * GRANTS)?;
        (0..GRANTS).try_for_each(|index| space.forbid_writing(2 * index))?;
        let copy = space.0.dup(b"exclusive");
        space.unmap(0, 2 * GRANTS)?;
        match copy {
            Err(Error { errno: syscall::ENOMEM }) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(Error::new(syscall::EEXIST)),
        }
    };
    judge(kind, fork())
}

/// Opens and closes roots of a scheme and never reads the messages that this makes.
fn unread_messages(kind: &str, socket: &Socket) -> u32 {
    const ROOTS: usize = 200_000;
    let end = (0..ROOTS).find_map(|_| socket.root(1).err());
    let is_right = matches!(end, Some(Error { errno: syscall::EAGAIN }));
    if !is_right {
        eprintln!("hostile: {kind}: {ROOTS} messages were kept, or {end:?}");
    }
    u32::from(!is_right)
}

/// Runs the cases of a server; returns how many lies were believed.
pub(crate) fn server() -> u32 {
    match Socket::create() {
        Ok(socket) => fork_of_a_server("fork") + unread_messages("messages", &socket),
        Err(error) => judge("server", Err(error)),
    }
}
