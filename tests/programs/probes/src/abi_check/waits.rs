//! The clock, sleeping, and futexes.

use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use syscall::number as call;
use syscall::{FUTEX_WAIT, FUTEX_WAKE, TimeSpec};
use zram_rt::errno::Result;
use zram_rt::{futex, time};

use crate::raw;
use crate::{Fact, beside, number};

const NOWHERE: usize = 0xffff_8000_0000_0000;

pub(crate) const FACTS: &[Fact] = &[
    ("the clock that only goes forward", || number(clock(syscall::CLOCK_MONOTONIC))),
    ("the clock of the day", || number(clock(syscall::CLOCK_REALTIME))),
    ("a clock that there is not", || number(clock(77))),
    ("a sleep of nothing", || {
        let [wanted, rest] = [TimeSpec::default(), TimeSpec::default()];
        let words = [address(&wanted), address(&rest), 0, 0, 0];
        number(raw::call(call::SYS_NANOSLEEP, words))
    }),
    ("a sleep for a time from where nothing is", || {
        number(raw::call(call::SYS_NANOSLEEP, [NOWHERE, 0, 0, 0, 0]))
    }),
    ("giving way", || number(raw::call(call::SYS_YIELD, [0; 5]))),
    ("a wait for another value", || number(wait(&AtomicU32::new(1), 2, None))),
    ("a wait whose deadline is past", || number(wait(&AtomicU32::new(1), 1, Some(1)))),
    ("a wait whose deadline comes", || {
        number(wait(&AtomicU32::new(1), 1, Some(time::now_ns() + 20_000_000)))
    }),
    ("a wait that another thread ends", || {
        let word = Arc::new(AtomicU32::new(1));
        let other = Arc::clone(&word);
        let ends = move || {
            // The other one sleeps soon; a wake before that finds nobody and is made again.
            while futex::wake(&other, 1) == 0 {
                time::yield_now();
            }
        };
        let begun = beside(ends);
        format!("{begun} {}", number(wait(&word, 1, None)))
    }),
    ("a wake of nobody", || {
        number(raw::call(call::SYS_FUTEX, [WORD.as_ptr() as usize, FUTEX_WAKE, 9, 0, 0]))
    }),
    ("a wait at an address that is not even", || {
        number(raw::call(call::SYS_FUTEX, [WORD.as_ptr() as usize + 1, FUTEX_WAIT, 0, 0, 0]))
    }),
    ("a wait where nothing is mapped", || {
        number(raw::call(call::SYS_FUTEX, [0x2800_0000_0000, FUTEX_WAIT, 0, 0, 0]))
    }),
    ("a futex call of no kind", || {
        number(raw::call(call::SYS_FUTEX, [WORD.as_ptr() as usize, 99, 0, 0, 0]))
    }),
    ("a deadline from where nothing is", || {
        number(raw::call(call::SYS_FUTEX, [WORD.as_ptr() as usize, FUTEX_WAIT, 0, NOWHERE, 0]))
    }),
    ("two wakes of two sleepers wake one each", || {
        let word = Arc::new(AtomicU32::new(1));
        let (one, other) = (Arc::clone(&word), Arc::clone(&word));
        let begun = [one, other].map(|word| beside(move || _ = wait(&word, 1, None)));
        let mut woken = [0; 2];
        for count in &mut woken {
            while *count == 0 {
                *count = futex::wake(&word, 1);
                time::yield_now();
            }
        }
        format!("{begun:?} {woken:?}")
    }),
    ("a value that changed before the wait", || {
        let word = AtomicU32::new(1);
        word.store(2, Ordering::SeqCst);
        (wait(&word, 1, None).is_err()).to_string()
    }),
];

/// A word on which nobody sleeps; its value is 0.
static WORD: AtomicU32 = AtomicU32::new(0);

fn clock(which: usize) -> Result<usize> {
    let now = TimeSpec::default();
    raw::call(call::SYS_CLOCK_GETTIME, [which, address(&now), 0, 0, 0])
}

/// Waits as the kernel does it, without what `zram-rt` makes of its answers.
fn wait(word: &AtomicU32, expected: u32, deadline_ns: Option<u64>) -> Result<usize> {
    let deadline = deadline_ns.map(|at| TimeSpec::from_nanos(u128::from(at)));
    let deadline = deadline.as_ref().map_or(0, address);
    raw::call(call::SYS_FUTEX, [word.as_ptr() as usize, FUTEX_WAIT, expected as usize, deadline, 0])
}

fn address<T>(what: &T) -> usize {
    core::ptr::from_ref(what).expose_provenance()
}
