//! `make soak SECONDS=N`: the storms of `make test`, for longer and from other seeds.
//!
//! Boots of at most two minutes each come first. Then machines of all sizes are each filled beyond
//! their memory, checked, swapped off and reset, as many as the same time allows; then random
//! histories of the actor and random runs of pager, daemon and engine in one process, in
//! proportion. The first failure ends the run, with the seed that repeats it. The seed also says
//! which size comes first. The guest is built as in `make test`, with assertions and overflow
//! checks.
//!
//! `make soak MEM=128,256 CPUS=1,8 SAMPLE=random` fills just these machines, and
//! `make soak HOSTILE=1..100` boots machines for hostile programs of these seeds ([`machines`]).

use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qemu::corpus;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::judge;
use qemu::machine::{Limits, Machine, Threading};
use qemu::place;

mod machines;

/// Without `SECONDS`.
const SECONDS: u64 = 300;

/// One boot: the log of a longer one is more than anybody reads.
const BOOT_SECONDS_MAX: u64 = 120;

/// As in `make test`.
const CPUS: u32 = 4;
const MEMORY_MIB: u32 = 128;
const SIZE: &str = "150M";

/// Histories and runs for each second asked for: each takes about a millisecond and a tenth.
const HISTORIES_PER_S: u64 = 100;
const RUNS_PER_S: u64 = 1;

/// Silence is no finding before this: a guest prints some times a second.
const SILENCE: Duration = Duration::from_secs(120);

/// Runs everything for the time that `SECONDS` says.
///
/// # Errors
///
/// In words, what went wrong first, with its log or seed.
pub(crate) fn run() -> Result<(), String> {
    if machines::run_chosen()? {
        return Ok(());
    }
    let seconds = number("SECONDS")?.unwrap_or(SECONDS);
    let first_seed = number("SEED")?.unwrap_or_else(clock_seed);
    storms(seconds, first_seed)?;
    machines::run_all(seconds, first_seed)?;
    let histories = (seconds * HISTORIES_PER_S).to_string();
    println!("{histories} histories of the actor, seed {first_seed}");
    let histories = [("HISTORIES", histories), ("SEED", first_seed.to_string())];
    tests(&["test", "-p", "model", "--test", "linearizable"], &histories)?;
    let end = first_seed + seconds * RUNS_PER_S;
    println!("pager, daemon and engine in one process, seeds {first_seed} to {end}");
    let seeds = [("ZRAM_SEEDS", format!("{first_seed}..{end}"))];
    tests(&["test", "-p", "system", "storm"], &seeds)?;
    println!("{seconds} s of storm, and nothing was wrong");
    Ok(())
}

fn storms(seconds: u64, first_seed: u64) -> Result<(), String> {
    let sample = corpus::wanted()?;
    let mut left = seconds;
    for seed in first_seed.. {
        let part = left.min(BOOT_SECONDS_MAX);
        if part == 0 {
            break;
        }
        println!("storm of {part} s on {CPUS} CPUs, seed {seed}");
        let script = format!("storm --seconds {part} --size {SIZE} --seed {seed} --figures\n");
        let contents = Contents {
            build: Build::Checked,
            corpus: &sample,
            script: Some(&script),
            configuration: None,
            daemon: DAEMON,
        };
        println!("{}", storm(&Image::pack("soak", contents)?, part)?);
        left -= part;
    }
    Ok(())
}

/// Boots once; returns what was counted.
fn storm(image: &Image, seconds: u64) -> Result<String, String> {
    let machine = Machine {
        memory_mib: MEMORY_MIB,
        cpus: CPUS,
        threading: Threading::Multi,
        command_line: String::new(),
    };
    // The last round may begin at the end of its time.
    let limits = Limits { total: Duration::from_secs(2 * seconds + 300), silence: SILENCE };
    let ended = machine.run(image, limits, &mut |_, _| ()).map_err(|failed| failed.to_string())?;
    if !ended.succeeded() {
        return Err(format!("the guest failed:\n{}", ended.log));
    }
    let figures = judge::figures(&ended.log);
    let count = |name: &str| figures.get(name).map_or("-", String::as_str).to_owned();
    Ok(format!(
        "  {} devices added, {} mounted, {} removed; {} ends of the daemon; {} CPU cycles, p50 {} us",
        count("devices_added"),
        count("devices_mounted"),
        count("devices_removed"),
        count("exits_accepted"),
        count("cpu_cycles"),
        count("cpu_cycle_p50_us"),
    ))
}

fn tests(arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(place::root()).args(arguments);
    cargo.envs(variables.iter().map(|(name, value)| (name, value)));
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo did not start: {error}")),
    }
}

/// Other seeds each time, and few enough digits to type again.
fn clock_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| since.as_secs() % 1_000_000)
}

fn number(name: &str) -> Result<Option<u64>, String> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => match u64::from_str(&text) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("{name}={text}: not a number")),
        },
        Ok(_) | Err(_) => Ok(None),
    }
}
