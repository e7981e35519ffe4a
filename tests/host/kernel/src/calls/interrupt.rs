//! Calls interrupted on purpose: `eintr=N` on the command line makes every N-th call that may wait
//! fail with EINTR before it does anything.
//!
//! This kernel never interrupts a call by itself, as it has no signals. Redox's kernel does, also
//! without signals, so programs must handle it; this option lets tests see whether they do. A call
//! that waited and is executed again counts again, so waits end with EINTR too. A call that is done
//! in pieces is not interrupted after its first piece, because it has had an effect by then.

use syscall::flag::FUTEX_WAIT;
use syscall::number as sys;

use crate::kernel::Kernel;
use crate::thread::{Resume, ThreadId};

/// The word of the command line.
const WORD: &str = "eintr=";

/// The fewest: with 1 no call would ever come through.
const EVERY_MIN: u32 = 2;

/// Which calls are interrupted.
pub(crate) struct Interruptions {
    every: Option<u32>,
    count: u32,
}

impl Interruptions {
    /// Returns what the command line asks for; nothing else is ever interrupted.
    pub(crate) fn of(cmdline: &str) -> Self {
        let number = cmdline.split_whitespace().find_map(|word| word.strip_prefix(WORD));
        let every = number.and_then(|number| number.parse().ok());
        Self { every: every.filter(|&every| every >= EVERY_MIN), count: 0 }
    }

    fn is_next(&mut self) -> bool {
        let Some(every) = self.every else { return false };
        self.count = (self.count + 1) % every;
        self.count == 0
    }
}

impl Kernel {
    /// Returns whether this call of the current thread is to be interrupted.
    pub(super) fn is_interrupted(
        &mut self,
        thread: ThreadId,
        number: usize,
        words: [u64; 6],
    ) -> bool {
        // Asked first: every call of every boot comes by here.
        if self.interruptions.every.is_none() {
            return false;
        }
        let is_fresh = self.threads[thread].resume() == Resume::Fresh;
        is_fresh && may_wait(number, words) && self.interruptions.is_next()
    }
}

fn may_wait(number: usize, words: [u64; 6]) -> bool {
    match number {
        sys::SYS_READ
        | sys::SYS_WRITE
        | sys::SYS_READ2
        | sys::SYS_WRITE2
        | sys::SYS_OPENAT_INTO
        | sys::SYS_DUP_INTO
        | sys::SYS_LSEEK
        | sys::SYS_FSYNC
        | sys::SYS_FSTAT
        | sys::SYS_FPATH
        | sys::SYS_CALL
        | sys::SYS_FMAP
        | sys::SYS_FUNMAP
        | sys::SYS_MPROTECT
        | sys::SYS_NANOSLEEP => true,
        sys::SYS_FUTEX => words[1] == FUTEX_WAIT as u64,
        _ => false,
    }
}
