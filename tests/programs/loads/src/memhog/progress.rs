//! How far the threads are: counters, gates between the phases, one line a second.
//!
//! The page counters are statistics and Relaxed; `arrived` and `open` order the phases: Release in
//! the thread that counts or opens, Acquire in the thread that waits.

use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use guest::statistics::Statistics;
use zram_rt::{futex, println, time};

use crate::work::Plan;

const LINE_EVERY_NS: u64 = 1_000_000_000;

/// Where the threads wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Behind filling.
    Filled = 1,
    /// Behind checking.
    Checked = 2,
}

/// Shared by the threads and the one that waits for them.
pub(crate) struct Progress {
    plan: Plan,
    /// The pager's counters when the program began: they count from the start of the machine.
    before: Option<Statistics>,
    pages: AtomicU64,
    wrong: AtomicU64,
    /// How often threads have arrived at a gate.
    arrived: AtomicU32,
    /// The last gate that is open, as a number; 0 for none.
    open: AtomicU32,
}

impl Progress {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            before: Statistics::read().ok(),
            pages: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            arrived: AtomicU32::new(0),
            open: AtomicU32::new(0),
        }
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

    /// Called by each thread; returns when the gate is open.
    pub(crate) fn wait_for_gate(&self, gate: Gate) {
        self.arrived.fetch_add(1, Ordering::Release);
        futex::wake(&self.arrived, u32::MAX);
        loop {
            let open = self.open.load(Ordering::Acquire);
            if open >= gate as u32 {
                return;
            }
            // Without a deadline there is no error.
            let _ = futex::wait(&self.open, open, None);
        }
    }

    /// Opens a gate.
    pub(crate) fn open(&self, gate: Gate) {
        self.open.store(gate as u32, Ordering::Release);
        futex::wake(&self.open, u32::MAX);
    }

    /// Waits until all threads are at a gate, with a line a second.
    pub(crate) fn wait_until_all_are_at(&self, gate: Gate) {
        let threads = self.plan.threads * gate as u64;
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
        match (&self.before, Statistics::read()) {
            (Some(before), Ok(now)) => {
                let moved = |name| now.count(name).saturating_sub(before.count(name));
                let (pages_out, pages_in) = (moved("pages_out"), moved("pages_in"));
                println!("memhog: {what}, {percent:2} %, pages out {pages_out} in {pages_in}");
                if self.plan.with_figures {
                    print_sample(&now);
                }
            }
            (None, _) | (_, Err(_)) => println!("memhog: {what}, {percent:2} %"),
        }
    }
}

/// Prints what a chart over time is made of: `sample NAME VALUE ...`.
fn print_sample(now: &Statistics) {
    let milliseconds = time::now_ns() / 1_000_000;
    let names =
        ["pages_out", "pages_in", "free_bytes", "total_bytes", "page_in_p50_ns", "page_in_p99_ns"];
    let values = names.map(|name| format!(" {name} {}", now.count(name)));
    println!("sample at_ms {milliseconds}{}", values.concat());
}
