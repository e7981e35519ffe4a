//! `memhog`: fills more memory than the machine has with real pages and checks every byte of it.
//!
//! Each thread maps its share, fills it with the expanded sample (`guest::sample`), waits until all
//! have, and then goes through it in random order as often as asked, comparing each page with its
//! expected content. `--dirty` rewrites a percentage of the pages on the way, `--same-filled` makes
//! a percentage of them one repeated word. With `--report`, the program `report` runs before the
//! memory is freed, so it shows the full machine. With `--until-swapoff` no page is touched between
//! filling and the end of the last mounted area. A wrong byte is a line and exit code 1. With
//! `--figures`, lines for programs follow the lines for people.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod progress;
mod work;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use guest::options::Options;
use guest::sample::{Profile, Sample};
use guest::statistics::Statistics;
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{Error, InWords};
use zram_rt::process::Command;
use zram_rt::{eprintln, fs, println, thread, time};

use progress::{Gate, Progress};
use work::{Plan, Work};

zram_rt::entry!(main);

const HELP: &str = "memhog --size SIZE [--passes N] [--threads N] [--dirty PERCENT] [--seed N]
              [--same-filled PERCENT]
              [--report]     (runs report while the memory is still full)
              [--figures]    (also prints its numbers for programs)
              [--until-swapoff]    (checks once nothing is mounted any more)";

/// The longest wait for `--until-swapoff`; then the check begins all the same.
const HOLD_MAX_NS: u64 = 120_000_000_000;

/// More threads than this are of no use on the machines that we run.
const THREADS_MAX: u64 = 32;

/// Exit code for wrong use and for a system that refuses memory or the sample.
const CANNOT: u8 = 2;

fn main() -> u8 {
    let plan = match options() {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("memhog: {why}\nusage: {HELP}");
            return CANNOT;
        }
    };
    match run(plan) {
        Ok(0) => 0,
        Ok(_) => 1,
        Err(error) => {
            eprintln!("memhog: {}", InWords(error));
            CANNOT
        }
    }
}

fn options() -> Result<Plan, String> {
    let mut options = Options::from_args();
    let size = options.take_size("--size")?;
    let threads = options.take_size("--threads")?.unwrap_or(1);
    let passes = options.take_size("--passes")?.unwrap_or(1);
    let dirty = options.take_size("--dirty")?.unwrap_or(0);
    let same_filled = options.take_size("--same-filled")?.unwrap_or(0);
    let seed = options.take_size("--seed")?.unwrap_or(1);
    let with_report = options.take_flag("--report");
    let until_swapoff = options.take_flag("--until-swapoff");
    let with_figures = options.take_flag("--figures");
    options.end()?;
    let pages = size.ok_or("--size is missing")? / PAGE_SIZE as u64;
    if threads == 0 || threads > THREADS_MAX {
        return Err(format!("--threads {threads}: 1 to {THREADS_MAX}"));
    }
    if pages < threads {
        return Err(format!(
            "--size: each thread needs a page, {} bytes in all",
            threads * PAGE_SIZE as u64
        ));
    }
    if dirty.max(same_filled) > 100 {
        return Err(format!("{} percent: 100 are the most", dirty.max(same_filled)));
    }
    // Fewer bits of seed are enough to tell runs apart.
    let seed = seed as u32;
    Ok(Plan {
        pages,
        threads,
        passes,
        dirty_percent: dirty,
        same_filled_percent: same_filled,
        seed,
        with_report,
        until_swapoff,
        with_figures,
    })
}

/// Runs the plan; returns the number of wrong pages.
fn run(plan: Plan) -> Result<u64, Error> {
    let sample = Arc::new(Sample::load()?);
    let profile = sample.profile();
    announce(plan, profile);
    let progress = Arc::new(Progress::new(plan));
    let mut threads = Vec::new();
    for number in 0..plan.threads {
        let work = Work::new(plan, number, Arc::clone(&sample), Arc::clone(&progress))?;
        threads.push(thread::Builder::new("memhog").spawn(move || work.run())?);
    }
    let before = Snapshot::take();
    progress.wait_until_all_are_at(Gate::Filled);
    let filled = Snapshot::take();
    if plan.until_swapoff {
        wait_for_swapoff();
    }
    progress.open(Gate::Filled);
    progress.wait_until_all_are_at(Gate::Checked);
    let after = Snapshot::take();
    let wrong = progress.wrong();
    let moved = tell(plan, wrong, [before, filled, after]);
    if plan.with_report {
        // What comes of it is for people to read.
        let report = Command::new("/bin/report");
        let report = if plan.with_figures { report.argument("--figures") } else { report };
        let _ = report.spawn()?.wait();
    }
    if plan.with_figures {
        print_figures(plan, profile, wrong, moved);
    }
    progress.open(Gate::Checked);
    threads.into_iter().for_each(thread::Thread::join);
    Ok(wrong)
}

