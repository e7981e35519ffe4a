//! `make run`, `make demo`: a program larger than the machine's memory, and the cost of running it.
//!
//! The image swaps from its start (with `CONF=none` the shell's script below sets a device up by
//! writes to its files); the script shows this, runs `memhog` and prints the reports. The guest's
//! output is shown as it comes; its figures go to `target/demo.json`, their course over time to
//! `target/demo.svg`. A run that swapped nothing shows nothing, and is a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use qemu::budget::Budget;
use qemu::chart::{self, Line, Panel};
use qemu::corpus::{self, Profile};
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::judge::{self, Figures, Sample};
use qemu::machine::{Limits, Machine, Threading};
use qemu::place;

use super::settings::{self, Settings};

/// A run takes about a minute on a quiet machine.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(1200), silence: Duration::from_secs(120) };

/// Runs the demo; the exit code is the guest's verdict.
pub(crate) fn run() -> Result<(), String> {
    let started = Instant::now();
    let settings = Settings::from_environment()?;
    let sample = corpus::wanted()?;
    let profile = Profile::of(&corpus::read(&sample)?);
    println!("sample {}: {}", shown(&sample), profile.summary());
    if let Some(oddity) = profile.oddity() {
        println!("  {oddity}");
    }
    let size_mib = fitting_size(settings.memory_mib, profile)?;
    let configuration = settings::configuration()?;
    println!("building the kernel and the programs, then the image");
    let script = script(settings, size_mib, configuration.is_some());
    let contents = Contents {
        build: Build::Release,
        corpus: &sample,
        script: Some(&script),
        configuration: configuration.as_deref(),
        daemon: DAEMON,
    };
    let image = Image::pack("demo", contents)?;
    let machine = Machine {
        memory_mib: settings.memory_mib,
        cpus: settings.cpus,
        threading: Threading::Multi,
        command_line: String::new(),
    };
    let plural = if settings.cpus == 1 { "" } else { "s" };
    println!("booting {} MiB and {} CPU{plural} under QEMU\n", settings.memory_mib, settings.cpus);
    let ended = machine
        .run(&image, LIMITS, &mut |line, _| show(line))
        .map_err(|failed| format!("\nthe demo failed: {}", failed.why))?;
    let figures = judge::figures(&ended.log);
    let file = written("demo.json", &judge::to_json(&figures))?;
    let samples: Vec<Sample> = ended.log.lines().filter_map(judge::sample).collect();
    let chart = written("demo.svg", &chart::svg(&samples, &panels()))?;
    if !ended.succeeded() {
        return Err(format!("\nthe demo failed: QEMU's status is {:?}", ended.status));
    }
    has_swapped(&figures, size_mib)?;
    println!(
        "\nall of it was right; {:.0} s under QEMU, {:.0} s in all; figures: {}, over time: {}",
        ended.elapsed.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        shown(&file),
        shown(&chart)
    );
    println!("make shell boots the same image with a prompt");
    Ok(())
}

/// Checks that the run has shown anything: pages left memory, and came back.
fn has_swapped(figures: &Figures, size_mib: u32) -> Result<(), String> {
    let count = |name| figures.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    match (count("pages_out"), count("pages_in")) {
        (1.., 1..) => Ok(()),
        (out, back) => Err(format!(
            "\nevery byte was right, but {out} pages went out and {back} came back: {size_mib} MiB had room \
             in memory, so this run shows nothing of zram"
        )),
    }
}

fn written(name: &str, text: &str) -> Result<PathBuf, String> {
    let file = place::under_target(name)?;
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// Returns what is drawn over time.
fn panels() -> Vec<Panel<'static>> {
    vec![
        Panel {
            title: "memory, MiB",
            lines: vec![
                Line {
                    name: "in use",
                    value: &|it| mib(it.get("total_bytes")? - it.get("free_bytes")?),
                },
                Line { name: "all", value: &|it| mib(*it.get("total_bytes")?) },
            ],
        },
        Panel {
            title: "pages since the start, thousands",
            lines: vec![
                Line { name: "out", value: &|it| Some(it.get("pages_out")? / 1e3) },
                Line { name: "in", value: &|it| Some(it.get("pages_in")? / 1e3) },
            ],
        },
        Panel {
            title: "page-in latency since the start, microseconds",
            lines: vec![
                Line { name: "p50", value: &|it| Some(it.get("page_in_p50_ns")? / 1e3) },
                Line { name: "p99", value: &|it| Some(it.get("page_in_p99_ns")? / 1e3) },
            ],
        },
    ]
}

fn mib(bytes: f64) -> Option<f64> {
    Some(bytes / f64::from(1 << 20))
}

/// Shows what people read; figures and samples are for the files.
fn show(line: &str) {
    if judge::figure(line).is_none() && judge::sample(line).is_none() {
        println!("{line}");
    }
}

/// Returns a path as it is from the workspace, where the reader is.
fn shown(path: &Path) -> String {
    path.strip_prefix(place::root()).unwrap_or(path).display().to_string()
}

/// Returns twice the memory, or the largest size that the sample allows.
fn fitting_size(memory_mib: u32, profile: Profile) -> Result<u32, String> {
    let wanted_mib = 2 * memory_mib;
    let budget = Budget::new(memory_mib, profile);
    let largest_mib = budget.largest_mib();
    if largest_mib >= wanted_mib {
        return Ok(wanted_mib);
    }
    println!("the sample compresses too badly for {wanted_mib} MiB in {memory_mib} MiB:");
    println!("  {}", budget.arithmetic(wanted_mib));
    if largest_mib == 0 {
        return Err("nothing fits".to_owned());
    }
    println!("  using {largest_mib} MiB");
    Ok(largest_mib)
}

fn script(settings: Settings, size_mib: u32, is_configured: bool) -> String {
    let (memory, threads) = (settings.memory_mib, settings.cpus);
    let disksize = 2 * memory.max(size_mib);
    let setup = match is_configured {
        true => "cat /etc/zram.conf\n".to_owned(),
        false => format!(
            "echo > zram:control/hot_add\n\
             echo lz4 > zram:0/comp_algorithm\n\
             echo {disksize}M > zram:0/disksize\n\
             swapon zram:0\n"
        ),
    };
    format!(
        "{setup}\
         swapon\n\
         free -m\n\
         memhog --size {size_mib}M --passes 1 --threads {threads} --report --figures\n\
         zramctl\n"
    )
}

#[cfg(test)]
mod tests {
    use qemu::judge::figures;

    use super::has_swapped;

    #[test]
    fn a_run_that_swapped_nothing_is_a_failure_that_says_so() {
        let swapped = figures("figure pages_out 5\nfigure pages_in 3\n");
        assert_eq!(has_swapped(&swapped, 512), Ok(()));
        for log in ["", "figure pages_out 0\nfigure pages_in 0\n", "figure pages_out 5\n"] {
            let refusal = has_swapped(&figures(log), 200).expect_err("it shows nothing");
            assert!(refusal.contains("shows nothing of zram"), "{refusal}");
        }
    }
}
