//! `make bench-guest`: the cost of the path of a page, for 1 and 2 CPUs, in time and in
//! instructions.
//!
//! Each column is the median of some boots on single-threaded emulation, where times are steadier;
//! only what CPU hotplug costs is measured with a host thread for each CPU. In the columns of
//! instructions guest time counts them, one a nanosecond, so one boot is enough: they are the same
//! on every host, and compare with Linux's in the same QEMU.
//! What the guest prints as figures is measured by its own clock; the time from power-on to swap
//! ready is the host's, from the start of QEMU to the guest's line. Times under emulation compare
//! with each other (the codec's loop runs in the same boot), not with real machines.
//!
//! `COUNTED=1` boots once, one CPU, and only counts instructions: of the parts of the path, of page-ins
//! while eight threads fault, and of a compaction after them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use qemu::corpus::{self, Profile};
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::judge::{self, Figures};
use qemu::machine::{Limits, Machine, QEMU, Threading};

/// A boot with its measurements takes about half a minute.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(600), silence: Duration::from_secs(120) };

/// Boots for each column; the median is printed.
const ROUNDS: usize = 3;

/// A column of the table: the machine that it was measured on.
#[derive(Clone, Copy)]
struct Column {
    cpus: u32,
    threading: Threading,
}

/// What is compared: CPUs, and what the guest's clock counts.
const COLUMNS: [Column; 4] = [
    Column { cpus: 1, threading: Threading::Single },
    Column { cpus: 2, threading: Threading::Single },
    Column { cpus: 1, threading: Threading::Counted },
    Column { cpus: 2, threading: Threading::Counted },
];

const MEMORY_MIB: u32 = 256;

/// The guest's shell prints this line when `swapon` has succeeded.
const READY: &str = "swap ready";

/// Our name for the one figure that the guest does not know.
const READY_FIGURE: &str = "swap_ready_ns";

/// What is run in the guest.
const SCRIPT: &str = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
swapon zram:0
echo swap ready
bench --figures
memhog --size 384M --passes 1 --threads 1 --report --figures
";

/// What `COUNTED=1` runs, on [`CROWD_MIB`]: the parts of the path alone, page-ins that wait behind
/// a program's eight threads on one CPU, and a compaction of another device.
const COUNTED_SCRIPT: &str = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
swapon zram:0
bench --figures
memhog --size 160M --passes 2 --threads 8
cat swap:stat
echo id=1 disksize=64M > zram:control/hot_add
cost zram:1 compaction
";

/// The eight threads want a quarter more than this.
const CROWD_MIB: u32 = 128;

/// What is run to send a CPU away and back while pages go both ways.
const HOTPLUG_SCRIPT: &str = "\
echo > zram:control/hot_add
echo 512M > zram:0/disksize
swapon zram:0
memhog --size 320M --passes 3 --threads 2 &
until pages_in 4000
hotplug --cycles 100 --figures
wait
";

/// What the guest prints of that, in microseconds.
const HOTPLUG_FIGURES: [&str; 3] = ["hotplug_p50_us", "hotplug_p90_us", "hotplug_worst_us"];

/// How a figure is shown.
#[derive(Clone, Copy)]
enum Unit {
    /// Nanoseconds, shown as micro- or milliseconds.
    Time,
    /// Events in a second.
    Rate,
    /// A part of a whole, shown in percent.
    Share,
}

/// What is printed, in its order: what it is, the guest's name for it, its unit.
const ROWS: [(&str, &str, Unit); 16] = [
    ("power-on to swap ready", READY_FIGURE, Unit::Time),
    ("null system call", "null_syscall_ns", Unit::Time),
    ("two threads, there and back", "thread_round_trip_ns", Unit::Time),
    ("hand-off round trip", "handoff_ns", Unit::Time),
    ("empty scheme request", "scheme_request_ns", Unit::Time),
    ("pages out, 1/s", "out_per_s", Unit::Rate),
    ("pages in, 1/s", "in_per_s", Unit::Rate),
    ("page-in p50", "page_in_p50_ns", Unit::Time),
    ("page-in p90", "page_in_p90_ns", Unit::Time),
    ("page-in p99", "page_in_p99_ns", Unit::Time),
    ("page-out, a page", "page_out_ns", Unit::Time),
    ("copy of a page", "memcpy_page_ns", Unit::Time),
    ("codec alone: compress", "codec_compress_ns", Unit::Time),
    ("codec alone: decompress", "codec_decompress_ns", Unit::Time),
    ("metadata of what is stored", "metadata_share", Unit::Share),
    ("ratio", "ratio", Unit::Rate),
];

