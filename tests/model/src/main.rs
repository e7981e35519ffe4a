//! `make model`: shows that the checker finds Linux's races, explores our lifecycle with it, and writes
//! `target/model.json`.
//!
//! `model NAME` explores the run of that name alone, `model long` larger ones too. The exit code is
//! 1 if a property is broken, a state that should be possible was never seen, or a known race was
//! not found.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use model::bounds::Bounds;
use model::explore::explore;
use model::linux::{Order, Race, Search, paths_of, search};
use model::report::{self, Found};

fn main() -> ExitCode {
    let known = || Bounds::ALL.into_iter().chain(Bounds::LONG);
    let (runs, is_whole): (Vec<Bounds>, bool) = match env::args().nth(1).as_deref() {
        None => (Bounds::ALL.to_vec(), true),
        Some("long") => (known().collect(), true),
        Some(name) => (known().filter(|bounds| bounds.name == name).collect(), false),
    };
    if runs.is_empty() {
        let names: Vec<_> = known().map(|bounds| bounds.name).collect();
        eprintln!("there is no run of that name; there are {}, and long for all", names.join(", "));
        return ExitCode::FAILURE;
    }
    let races = old_races();
    println!("zram:, the daemon's own core in every interleaving:\n");
    let mut reports = Vec::new();
    for bounds in &runs {
        let report = explore(*bounds);
        println!("{}", report::text(&report));
        reports.push(report);
    }
    let left_out = known().filter(|bounds| !runs.contains(bounds)).map(|bounds| bounds.name);
    let left_out: Vec<_> = left_out.collect();
    println!("{}", report::total(&reports));
    if !left_out.is_empty() {
        println!("not explored now: {}", left_out.join(", "));
    }
    let file = target().join("model.json");
    if let Err(error) = fs::write(&file, report::json(&reports, &races)) {
        eprintln!("{}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    println!("written: {}", file.display());
    let is_clean = reports.iter().all(|report| report.broken.is_empty());
    let has_all = races.len() == Race::ALL.len();
    let has_seen = !is_whole || report::unseen(&reports).is_empty();
    if is_clean && has_all && has_seen { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns where cargo builds, as `make` has it.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Looks for the known races where they are known to be, and prints them.
fn old_races() -> Vec<Found> {
    let mut found = Vec::new();
    for race in Race::ALL {
        let (order, place) = match race {
            Race::R1 | Race::R2 | Race::R3 | Race::R4 => (Order::Old, "Linux 5.15"),
            Race::Deadlock => (Order::Flag, "the first fix"),
        };
        let Search { states, interleaving } = search(order, race, &paths_of(race));
        match interleaving {
            Some(interleaving) => {
                let (name, words) = (race.name(), race.words());
                println!("{place}, {name}: {words} ({states} states)\n\n{interleaving}");
                found.push(Found { name, order: place, interleaving });
            }
            None => println!("{place}: {} was NOT found in {states} states", race.name()),
        }
    }
    found
}
