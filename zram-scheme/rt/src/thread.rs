//! Threads: contexts that share their maker's address space and file table.
//!
//! A thread runs a closure on a stack of its own, below which one page must not be touched. It ends
//! by writing to its `status` handle, which also unmaps the stack. That handle stays open
//! afterwards, because nothing tells when the kernel is done with it; hence `THREADS_MAX` counts
//! all threads that a program ever makes. The handles have numbers of their own (`STATUS_FIRST` and
//! on), so that a program can be ended from outside on a kernel that ends only one thread for a
//! crash (`end_those_of`).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use syscall::{Error, Result};
use zram_abi::PAGE_SIZE;

use crate::context::{Context, ROOT};
use crate::fd::{self, Fd};
use crate::futex;
use crate::memory::{self, Mapping};
use crate::time;

/// Most threads that a program makes in its life: two queue threads for each of 128 CPUs.
pub(crate) const THREADS_MAX: usize = 256;

/// Number of the first thread's handle; the others follow.
pub(crate) const STATUS_FIRST: usize = fd::GIVEN_MAX;

/// How long it may take to end the threads of another program: a few hundred calls, on a busy machine.
const END_MAX_NS: u64 = 10_000_000_000;

/// Bytes of a thread's stack.
const STACK_SIZE: usize = 128 * 1024;

/// Priority of a thread that does not choose; the middle of Redox's 0 to 39.
const PRIORITY_DEFAULT: u32 = 20;

/// What `end_others` must know of a thread: its status handle (0 is none, as descriptor 0 is the
/// console) and where its stack begins.
struct Known {
    status: AtomicUsize,
    stack: AtomicUsize,
}

impl Known {
    /// Takes a place in the table for a thread that is not started yet, and opens its handle.
    fn remember(context: &Context, stack: usize) -> Result<(&'static Self, Fd)> {
        for (number, known) in (STATUS_FIRST..).zip(&KNOWN) {
            // Relaxed: the thread is not started yet, and starting it is a system call, which orders
            // memory for whoever learns of the thread.
            let order = Ordering::Relaxed;
            if known.status.compare_exchange(0, number, order, order).is_ok() {
                known.stack.store(stack, order);
                match context.status_at(number) {
                    Ok(status) => return Ok((known, status)),
                    // Somebody else put a descriptor there: the next place may be free.
                    Err(Error { errno: syscall::EEXIST }) => known.forget(),
                    Err(error) => {
                        known.forget();
                        return Err(error);
                    }
                }
            }
        }
        Err(Error::new(syscall::EAGAIN))
    }

    fn forget(&self) {
        // Relaxed, as in `remember`.
        self.status.store(0, Ordering::Relaxed);
    }
}

/// Returns a number above the handles of all threads that this program has made until now.
pub(crate) fn status_limit() -> usize {
    let is_used = |known: &Known| known.status.load(Ordering::Relaxed) != 0;
    STATUS_FIRST + KNOWN.iter().rposition(is_used).map_or(0, |last| last + 1)
}

static KNOWN: [Known; THREADS_MAX] =
    [const { Known { status: AtomicUsize::new(0), stack: AtomicUsize::new(0) } }; THREADS_MAX];

/// What a thread is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Builder<'a> {
    name: &'a str,
    cpu: Option<u32>,
    priority: u32,
}

/// A thread that was started.
#[derive(Debug)]
pub struct Thread {
    running: Arc<AtomicU32>,
}

struct Start {
    body: Box<dyn FnOnce() + Send>,
    running: Arc<AtomicU32>,
    /// What it does at last.
    end: End,
}

/// A thread that was started, and its place in the table.
struct Spawned {
    thread: Thread,
    known: &'static Known,
}

impl<'a> Builder<'a> {
    /// Returns a thread of that name on any CPU.
    pub fn new(name: &'a str) -> Self {
        Self { name, cpu: None, priority: PRIORITY_DEFAULT }
    }

    /// Binds it to one CPU; where that CPU never runs it, it never starts.
    #[must_use]
    pub fn pinned_to(self, cpu: u32) -> Self {
        Self { cpu: Some(cpu), ..self }
    }

    /// Gives it a priority from 0 to 39; the lowest number runs first, as on Redox and as nice levels.
    #[must_use]
    pub fn priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// EPERM for a program without the `proc` root, EMFILE, ENOMEM, EAGAIN after 256 threads.
    pub fn spawn(self, body: impl FnOnce() + Send + 'static) -> Result<Thread> {
        let table = Context::current()?.dup(b"filetable")?;
        self.spawn_with(&table, body).map(|spawned| spawned.thread)
    }