/// Quotients that have an aim: what, of, by, aim.
const RATIOS: [(&str, &str, &str, &str); 2] = [
    ("page-in p50 / decompress", "page_in_p50_ns", "codec_decompress_ns", "<= 4.0"),
    ("page-out / compress", "page_out_ns", "codec_compress_ns", "<= 1.7"),
];

/// Runs the benchmark and prints the table.
pub(crate) fn run() -> Result<(), String> {
    let sample = corpus::wanted()?;
    if std::env::var_os("COUNTED").is_some_and(|value| !value.is_empty()) {
        return run_counted(&sample);
    }
    println!("sample: {}", Profile::of(&corpus::read(&sample)?).summary());
    println!("building the kernel and the programs, then the image");
    let image = Image::pack(
        "bench",
        Contents {
            build: Build::Release,
            corpus: &sample,
            script: Some(SCRIPT),
            configuration: None,
            daemon: DAEMON,
        },
    )?;
    let hotplug = Contents {
        build: Build::Release,
        corpus: &sample,
        script: Some(HOTPLUG_SCRIPT),
        configuration: None,
        daemon: DAEMON,
    };
    let hotplug = Image::pack("bench-hotplug", hotplug)?;
    // All columns in each round, so that a busy while of the host disturbs them alike.
    let mut boots = COLUMNS.map(|_| Vec::new());
    let mut hotplugs = Vec::new();
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}: {} boots", COLUMNS.len() + 1);
        for (column, boots) in COLUMNS.iter().zip(&mut boots) {
            if column.threading != Threading::Counted || round == 1 {
                boots.push(boot(&image, *column)?);
            }
        }
        hotplugs.push(boot(&hotplug, Column { cpus: 2, threading: Threading::Multi })?);
    }
    let headings = COLUMNS.map(|Column { cpus, threading }| match threading {
        Threading::Counted => format!("{cpus}, counted"),
        Threading::Multi | Threading::Single => format!("{cpus}"),
    });
    let columns: Vec<(String, Figures)> =
        headings.into_iter().zip(boots.iter().map(|boots| medians(boots))).collect();
    println!("\n{}\n{}", host(), table(&columns));
    println!("\n{}", hotplug_lines(&hotplugs));
    Ok(())
}

/// Boots one CPU whose time counts instructions, and prints what the guest says of its own path.
fn run_counted(sample: &Path) -> Result<(), String> {
    let contents = Contents {
        build: Build::Release,
        corpus: sample,
        script: Some(COUNTED_SCRIPT),
        configuration: None,
        daemon: DAEMON,
    };
    let image = Image::pack("bench-counted", contents)?;
    let (log, _) =
        boot_for_log(&image, Column { cpus: 1, threading: Threading::Counted }, CROWD_MIB)?;
    println!("1 CPU, {CROWD_MIB} MiB, 1 ns is an instruction");
    let is_figure = |line: &&str| {
        line.starts_with("cost: ")
            || ROWS.iter().any(|(_, figure, _)| line.contains(&format!("{figure} ")))
    };
    log.lines().filter(is_figure).for_each(|line| println!("  {line}"));
    Ok(())
}

/// Returns what sending a CPU away and back cost in each boot: they differ more than a median shows.
fn hotplug_lines(boots: &[Figures]) -> String {
    let mut lines = vec![
        "CPU 1 of 2 offline and online 100 times while pages go both ways, a host thread a CPU;"
            .into(),
        "ms that half, nine tenths and all cycles of a boot took at most (aim: half < 10):"
            .to_owned(),
    ];
    lines.extend(boots.iter().map(|figures| {
        let cell = |name: &&str| match value(figures, name) {
            Some(us) => format!("{:>10.2}", us / 1000.0),
            None => format!("{:>10}", "-"),
        };
        HOTPLUG_FIGURES.iter().map(cell).collect()
    }));
    lines.join("\n")
}

fn boot(image: &Image, column: Column) -> Result<Figures, String> {
    let (log, ready) = boot_for_log(image, column, MEMORY_MIB)?;
    let mut figures = judge::figures(&log);
    if let Some(ready) = ready {
        figures.insert(READY_FIGURE.to_owned(), ready.as_nanos().to_string());
    }
    Ok(figures)
}

