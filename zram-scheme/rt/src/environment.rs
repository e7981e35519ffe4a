//! What a program gets at its start: arguments and descriptors.
//!
//! `initialise` reads the stack of the entry once, before any other code runs; afterwards the
//! values only change by `set_namespace`, which the namespace manager itself needs. A new process
//! starts with a copy of its creator's file table, as on Redox; `initialise` closes the descriptors
//! that the auxiliary vector does not name.
//!
//! A program that Redox's own user space starts is recognised by the lack of `auxv::FD_LIMIT`,
//! which only this repository's programs pass. It gets the descriptor of its process, not the root
//! of `proc`, and the descriptors that it was not told of stay open: its files are named by keys
//! that are not ours.

use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use zram_abi::boot::{SCHEME_CREATION_CAP, UPPER, auxv, scheme_id};

use crate::fd;
use crate::thread::STATUS_FIRST;

const NONE: usize = usize::MAX;

/// Upper descriptors that the first program may hold: one for each scheme id and the capability.
pub(crate) const UPPER_MAX: usize = 32;

static ARGUMENTS: AtomicPtr<usize> = AtomicPtr::new(core::ptr::null_mut());
static PROC: AtomicUsize = AtomicUsize::new(NONE);
static PROCESS: AtomicUsize = AtomicUsize::new(NONE);
static THREAD: AtomicUsize = AtomicUsize::new(NONE);
static NAMESPACE: AtomicUsize = AtomicUsize::new(NONE);
static CREATION_CAP: AtomicUsize = AtomicUsize::new(NONE);
static EXIT_PIPE: AtomicUsize = AtomicUsize::new(NONE);

// All of these are Relaxed: they are written by the first thread before it makes any other, and
// making a thread is a system call that orders memory.
fn get(cell: &AtomicUsize) -> Option<usize> {
    Some(cell.load(Ordering::Relaxed)).filter(|&value| value != NONE)
}

/// Takes over arguments and descriptors from the stack of the entry; null for the first program.
///
/// # Safety
///
/// `stack` is null, or points to argc, pointers to that many strings, 0, environment, 0, and pairs
/// that end with key 0; all of it stays for ever. Called once, before any other code.
pub(crate) unsafe fn initialise(stack: *const usize) {
    if stack.is_null() {
        PROC.store(UPPER | usize::from(scheme_id::PROC), Ordering::Relaxed);
        CREATION_CAP.store(SCHEME_CREATION_CAP, Ordering::Relaxed);
        fd::adopt(&[0, 1, 2]);
        return;
    }
    ARGUMENTS.store(stack.cast_mut(), Ordering::Relaxed);
    let mut limits = Limits { given: None, status: 0 };
    // SAFETY: forwarded from the caller.
    unsafe { for_each_auxv(stack, |key, value| take(key, value, &mut limits)) };
    match limits.given {
        Some(given) => drop_what_was_not_given(given, limits.status),
        None => {
            PROCESS.store(PROC.swap(NONE, Ordering::Relaxed), Ordering::Relaxed);
            fd::adopt(&[0, 1, 2]);
        }
    }
}

/// Where the creator's descriptors end: those that it gives out, if it is one of ours, and the handles of its
/// threads.
struct Limits {
    given: Option<usize>,
    status: usize,
}

fn take(key: usize, value: usize, limits: &mut Limits) {
    let cell = match key {
        auxv::PROC_FD => &PROC,
        auxv::THREAD_FD => &THREAD,
        auxv::NAMESPACE_FD => &NAMESPACE,
        auxv::SCHEME_CREATION_CAP => &CREATION_CAP,
        auxv::EXIT_PIPE_FD => &EXIT_PIPE,
        auxv::FD_LIMIT => {
            limits.given = Some(value);
            return;
        }
        auxv::STATUS_LIMIT => {
            limits.status = value;
            return;
        }
        _ => return,
    };
    cell.store(value, Ordering::Relaxed);
}