    /// Starts it as [`Self::spawn`] does, with another file table.
    fn spawn_with(self, table: &Fd, body: impl FnOnce() + Send + 'static) -> Result<Spawned> {
        let context = Context::new()?;
        let own = Context::current()?;
        context.set_file_table(table)?;
        // Only root has the right to make a context.
        context.set_attributes(self.name, self.priority, ROOT)?;
        if let Some(cpu) = self.cpu {
            context.pin(cpu)?;
        }
        let space = own.dup(b"addrspace")?;
        let stack = new_stack()?;
        let (base, length) = (stack.address(), stack.bytes().len());
        let (known, status) = Known::remember(&context, base)?;
        let running = Arc::new(AtomicU32::new(1));
        let start = Box::into_raw(Box::new(Start {
            body: Box::new(body),
            running: Arc::clone(&running),
            end: End { status: status.raw(), base, length },
        }));
        let entry = entry as extern "C" fn() -> ! as usize;
        let begun = context
            .set_entry(&space, base + length, entry, start.expose_provenance())
            .and_then(|()| context.start());
        if let Err(error) = begun {
            known.forget();
            // SAFETY: it came from Box::into_raw above, and the thread that was to take it over has
            // not begun.
            drop(unsafe { Box::from_raw(start) });
            return Err(error);
        }
        // Both are the thread's now.
        stack.leak();
        status.into_raw();
        Ok(Spawned { thread: Thread { running }, known })
    }
}

impl Thread {
    /// Waits until the thread's closure has returned.
    pub fn join(self) {
        // Acquire pairs with the Release in `run`: what the thread wrote is seen.
        while self.running.load(Ordering::Acquire) != 0 {
            // Without a deadline there is no error.
            let _ = futex::wait(&self.running, 1, None);
        }
    }
}

fn new_stack() -> Result<Mapping> {
    let stack = Mapping::anonymous(STACK_SIZE + PAGE_SIZE)?;
    // SAFETY: the lowest page of the new mapping; it is used for nothing but being forbidden.
    unsafe { memory::forbid(stack.address(), PAGE_SIZE) }?;
    Ok(stack)
}

/// Ends all threads but the first of the program whose file table this is.
///
/// Their handles are in that table, so a thread of this program does it there. It can end nothing of
/// this program by its own handle, whose number is another's there: it waits to be ended from here.
///
/// # Errors
///
/// Those of starting a thread; ETIMEDOUT if it takes too long.
pub(crate) fn end_those_of(table: &Fd) -> Result<()> {
    let is_done = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&is_done);
    let body = move || {
        for number in STATUS_FIRST..fd::SLOTS_MAX {
            // Most numbers are nobody's.
            let _ = fd::write_to(number, &usize::MAX.to_ne_bytes());
        }
        // Release pairs with the Acquire below.
        seen.store(1, Ordering::Release);
        futex::wake(&seen, 1);
        loop {
            let _ = futex::wait(&seen, 1, None);
        }
    };
    let Spawned { known, .. } = Builder::new("kill").spawn_with(table, body)?;
    let deadline_ns = time::now_ns().saturating_add(END_MAX_NS);
    while is_done.load(Ordering::Acquire) == 0 {
        // Without an answer it may still be at work, and is left alone.
        futex::wait(&is_done, 0, Some(deadline_ns))?;
    }
    let number = known.status.load(Ordering::Relaxed);
    let ended = fd::write_to(number, &usize::MAX.to_ne_bytes()).map(drop);
    fd::close_raw(number);
    known.forget();
    ended
}

/// Where a new thread begins: rsi holds its `Start`.
#[unsafe(naked)]
extern "C" fn entry() -> ! {
    naked_asm!("xor ebp, ebp", "mov rdi, rsi", "and rsp, -16", "call {run}", "ud2", run = sym run)
}

extern "C" fn run(start: usize) -> ! {
    let start: *mut Start = core::ptr::with_exposed_provenance_mut(start);
    // SAFETY: `spawn` made it by Box::into_raw and gave it to this thread alone.
    let start = unsafe { Box::from_raw(start) };
    let Start { body, running, end: last } = *start;
    body();
    // Release pairs with the Acquire in `join`.
    running.store(0, Ordering::Release);
    futex::wake(&running, u32::MAX);
    drop(running);
    last.end()
}

/// What ends the context that calls it.
pub(crate) struct End {
    /// The context's status handle.
    pub(crate) status: usize,
    /// Where its stack begins, which is unmapped.
    pub(crate) base: usize,
    /// Bytes of the stack.
    pub(crate) length: usize,
}

impl End {
    /// Ends the calling context, whose this is.
    pub(crate) fn end(self) -> ! {
        let mut bytes = [0; 24];
        let words = [usize::MAX, self.base, self.length];
        for (field, word) in bytes.chunks_exact_mut(8).zip(words) {
            field.copy_from_slice(&word.to_ne_bytes());
        }
        loop {
            // It does not return; if the kernel refuses, there is nothing better than to ask again.
            let _ = fd::write_to(self.status, &bytes);
            let _ = syscall::sched_yield();
        }
    }
}

/// Ends all threads of this program but the caller and the first one; returns what ends the caller,
/// unless it is the first.
pub(crate) fn end_others() -> Option<End> {
    let local = 0_u8;
    let here = core::ptr::from_ref(&local) as usize;
    let mut own = None;
    for known in &KNOWN {
        let status = known.status.load(Ordering::Relaxed);
        let base = known.stack.load(Ordering::Relaxed);
        if status != 0 && here.wrapping_sub(base) < STACK_SIZE + PAGE_SIZE {
            own = Some(End { status, base, length: STACK_SIZE + PAGE_SIZE });
        } else if status != 0 {
            // A thread that ended before answers with an error, which is fine.
            let _ = fd::write_to(status, &usize::MAX.to_ne_bytes());
        }
    }
    own
}
