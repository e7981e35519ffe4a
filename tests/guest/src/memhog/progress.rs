//! How far the threads are: counters, a gate between filling and checking, one line a second.
//!
//! The page counters are statistics and Relaxed; `arrived` and `gate` order the phases: Release in
//! whoever counts or opens, Acquire in whoever waits.

use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use guest::statistics::Statistics;
use zram_rt::{futex, println, time};

use crate::work::Plan;

const LINE_EVERY_NS: u64 = 1_000_000_000;

/// Shared by the threads and the one that waits for them.
pub(crate) struct Progress {
    plan: Plan,
    pages: AtomicU64,
    wrong: AtomicU64,
    /// Threads that have filled, then (past the number of threads) those that have checked.
    arrived: AtomicU32,
    gate: AtomicU32,
}

impl Progress {
    pub(crate) fn new(plan: Plan) -> Self {
        let (arrived, gate) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { plan, pages: AtomicU64::new(0), wrong: AtomicU64::new(0), arrived, gate }
    }

    /// Counts a page that was filled or checked.
    pub(crate) fn page_done(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a page that held something else.
    pub(crate) fn page_wrong(&self) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many pages held something else.
    pub(crate) fn wrong(&self) -> u64 {
        self.wrong.load(Ordering::Relaxed)
    }

    /// Called by each thread when it has checked everything.
    pub(crate) fn thread_done(&self) {
        self.arrived.fetch_add(1, Ordering::Release);
        futex::wake(&self.arrived, u32::MAX);
    }

    /// Called by each thread when it has filled its share; returns after [`Progress::let_go`].
    pub(crate) fn wait_for_the_others(&self) {
        self.thread_done();
        while self.gate.load(Ordering::Acquire) == 0 {
            // Without a deadline there is no error.
            let _ = futex::wait(&self.gate, 0, None);
        }
    }

    /// Opens the gate between filling and checking.
    pub(crate) fn let_go(&self) {
        self.gate.store(1, Ordering::Release);
        futex::wake(&self.gate, u32::MAX);
    }

    /// Waits until all have filled, with a line a second.
    pub(crate) fn wait_until_filled(&self) {
        self.wait_until_arrived(self.plan.threads);
    }

    /// Waits until all have checked, with a line a second.
    pub(crate) fn wait_until_checked(&self) {
        self.wait_until_arrived(2 * self.plan.threads);
    }

    fn wait_until_arrived(&self, threads: u64) {
        let mut next_ns = time::now_ns().saturating_add(LINE_EVERY_NS);
        loop {
            let arrived = self.arrived.load(Ordering::Acquire);
            if u64::from(arrived) >= threads {
                return;
            }
            // The only error is the deadline.
            if futex::wait(&self.arrived, arrived, Some(next_ns)).is_err() {
                self.print_line();
                next_ns = time::now_ns().saturating_add(LINE_EVERY_NS);
            }
        }
    }

    fn print_line(&self) {
        let Plan { pages, passes, .. } = self.plan;
        let done = self.pages.load(Ordering::Relaxed);
        let percent = done % pages * 100 / pages;
        let what = match done.checked_sub(pages) {
            None => String::from("filling"),
            Some(checked) => format!("pass {} of {passes}", checked / pages + 1),
        };
        match Statistics::read() {
            Ok(now) => println!(
                "memhog: {what}, {percent:2} %, pages out {} in {}",
                now.count("pages_out"),
                now.count("pages_in")
            ),
            Err(_) => println!("memhog: {what}, {percent:2} %"),
        }
    }
}