/// Boots once; returns what was said, and when swap was ready if that was.
fn boot_for_log(
    image: &Image,
    Column { cpus, threading }: Column,
    memory_mib: u32,
) -> Result<(String, Option<Duration>), String> {
    let machine = Machine { memory_mib, cpus, threading, command_line: String::new() };
    let mut ready = None;
    let ended = machine
        .run(image, LIMITS, &mut |line, since_start| {
            if line == READY {
                ready.get_or_insert(since_start);
            }
        })
        .map_err(|failed| failed.to_string())?;
    if !ended.succeeded() {
        return Err(format!("the guest failed:\n{}", ended.log));
    }
    Ok((ended.log, ready))
}

/// Returns for each figure of the first boot the median of all boots that have it.
fn medians(boots: &[Figures]) -> Figures {
    let names = boots.first().into_iter().flat_map(Figures::keys);
    names
        .filter_map(|name| {
            let values = boots.iter().filter_map(|boot| boot.get(name)?.parse::<f64>().ok());
            let mut values: Vec<f64> = values.collect();
            values.sort_by(f64::total_cmp);
            Some((name.clone(), values.get(values.len() / 2)?.to_string()))
        })
        .collect()
}

fn value(figures: &Figures, name: &str) -> Option<f64> {
    figures.get(name)?.parse().ok()
}

fn table(columns: &[(String, Figures)]) -> String {
    let mut lines = vec![row("CPUs", columns, |(heading, _)| heading.clone(), "aim")];
    for (label, name, unit) in ROWS {
        let cell = |(_, figures): &(String, Figures)| match value(figures, name) {
            Some(number) => shown(number, unit),
            None => "-".to_owned(),
        };
        let aim = match name {
            READY_FIGURE => "< 1 s",
            "metadata_share" => "<= 0.6 %",
            _ => "",
        };
        lines.push(row(label, columns, cell, aim));
    }
    for (label, of, by, aim) in RATIOS {
        let quotient = |figures: &Figures| Some(value(figures, of)? / value(figures, by)?);
        let cell = |(_, figures): &(String, Figures)| match quotient(figures) {
            Some(number) => format!("{number:.2}"),
            None => "-".to_owned(),
        };
        lines.push(row(label, columns, cell, aim));
    }
    lines.join("\n")
}

fn row(
    label: &str,
    columns: &[(String, Figures)],
    cell: impl Fn(&(String, Figures)) -> String,
    aim: &str,
) -> String {
    let cells: String = columns.iter().map(|column| format!("{:>12}", cell(column))).collect();
    format!("{label:<28}{cells}  {aim}").trim_end().to_owned()
}

fn shown(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Time if number >= 1e6 => format!("{:.0} ms", number / 1e6),
        Unit::Time => format!("{:.2} us", number / 1e3),
        Unit::Rate if number >= 100.0 => format!("{number:.0}"),
        Unit::Rate => format!("{number:.2}"),
        Unit::Share => format!("{:.2} %", 100.0 * number),
    }
}

/// Returns what the numbers were measured on.
fn host() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let version = Command::new(QEMU).arg("--version").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.as_deref().and_then(|text| text.lines().next()).unwrap_or(QEMU);
    format!(
        "host: {cores} cores; {version}; TCG, one thread; {MEMORY_MIB} MiB; median of {ROUNDS};\n\
         counted: 1 ns is an instruction, one boot"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(text: &str) -> Figures {
        judge::figures(text)
    }

    #[test]
    fn medians_leave_out_boots_that_lack_a_figure() {
        let boots = [
            figures("figure a 5\nfigure b 1"),
            figures("figure a 1"),
            figures("figure a 3\nfigure c 1"),
        ];
        assert_eq!(medians(&boots), figures("figure a 3\nfigure b 1"));
    }

    #[test]
    fn the_table_has_ratios_and_marks_what_is_missing() {
        let column = figures("figure page_in_p50_ns 30000\nfigure codec_decompress_ns 10000");
        let table = table(&[("1".to_owned(), column)]);
        assert!(table.contains("page-in p50                     30.00 us"), "{table}");
        assert!(table.contains("page-in p50 / decompress            3.00  <= 4.0"), "{table}");
        assert!(table.contains("page-out / compress                    -  <= 1.7"), "{table}");
    }
}
