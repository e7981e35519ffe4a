//! An allocator that fails or stops on demand, for the thread that asks for it.
//!
//! A test program uses it with `#[global_allocator] static ALLOCATOR: FailingAllocator`. Limits and
//! counts are per thread, as each test runs on its own.

#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, as long as the thread is granted anything.
#[derive(Debug)]
pub struct FailingAllocator;

/// The allocations that a thread still gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Granted {
    All,
    /// So many.
    Some(usize),
    /// None, and it has asked.
    Refused,
}

thread_local! {
    /// What this thread still gets.
    static GRANTED: Cell<Granted> = const { Cell::new(Granted::All) };
    /// Bytes that this thread has allocated and not freed.
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// Called before each allocation and each release of this thread.
    static STOP: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Runs `work` with `count` allocations granted and all later ones refused. Returns what it returned
/// and whether one was refused.
pub fn with_allocations<T>(count: usize, work: impl FnOnce() -> T) -> (T, bool) {
    GRANTED.set(Granted::Some(count));
    let result = work();
    let was_refused = GRANTED.replace(Granted::All) == Granted::Refused;
    (result, was_refused)
}

/// Runs `work` and calls `stop` wherever it asks for memory or gives some back.
pub fn with_stops<T>(stop: fn(), work: impl FnOnce() -> T) -> T {
    STOP.set(Some(stop));
    let result = work();
    STOP.set(None);
    result
}

fn stop_here() {
    // What `stop` itself does is no stop.
    if let Some(stop) = STOP.take() {
        stop();
        STOP.set(Some(stop));
    }
}

/// Returns the bytes that this thread has allocated and not freed.
pub fn held() -> isize {
    HELD.get()
}

fn is_granted() -> bool {
    match GRANTED.get() {
        Granted::All => true,
        Granted::Some(0) | Granted::Refused => {
            GRANTED.set(Granted::Refused);
            false
        }
        Granted::Some(count) => {
            GRANTED.set(Granted::Some(count - 1));
            true
        }
    }
}

// SAFETY: every block comes from `System`, with the layout asked for, or not at all.
unsafe impl GlobalAlloc for FailingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        stop_here();
        if !is_granted() {
            return core::ptr::null_mut();
        }
        HELD.set(HELD.get() + layout.size() as isize);
        // SAFETY: forwarded from the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        stop_here();
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: forwarded from the caller; the block came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}
