//! Threads, locks, waiting and time.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use zram_rt::errno::Error;
use zram_rt::futex::{self, Mutex};
use zram_rt::{thread, time};

use crate::{Check, ensure, told};

pub(crate) const CHECKS: &[Check] = &[
    ("a mutex lets one thread in at a time", mutex_excludes),
    ("a wait ends at its deadline and not before", wait_ends_at_the_deadline),
    ("a wait for another value returns at once", wait_for_another_value_returns),
    ("a wake reaches a thread that waits", wake_reaches_the_waiter),
    ("a sleep takes at least its time", sleep_takes_its_time),
    ("the clock does not run backwards", clock_runs_forwards),
    ("a pinned thread runs on every CPU that is up", pinned_threads_run),
    ("of two threads that wake, the lower number of priority runs first", priority_orders),
    ("who holds a lock runs at the priority of who waits for it", lock_lends_priority),
    ("registers survive preemption", registers_survive),
];

const MILLISECOND_NS: u64 = 1_000_000;

fn mutex_excludes() -> Result<(), String> {
    const THREADS: usize = 6;
    const ROUNDS: usize = 5000;
    let count = Arc::new(Mutex::new([0_usize; 2]));
    let mut threads = Vec::new();
    for _ in 0..THREADS {
        let count = Arc::clone(&count);
        let body = move || {
            for _ in 0..ROUNDS {
                let mut count = count.lock();
                // Two separate steps: without the lock one of them would get lost.
                let before = count[0];
                core::hint::spin_loop();
                count[0] = before + 1;
                count[1] += 1;
            }
        };
        threads.push(thread::Builder::new("counter").spawn(body).map_err(told("spawn"))?);
    }
    threads.into_iter().for_each(thread::Thread::join);
    let found = *count.lock();
    ensure(found == [THREADS * ROUNDS; 2], &format!("counted {found:?}"))
}

fn wait_ends_at_the_deadline() -> Result<(), String> {
    let word = AtomicU32::new(7);
    let start_ns = time::now_ns();
    let deadline_ns = start_ns + 20 * MILLISECOND_NS;
    // It may return early, and is asked again then.
    let mut result = Ok(());
    while result.is_ok() {
        result = futex::wait(&word, 7, Some(deadline_ns));
    }
    let took_ms = time::since_ns(start_ns) / MILLISECOND_NS;
    ensure(result == Err(Error::new(syscall::ETIMEDOUT)), "it did not time out")?;
    ensure((20..1000).contains(&took_ms), &format!("{took_ms} ms"))
}

fn wait_for_another_value_returns() -> Result<(), String> {
    let word = AtomicU32::new(7);
    let deadline_ns = time::now_ns() + 5000 * MILLISECOND_NS;
    ensure(futex::wait(&word, 8, Some(deadline_ns)).is_ok(), "it waited")
}

fn wake_reaches_the_waiter() -> Result<(), String> {
    let word = Arc::new(AtomicU32::new(0));
    let other = Arc::clone(&word);
    let waker = move || {
        other.store(1, Ordering::Release);
        futex::wake(&other, 1);
    };
    let waker = thread::Builder::new("waker").spawn(waker).map_err(told("spawn"))?;
    let deadline_ns = time::now_ns() + 5000 * MILLISECOND_NS;
    while word.load(Ordering::Acquire) == 0 {
        futex::wait(&word, 0, Some(deadline_ns)).map_err(told("wait"))?;
    }
    waker.join();
    Ok(())
}

fn sleep_takes_its_time() -> Result<(), String> {
    let start_ns = time::now_ns();
    time::sleep_ns(15 * MILLISECOND_NS);
    let took_ms = time::since_ns(start_ns) / MILLISECOND_NS;
    ensure((15..1000).contains(&took_ms), &format!("{took_ms} ms"))
}

fn clock_runs_forwards() -> Result<(), String> {
    let mut last = time::now_ns();
    for _ in 0..2000 {
        let now = time::now_ns();
        ensure(now >= last, &format!("{now} after {last}"))?;
        last = now;
    }
    Ok(())
}

fn pinned_threads_run() -> Result<(), String> {
    let cpus = zram_rt::fs::read_text("/scheme/sys/cpu").map_err(told("sys:cpu"))?;
    let online = cpus.lines().find_map(|line| line.strip_prefix("CPUs: "));
    let online: u32 = online.and_then(|count| count.trim().parse().ok()).ok_or("no count")?;
    let ran = Arc::new(AtomicU32::new(0));
    for cpu in 0..online {
        let ran = Arc::clone(&ran);
        let body = move || {
            ran.fetch_add(1, Ordering::Relaxed);
        };
        let builder = thread::Builder::new("pinned").pinned_to(cpu).priority(25);
        builder.spawn(body).map_err(told("spawn"))?.join();
    }
    ensure(ran.load(Ordering::Relaxed) == online, "one did not run")
}

