//! Contexts of the `proc` scheme: what threads and processes are made of.
//!
//! A new context has neither address space nor file table; they are set by writing to its handles
//! and take effect when these are closed (reference: Redox kernel, `scheme/proc.rs`). Used by
//! `thread` (shares both with its maker) and `process` (has its own).

use alloc::format;

use syscall::{Error, ProcSchemeAttrs, Result};

use crate::environment;
use crate::fd::Fd;

/// The user who may do everything.
pub(crate) const ROOT: u32 = 0;

/// A context; it runs after [`Context::start`].
#[derive(Debug)]
pub(crate) struct Context(Fd);

impl Context {
    /// Makes a context.
    pub(crate) fn new() -> Result<Self> {
        Fd::dup_of(proc_root()?, b"new-context").map(Self)
    }

    /// Returns a handle of the calling context.
    pub(crate) fn current() -> Result<Fd> {
        Fd::dup_of(proc_root()?, b"cur-context")
    }

    /// Returns its handle.
    pub(crate) fn fd(&self) -> &Fd {
        &self.0
    }

    /// Says where it starts: address space, stack pointer, instruction, and what rsi holds.
    pub(crate) fn set_entry(
        &self,
        space: &Fd,
        stack: usize,
        entry: usize,
        arg: usize,
    ) -> Result<()> {
        let mut bytes = [0; 32];
        for (field, word) in bytes.chunks_exact_mut(8).zip([space.raw(), stack, entry, arg]) {
            field.copy_from_slice(&word.to_ne_bytes());
        }
        self.0.dup(b"current-addrspace")?.write(&bytes).map(drop)
    }

    /// Gives it the file table `table`.
    pub(crate) fn set_file_table(&self, table: &Fd) -> Result<()> {
        self.0.dup(b"current-filetable")?.write(&table.raw().to_ne_bytes()).map(drop)
    }

    /// Binds it to one CPU.
    pub(crate) fn pin(&self, cpu: u32) -> Result<()> {
        let mask = 1_u128.checked_shl(cpu).ok_or(Error::new(syscall::EINVAL))?;
        self.0.dup(b"sched-affinity")?.write(&mask.to_ne_bytes()).map(drop)
    }

    /// Sets its name, its priority from 0, which runs first, to 39, and the user (and the group of the same
    /// number) that it acts for.
    pub(crate) fn set_attributes(&self, name: &str, priority: u32, user: u32) -> Result<()> {
        let mut attributes =
            ProcSchemeAttrs { prio: priority, euid: user, egid: user, ..Default::default() };
        for (field, byte) in attributes.debug_name.iter_mut().zip(name.bytes()) {
            *field = byte;
        }
        self.0.dup(authorised("attrs")?.as_bytes())?.write(&attributes).map(drop)
    }

    /// Returns the handle by which it is ended, by itself or another.
    pub(crate) fn status(&self) -> Result<Fd> {
        Self::status_of(self.0.raw())
    }

    /// Returns the same for the context that `descriptor` stands for.
    pub(crate) fn status_of(descriptor: usize) -> Result<Fd> {
        Fd::dup_of(descriptor, authorised("status")?.as_bytes())
    }

    /// Protects its address space from being killed for memory; for the first program only.
    ///
    /// A kernel that kills nobody for memory, as Redox, knows no such handle: nothing is to be done.
    pub(crate) fn protect(&self) -> Result<()> {
        match self.0.dup(b"protection") {
            Ok(protection) => protection.write(&[1]).map(drop),
            Err(Error { errno: syscall::EINVAL }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lets it run.
    pub(crate) fn start(&self) -> Result<()> {
        self.0.dup(b"start")?.write(&[0]).map(drop)
    }
}

fn proc_root() -> Result<usize> {
    environment::proc_root().ok_or(Error::new(syscall::EPERM))
}

fn authorised(what: &str) -> Result<alloc::string::String> {
    Ok(format!("auth-{}-{what}", proc_root()?))
}
