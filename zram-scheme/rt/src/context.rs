//! Contexts of the `proc` scheme, which threads and processes are made of.
//!
//! A new context has neither address space nor file table; they are set by writing to its handles
//! and take effect when these are closed (reference: Redox kernel, `scheme/proc.rs`). Used by
//! `thread` (shares both with its maker) and `process` (has its own).
//!
//! The right to make a context differs. A program that this repository's `init` has started has the
//! root of `proc`, which makes contexts of any kind. On Redox's own user space only the process
//! manager has that root, and a program has the descriptor of its process, which makes threads;
//! their handles pass every name on to the kernel (reference: relibc, `redox-rt/src/thread.rs`). A
//! stand-in for the manager tests that case.

use alloc::format;

use syscall::{Error, ProcSchemeAttrs, Result};

use crate::environment;
use crate::fd::Fd;

/// The user who may do everything.
pub(crate) const ROOT: u32 = 0;

/// Who makes contexts for this program.
#[derive(Clone, Copy)]
enum Maker {
    /// The root of `proc`.
    Root(usize),
    /// This program's process; it makes threads of it.
    Process(usize),
}

/// A context; it runs after [`Context::start`].
#[derive(Debug)]
pub(crate) struct Context(Fd);

impl Context {
    /// Makes a context.
    pub(crate) fn new() -> Result<Self> {
        let made = match maker()? {
            Maker::Root(root) => Fd::dup_of(root, b"new-context"),
            Maker::Process(process) => Fd::dup_of(process, b"new-thread"),
        };
        made.map(Self)
    }

    /// Returns a handle of the calling context, or of another thread of its process: one that has the
    /// same address space and file table, which is all that is asked of it.
    pub(crate) fn current() -> Result<Fd> {
        match maker()? {
            Maker::Root(root) => Fd::dup_of(root, b"cur-context"),
            Maker::Process(_) => {
                let first = environment::first_context().ok_or(Error::new(syscall::ESRCH))?;
                Fd::dup_of(first, b"")
            }
        }
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
    ///
    /// The process manager sets all three for the whole process, so there a thread has its process's.
    pub(crate) fn set_attributes(&self, name: &str, priority: u32, user: u32) -> Result<()> {
        if let Maker::Process(_) = maker()? {
            return Ok(());
        }
        let mut attributes =
            ProcSchemeAttrs { prio: priority, euid: user, egid: user, ..Default::default() };
        for (field, byte) in attributes.debug_name.iter_mut().zip(name.bytes()) {
            *field = byte;
        }
        self.0.dup(authorised("attrs")?.as_bytes())?.write(&attributes).map(drop)
    }

    /// Returns the handle by which it is ended, by itself or another, under this number.
    pub(crate) fn status_at(&self, number: usize) -> Result<Fd> {
        Fd::dup_at_number(self.0.raw(), number, authorised("status")?.as_bytes())
    }

    /// Returns the same under any number for the context that `descriptor` stands for.
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

fn maker() -> Result<Maker> {
    let root = environment::proc_root().map(Maker::Root);
    let process = || environment::process().map(Maker::Process);
    root.or_else(process).ok_or(Error::new(syscall::EPERM))
}

/// Returns the name of a handle that the root has to allow; of a thread that the process manager made, the
/// manager has allowed it.
fn authorised(what: &str) -> Result<alloc::string::String> {
    Ok(match maker()? {
        Maker::Root(root) => format!("auth-{root}-{what}"),
        Maker::Process(_) => what.into(),
    })
}