/// Two threads of CPU 0 wait for a third, which goes before both and so wakes them at one moment.
fn priority_orders() -> Result<(), String> {
    let gate = Arc::new(AtomicU32::new(0));
    let order = Arc::new(Mutex::new(Vec::new()));
    let on_first_cpu = |priority| thread::Builder::new("racer").pinned_to(0).priority(priority);
    let mut threads = Vec::new();
    for priority in [30, 10] {
        let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
        let body = move || {
            while gate.load(Ordering::Acquire) == 0 {
                // Without a deadline there is no error.
                let _ = futex::wait(&gate, 0, None);
            }
            order.lock().push(priority);
        };
        threads.push(on_first_cpu(priority).spawn(body).map_err(told("spawn"))?);
    }
    let opener = move || {
        // Both have begun to wait, unless this machine is very slow; then the order is still right.
        time::sleep_ns(20 * MILLISECOND_NS);
        gate.store(1, Ordering::Release);
        futex::wake(&gate, u32::MAX);
    };
    threads.push(on_first_cpu(1).spawn(opener).map_err(told("spawn"))?);
    threads.into_iter().for_each(thread::Thread::join);
    let found = order.lock().clone();
    ensure(found == [10, 30], &format!("{found:?}"))
}

/// On CPU 0: the last of three threads has a lock and is kept from running by the second one, until the
/// first one wants the lock.
fn lock_lends_priority() -> Result<(), String> {
    const BUSY_MS: u64 = 2000;
    let (lock, is_held) = (Arc::new(Mutex::new(())), Arc::new(AtomicU32::new(0)));
    let waited_ms = Arc::new(AtomicU32::new(u32::MAX));
    let on_first_cpu = |priority| thread::Builder::new("holder").pinned_to(0).priority(priority);
    let mut threads = Vec::new();
    let (own, tell) = (Arc::clone(&lock), Arc::clone(&is_held));
    let holder = move || {
        let guard = own.lock();
        tell.store(1, Ordering::Release);
        spin_ms(100);
        drop(guard);
    };
    threads.push(on_first_cpu(30).spawn(holder).map_err(told("spawn"))?);
    let deadline_ns = time::now_ns() + 5000 * MILLISECOND_NS;
    while is_held.load(Ordering::Acquire) == 0 && time::now_ns() < deadline_ns {
        time::sleep_ns(MILLISECOND_NS);
    }
    threads.push(on_first_cpu(25).spawn(|| spin_ms(BUSY_MS)).map_err(told("spawn"))?);
    let told_ms = Arc::clone(&waited_ms);
    let wants = move || {
        let start_ns = time::now_ns();
        drop(lock.lock());
        let took_ms = time::since_ns(start_ns) / MILLISECOND_NS;
        told_ms.store(u32::try_from(took_ms).unwrap_or(u32::MAX), Ordering::Relaxed);
    };
    threads.push(on_first_cpu(10).spawn(wants).map_err(told("spawn"))?);
    threads.into_iter().for_each(thread::Thread::join);
    let waited_ms = u64::from(waited_ms.load(Ordering::Relaxed));
    ensure(waited_ms < BUSY_MS / 2, &format!("it waited {waited_ms} ms"))
}

fn spin_ms(time_ms: u64) {
    let start_ns = time::now_ns();
    while time::since_ns(start_ns) < time_ms * MILLISECOND_NS {
        core::hint::spin_loop();
    }
}

/// Threads that compute with many live values, more of them than CPUs.
fn registers_survive() -> Result<(), String> {
    let wrong = Arc::new(AtomicU32::new(0));
    let mut threads = Vec::new();
    for number in 0..6_u32 {
        let wrong = Arc::clone(&wrong);
        let body = move || {
            let start_ns = time::now_ns();
            let first = sum(f64::from(number));
            while time::since_ns(start_ns) < 30 * MILLISECOND_NS {
                if sum(f64::from(number)).to_bits() != first.to_bits() {
                    wrong.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        threads.push(thread::Builder::new("computer").spawn(body).map_err(told("spawn"))?);
    }
    threads.into_iter().for_each(thread::Thread::join);
    let wrong = wrong.load(Ordering::Relaxed);
    ensure(wrong == 0, &format!("{wrong} sums were wrong"))
}

#[inline(never)]
fn sum(seed: f64) -> f64 {
    let mut values = [seed, 1.5, 2.25, 3.125, 4.0, 5.5, 6.75, 7.875];
    for _ in 0..20_000 {
        for (place, value) in values.iter_mut().enumerate() {
            *value = *value * 1.000_001 + place as f64;
        }
    }
    values.iter().sum()
}
