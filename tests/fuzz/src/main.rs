//! `make fuzz`: one target, many inputs.
//!
//! `fuzz TARGET [COUNT [SEED]]`; the seed is printed, and by default it is the time. On a panic the
//! input is written to `found/` and its number is printed.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, panic, thread};

use fuzz::{TARGETS, Target, random};

const USAGE: &str = "fuzz TARGET [COUNT [SEED]]";

/// Inputs that one thread takes at a time.
const SHARE: u64 = 1000;

/// A line is printed every so many inputs.
const REPORT: u64 = 1_000_000;

const _: () = assert!(REPORT.is_multiple_of(SHARE), "a report comes between two shares");

thread_local! {
    /// The number of the input that this thread runs.
    static NUMBER: AtomicU64 = const { AtomicU64::new(0) };
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize, default: u64| match arguments.get(index) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let target = arguments.first().and_then(|name| TARGETS.iter().find(|it| it.name == name));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (Some(target), Ok(count), Ok(seed)) = (target, number(1, 10_000_000), number(2, now))
    else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: {USAGE}\ntargets: {}", names.join(" "));
        return ExitCode::FAILURE;
    };
    println!("{}: {count} inputs, seed {seed}", target.name);
    run(*target, count, seed);
    println!("{}: nothing found", target.name);
    ExitCode::SUCCESS
}

/// Runs all inputs on as many threads as there are CPUs.
fn run(target: Target, count: u64, seed: u64) {
    keep_findings(target, seed);
    let taken = AtomicU64::new(0);
    let work = || {
        loop {
            // Relaxed: only who takes which numbers is decided.
            let first = taken.fetch_add(SHARE, Ordering::Relaxed);
            for number in first..count.min(first + SHARE) {
                NUMBER.with(|current| current.store(number, Ordering::Relaxed));
                (target.run)(&(target.input)(&mut random(seed, number)));
            }
            if first >= count {
                break;
            }
            if first.is_multiple_of(REPORT) {
                println!("{first} inputs");
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
}

/// Lets a panic write the input that caused it, made once more, to the folder of findings.
fn keep_findings(target: Target, seed: u64) {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        default(info);
        let number = NUMBER.with(|current| current.load(Ordering::Relaxed));
        let name = format!("found/{}-{seed}-{number}.bin", target.name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let input = (target.input)(&mut random(seed, number));
        let result = fs::write(&path, &input);
        eprintln!(
            "input {number} of seed {seed}, {} bytes, {}: {result:?}",
            input.len(),
            path.display()
        );
    }));
}
