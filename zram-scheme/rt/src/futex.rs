//! Waiting in the kernel for a word to change, and the mutex made of it.
//!
//! [`Mutex`] is `lock_api`'s over [`FutexMutex`], so the engine, which is generic over
//! `lock_api::RawMutex`, runs on it. The word is 0 when free, 1 when locked, 2 when locked and
//! somebody may sleep on it (Drepper, "Futexes Are Tricky", mutex 2).

use core::sync::atomic::{AtomicU32, Ordering};

use syscall::{Error, Result, TimeSpec};

use crate::time;

const FREE: u32 = 0;
const LOCKED: u32 = 1;
const CONTENDED: u32 = 2;

/// Sleeps while `word` holds `expected`, until a wake or `deadline_ns` of `time::now_ns`.
///
/// Returns early for no reason at all as well, so callers look at the word again.
///
/// # Errors
///
/// ETIMEDOUT after the deadline.
pub fn wait(word: &AtomicU32, expected: u32, deadline_ns: Option<u64>) -> Result<()> {
    match wait_for(word, expected, deadline_ns, core::ptr::null_mut()) {
        // The kernel's clock had run ahead: for this program the deadline is still to come.
        Err(Error { errno: syscall::ETIMEDOUT })
            if deadline_ns.is_some_and(|at| time::now_ns() < at) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// The same; `lock`, if not null, is the word once more and says that another thread of this program has
/// it locked. A kernel that knows that (ours) lends that thread the priority of this one; Redox ignores it.
fn wait_for(
    word: &AtomicU32,
    expected: u32,
    deadline_ns: Option<u64>,
    lock: *mut i32,
) -> Result<()> {
    let deadline = deadline_ns.map(|at| TimeSpec::from_nanos(u128::from(at)));
    let deadline = deadline.as_ref().map_or(0, |at| core::ptr::from_ref(at) as usize);
    let address = word.as_ptr().cast::<i32>();
    // SAFETY: the kernel reads the word and the deadline, both borrowed for the call.
    let result = unsafe {
        syscall::futex(address, syscall::FUTEX_WAIT, expected.cast_signed(), deadline, lock)
    };
    match result {
        Ok(_) => Ok(()),
        Err(Error { errno: syscall::EAGAIN | syscall::EINTR }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Wakes at most `count` threads that sleep on `word`; returns how many woke.
pub fn wake(word: &AtomicU32, count: u32) -> usize {
    let address = word.as_ptr().cast::<i32>();
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let nobody = core::ptr::null_mut();
    // SAFETY: the kernel only uses the address as the name of the word.
    unsafe { syscall::futex(address, syscall::FUTEX_WAKE, count, 0, nobody) }.unwrap_or(0)
}

/// A mutex over `T` whose waiters sleep in the kernel.
pub type Mutex<T> = lock_api::Mutex<FutexMutex, T>;

/// The lock word of [`Mutex`].
#[derive(Debug)]
pub struct FutexMutex(AtomicU32);

// SAFETY: only the one thread that changes the word from FREE holds the lock, until it stores FREE.
unsafe impl lock_api::RawMutex for FutexMutex {
    const INIT: Self = Self(AtomicU32::new(FREE));

    type GuardMarker = lock_api::GuardSend;

    fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    fn try_lock(&self) -> bool {
        // Acquire pairs with the Release in `unlock`.
        self.0.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    unsafe fn unlock(&self) {
        // Release pairs with the Acquires in `try_lock` and `lock_contended`.
        if self.0.swap(FREE, Ordering::Release) == CONTENDED {
            wake(&self.0, 1);
        }
    }
}

impl FutexMutex {
    #[cold]
    fn lock_contended(&self) {
        // Acquire pairs with the Release in `unlock`.
        while self.0.swap(CONTENDED, Ordering::Acquire) != FREE {
            // Without a deadline there is no error, and after a false wake the loop looks again.
            let _ = wait_for(&self.0, CONTENDED, None, self.0.as_ptr().cast());
        }
    }
}
