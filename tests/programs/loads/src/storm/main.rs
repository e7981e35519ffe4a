//! `storm`: everything that changes devices, at the same time, again and again.
//!
//! Two [`client`]s add a device each, use it, mount it and remove it; [`cpus`] takes CPUs offline
//! and back; and the first thread ends the daemon and starts it again ([`daemon`]), while `memhog`
//! fills memory and checks every byte before each end. Each call site lists the errors that are
//! allowed there; any other is a finding, which ends the storm with a line and exit code 1. The
//! clients' own pages are checked as well. At the end everything that was added is gone, and the
//! daemon's last lines say so.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod client;
mod cpus;
mod daemon;
mod finding;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use guest::options::Options;
use zram_rt::{eprintln, println, thread, time};

use client::Client;
use finding::{Finding, Storm};

zram_rt::entry!(main);

const HELP: &str =
    "storm --seconds N --size SIZE [--seed N] [--figures]\n    (SIZE: of memhog, more than fits)";

/// Threads that add and remove devices; each has its own number.
const CLIENTS: u32 = 2;

const NS_PER_S: u64 = 1_000_000_000;

/// Exit code for wrong use.
const CANNOT: u8 = 2;

/// What was asked for.
#[derive(Clone, Copy)]
struct Plan {
    seconds: u64,
    size_bytes: u64,
    seed: u64,
    with_figures: bool,
}

fn main() -> u8 {
    let plan = match options() {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("storm: {why}\nusage: {HELP}");
            return CANNOT;
        }
    };
    let storm = Arc::new(Storm::new());
    if let Err(finding) = run(plan, &storm) {
        storm.note(finding);
    }
    match storm.finding() {
        None => 0,
        Some(finding) => {
            eprintln!("storm: {finding}");
            1
        }
    }
}

fn options() -> Result<Plan, String> {
    let mut options = Options::from_args();
    let seconds = options.take_size("--seconds")?.ok_or("--seconds is missing")?;
    let size_bytes = options.take_size("--size")?.ok_or("--size is missing")?;
    let seed = options.take_size("--seed")?.unwrap_or(1);
    let with_figures = options.take_flag("--figures");
    options.end()?;
    Ok(Plan { seconds, size_bytes, seed, with_figures })
}

fn run(plan: Plan, storm: &Arc<Storm>) -> Result<(), Finding> {
    println!("storm: {} s, seed {}", plan.seconds, plan.seed);
    let mut threads = Vec::new();
    for number in 1..=CLIENTS {
        let client = Client::new(number, plan.seed, Arc::clone(storm));
        threads.push(start("client", move || client.run())?);
    }
    let toggled = Arc::clone(storm);
    threads.push(start("cpus", move || cpus::run(&toggled, plan.seed))?);
    let result = rounds(plan, storm);
    storm.stop();
    threads.into_iter().for_each(thread::Thread::join);
    result?;
    if storm.finding().is_none() {
        daemon::end(storm)?;
        storm.tell(plan.with_figures);
    }
    Ok(())
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<thread::Thread, Finding> {
    thread::Builder::new(name).spawn(body).map_err(|error| Finding::of("start a thread", error))
}

/// Fills memory, ends the daemon and starts it again until the time is over.
fn rounds(plan: Plan, storm: &Storm) -> Result<(), Finding> {
    let end_ns = time::now_ns().saturating_add(plan.seconds.saturating_mul(NS_PER_S));
    let mut round = 0;
    while time::now_ns() < end_ns && storm.goes_on() {
        if round > 0 {
            daemon::start()?;
        }
        daemon::serve(storm, plan.size_bytes, plan.seed + round)?;
        daemon::end(storm)?;
        round += 1;
    }
    // So that the clients can take their devices away in order.
    daemon::start()
}
