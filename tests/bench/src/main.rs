//! `make bench`: codecs, the whole engine and the local Linux zram, side by side in one run.
//!
//! `bench` measures, prints one table and writes `bench.json` and `bench.svg` to `target/`; it
//! takes the pages of `CORPUS=FILE` or of `make corpus`, and `ROUNDS=N`. `bench instructions`
//! counts instructions with callgrind. The references are C lz4 and Linux's zram with lz4 at 128
//! KiB a transfer; without zram or without root, the run says so and measures the rest.
//! `bench estimate` shows in a few seconds how well each codec compresses the pages.

#![deny(unsafe_code)]

mod chart;
mod clock;
mod contenders;
mod corpus;
mod engine;
mod estimate;
mod instructions;
mod linux;
mod memory;
mod pages;
mod report;
mod rounds;
mod subjects;
mod threads;
mod tiers;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use corpus::Corpus;
use linux::Guard;
use report::Report;
use subjects::Setting;

const USAGE: &str = "bench [instructions | estimate]";

/// Rounds, unless `ROUNDS=N` says otherwise.
const ROUNDS: usize = 21;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => measure(),
        ["instructions"] => instructions::count_all(),
        ["estimate"] => estimate::run(rounds(estimate::ROUNDS)),
        [linux::GUARD_VERB] => {
            linux::run_guard();
            Ok(())
        }
        [instructions::COUNTED, codec, direction] => instructions::run_counted(codec, direction),
        _ => Err(format!("usage: {USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("bench: {words}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything and writes the report.
fn measure() -> Result<(), String> {
    let corpus = Corpus::read()?;
    let cpus = clock::cpus();
    clock::pin(*cpus.last().ok_or("no CPU to run on")?);
    let rounds = rounds(ROUNDS);
    let mut facts = facts(&corpus, &cpus, rounds);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let has_room = memory::has_room_for_large(&meminfo);
    let run_heavy = contenders::run_heavy(&corpus.pages);
    let setting =
        Setting { pages: &corpus.pages, run_heavy: &run_heavy, cpus: &cpus, rounds, has_room };
    let guard = Guard::start()?;
    let mut missing = Vec::new();
    let rows = subjects::times(&setting, &guard, &mut missing)?;
    let growth = subjects::memory(&setting, &guard, &mut missing)?;
    if !has_room {
        missing.push("devices of 1 GiB: too little free memory".into());
    }
    facts.extend(missing.into_iter().map(|words| ("not measured", words)));
    let report = Report { facts, rows, growth };
    println!("{}", report.text());
    let folder = target_folder()?;
    let (json, svg) = (folder.join("bench.json"), folder.join("bench.svg"));
    fs::write(&json, report.json()).map_err(|error| format!("{}: {error}", json.display()))?;
    chart::draw(&report, &svg).map_err(|error| format!("{}: {error}", svg.display()))?;
    println!("{}\n{}", json.display(), svg.display());
    Ok(())
}

/// Returns `ROUNDS=N`, or `otherwise`.
fn rounds(otherwise: usize) -> usize {
    let number = env::var("ROUNDS").ok().and_then(|text| text.parse().ok());
    number.filter(|rounds| *rounds > 0).unwrap_or(otherwise)
}

/// Returns what a figure is worth nothing without.
fn facts(corpus: &Corpus, cpus: &[usize], rounds: usize) -> Vec<(&'static str, String)> {
    let line = |path: &str, start: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let found = text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        found.split_once(": ").map_or(found, |(_, value)| value).trim().to_owned()
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let pages = format!(
        "{}: {} pages, {} same-filled ones left out",
        corpus.path.display(),
        corpus.pages.len(),
        corpus.same_filled
    );
    vec![
        ("processor", format!("{}, {} CPUs", line("/proc/cpuinfo", "model name"), cpus.len())),
        ("kernel", line("/proc/sys/kernel/osrelease", "")),
        ("load average before", line("/proc/loadavg", "")),
        ("commit", commit()),
        ("unix time", now.to_string()),
        ("corpus", pages),
        ("rounds", rounds.to_string()),
    ]
}

/// Returns the commit that git names, as far as there is git.
fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}

/// Returns the folder where this program was built: `target/`, wherever that is.
fn target_folder() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let folder = program.parent().and_then(|profile| profile.parent());
    folder.map(PathBuf::from).ok_or_else(|| "this program lies in no folder".into())
}