/// Leaves the memory untouched until no area is mounted: what was pushed out stays out until then.
fn wait_for_swapoff() {
    let start_ns = time::now_ns();
    // The first line is the head of the table.
    let is_mounted = || fs::read_text("/scheme/swap/areas").is_ok_and(|it| it.lines().count() > 1);
    while is_mounted() && time::since_ns(start_ns) < HOLD_MAX_NS {
        time::sleep_ns(20_000_000);
    }
}

fn announce(plan: Plan, profile: Profile) {
    let mib = (plan.pages * PAGE_SIZE as u64) >> 20;
    println!(
        "memhog: {mib} MiB in {} pages, {}, {}, seed {}",
        plan.pages,
        counted(plan.threads, "thread", "threads"),
        counted(plan.passes, "pass", "passes"),
        plan.seed
    );
    let (same, ratio) = (profile.same_filled_percent_x100(), profile.ratio_x100());
    println!(
        "memhog: sample of {} pages: {} % same-filled, ratio {} by lz4",
        profile.pages,
        hundredths(same as u64),
        hundredths(ratio as u64)
    );
}

/// Counters of the pager, and when they were read.
#[derive(Clone, Copy)]
struct Snapshot {
    at_ns: u64,
    pages_out: u64,
    pages_in: u64,
}

impl Snapshot {
    fn take() -> Self {
        let (pages_out, pages_in) = match Statistics::read() {
            Ok(statistics) => (statistics.count("pages_out"), statistics.count("pages_in")),
            // Without a pager nothing moves.
            Err(_) => (0, 0),
        };
        Self { at_ns: time::now_ns(), pages_out, pages_in }
    }

    fn since(self, start: Self) -> Self {
        Self {
            at_ns: self.at_ns.saturating_sub(start.at_ns),
            pages_out: self.pages_out.saturating_sub(start.pages_out),
            pages_in: self.pages_in.saturating_sub(start.pages_in),
        }
    }
}

/// What was moved in all, and how fast.
#[derive(Clone, Copy)]
struct Moved {
    pages_out: u64,
    pages_in: u64,
    /// While filling.
    out_per_s: u64,
    /// While checking.
    in_per_s: u64,
}

/// Tells people how it went.
fn tell(plan: Plan, wrong: u64, [before, filled, after]: [Snapshot; 3]) -> Moved {
    let (filling, checking, all) = (filled.since(before), after.since(filled), after.since(before));
    let out_per_s = per_second(filling.pages_out, filling.at_ns);
    let in_per_s = per_second(checking.pages_in, checking.at_ns);
    println!(
        "memhog: filled in {}: {} pages out, {out_per_s} a second",
        seconds(filling.at_ns),
        filling.pages_out
    );
    println!(
        "memhog: checked every byte, {} in {}: {} pages in, {in_per_s} a second",
        counted(plan.passes, "pass", "passes"),
        seconds(checking.at_ns),
        checking.pages_in
    );
    let verdict = match wrong {
        0 => String::from("every byte was right"),
        _ => counted(wrong, "page was wrong", "pages were wrong"),
    };
    println!("memhog: {} pages out and {} in; {verdict}", all.pages_out, all.pages_in);
    Moved { pages_out: all.pages_out, pages_in: all.pages_in, out_per_s, in_per_s }
}

fn print_figures(plan: Plan, profile: Profile, wrong: u64, moved: Moved) {
    for (name, value) in [
        ("size_bytes", plan.pages * PAGE_SIZE as u64),
        ("passes", plan.passes),
        ("errors", wrong),
        ("pages_out", moved.pages_out),
        ("pages_in", moved.pages_in),
        ("out_per_s", moved.out_per_s),
        ("in_per_s", moved.in_per_s),
    ] {
        println!("figure {name} {value}");
    }
    let same = profile.same_filled_percent_x100() as u64;
    println!("figure sample_same_filled_percent {}", hundredths(same));
    println!("figure sample_ratio {}", hundredths(profile.ratio_x100() as u64));
}

fn per_second(count: u64, duration_ns: u64) -> u64 {
    let exact = u128::from(count) * 1_000_000_000 / u128::from(duration_ns.max(1));
    u64::try_from(exact).unwrap_or(u64::MAX)
}

/// Returns a duration in seconds, with one decimal.
fn seconds(duration_ns: u64) -> String {
    format!("{}.{} s", duration_ns / 1_000_000_000, duration_ns / 100_000_000 % 10)
}

/// Returns a number with what it counts.
fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Returns a number of hundredths as people write it.
fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}