fn drop_what_was_not_given(given_limit: usize, status_limit: usize) {
    let given = [0, 1, 2]
        .into_iter()
        .chain([&PROC, &THREAD, &NAMESPACE, &CREATION_CAP, &EXIT_PIPE].into_iter().filter_map(get));
    let lower = 0..given_limit.min(fd::GIVEN_MAX);
    let statuses = STATUS_FIRST..status_limit.min(fd::SLOTS_MAX);
    let upper = (1..UPPER_MAX).map(|id| UPPER | id);
    for slot in lower.chain(statuses).chain(upper) {
        if given.clone().any(|kept| kept == slot) {
            fd::adopt(&[slot]);
        } else {
            fd::close_raw(slot);
        }
    }
}

/// Calls `visit` with each key and value of the auxiliary vector.
///
/// # Safety
///
/// As for [`initialise`], with `stack` not null.
unsafe fn for_each_auxv(stack: *const usize, mut visit: impl FnMut(usize, usize)) {
    // SAFETY: the first word is argc.
    let argc = unsafe { stack.read() };
    let mut at = stack.wrapping_add(1 + argc + 1);
    // SAFETY: `at` walks the environment, which ends with 0.
    while unsafe { at.read() } != 0 {
        at = at.wrapping_add(1);
    }
    at = at.wrapping_add(1);
    loop {
        // SAFETY: `at` walks pairs up to the one with key 0.
        let key = unsafe { at.read() };
        if key == auxv::NULL {
            return;
        }
        // SAFETY: a pair's second word.
        visit(key, unsafe { at.wrapping_add(1).read() });
        at = at.wrapping_add(2);
    }
}

/// Returns the program's arguments, the first being its name; none for the first program.
///
/// An argument that is not UTF-8 reads as `?`.
pub fn args() -> impl Iterator<Item = &'static str> {
    let stack: *const usize = ARGUMENTS.load(Ordering::Relaxed);
    // SAFETY: not null, so `initialise` was promised argc here.
    let argc = if stack.is_null() { 0 } else { unsafe { stack.read() } };
    (1..=argc).map(move |index| {
        // SAFETY: `initialise` was promised argc pointers behind argc.
        let text = unsafe { stack.wrapping_add(index).cast::<*const core::ffi::c_char>().read() };
        // SAFETY: each points to a string that ends with 0 and stays for ever.
        let text = unsafe { core::ffi::CStr::from_ptr(text) };
        text.to_str().unwrap_or("?")
    })
}

/// Returns whether this is the first program of the system.
pub(crate) fn is_first_program() -> bool {
    get(&THREAD).is_none()
}

/// Returns the program's name: the last part of its first argument, `init` for the first program.
pub(crate) fn program_name() -> &'static str {
    let first = args().next().unwrap_or("init");
    first.rsplit('/').next().unwrap_or(first)
}

/// Returns the descriptor of the `proc` root, which may make contexts and address spaces.
pub fn proc_root() -> Option<usize> {
    get(&PROC)
}

/// Returns the descriptor of this program's process, if Redox's process manager made it.
pub(crate) fn process() -> Option<usize> {
    get(&PROCESS)
}

/// Returns the descriptor of this program's first context.
pub fn first_context() -> Option<usize> {
    get(&THREAD)
}

/// Returns the descriptor of the namespace manager.
pub fn namespace() -> Option<usize> {
    get(&NAMESPACE)
}

/// Returns the descriptor of the scheme-creation capability, if this program was given it.
pub fn scheme_creation_cap() -> Option<usize> {
    get(&CREATION_CAP)
}

/// Returns the pipe that takes the exit code.
pub fn exit_pipe() -> Option<usize> {
    get(&EXIT_PIPE)
}

/// Makes `descriptor` the namespace manager; for the namespace manager itself.
pub fn set_namespace(descriptor: usize) {
    NAMESPACE.store(descriptor, Ordering::Relaxed);
}
