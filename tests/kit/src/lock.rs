//! A lock for the engine in programs that loom explores.
#![expect(unsafe_code, reason = "the trait of raw locks is unsafe to implement")]

use std::sync::OnceLock;

use lock_api::{GuardSend, RawMutex};
use loom::sync::{Condvar, Mutex};

/// A lock that loom sees, and whose waiters it can put to sleep: whether it is held, and who waits.
/// Made at its first use, because loom's types have no constant.
#[derive(Debug)]
pub struct LoomLock(OnceLock<(Mutex<bool>, Condvar)>);

impl LoomLock {
    fn parts(&self) -> &(Mutex<bool>, Condvar) {
        self.0.get_or_init(|| (Mutex::new(false), Condvar::new()))
    }
}

// SAFETY: `lock` returns, and `try_lock` says true, only after the flag was changed from false to
// true, and only `unlock`, which the holder calls, changes it back; the mutex around the flag
// orders what is done in between.
unsafe impl RawMutex for LoomLock {
    const INIT: Self = Self(OnceLock::new());
    type GuardMarker = GuardSend;

    fn lock(&self) {
        let (flag, waiters) = self.parts();
        let mut is_held = flag.lock().expect("no panic");
        while *is_held {
            is_held = waiters.wait(is_held).expect("no panic");
        }
        *is_held = true;
    }

    fn try_lock(&self) -> bool {
        let (flag, _) = self.parts();
        let was_held = std::mem::replace(&mut *flag.lock().expect("no panic"), true);
        !was_held
    }

    unsafe fn unlock(&self) {
        let (flag, waiters) = self.parts();
        *flag.lock().expect("no panic") = false;
        waiters.notify_one();
    }
}
