//! Machines of all sizes, each filled, checked, swapped off and reset; and hostile programs.
//!
//! A [`Cell`] is a machine and what its memory is filled with. `MEM`, `CPUS` and `SAMPLE` choose
//! cells, each by a list with commas; a variable that is not set chooses all its values. One line
//! per machine shows the result. A failing machine ends the run, unless the user chose machines:
//! then all of them are run.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use host_core::order::Random;
use qemu::corpus;
use qemu::image::{Build, Contents, DAEMON, Image};
use qemu::machine::{Limits, Machine, Threading};
use qemu::place;

use super::SILENCE;

/// Machines that the README promises to run on, in MiB and CPUs.
const MEMORIES_MIB: [u32; 5] = [128, 256, 512, 1024, 2048];
const CPU_COUNTS: [u32; 4] = [1, 2, 4, 8];

/// The largest machine needs some minutes on a quiet host.
const LIMITS: Limits = Limits { total: Duration::from_secs(3600), silence: SILENCE };

/// What the daemon says at its end when it has nothing any more.
const GIVEN_BACK: &str = "zramd: ends with instances 0 devices 0 pool_pages 0 ";

/// The machine of the hostile programs.
const HOSTILE_MIB: u32 = 128;
const HOSTILE_CPUS: u32 = 2;

/// What memory is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// The sample of real pages.
    Usual,
    /// Pages that cannot be compressed: they stay where they are.
    Random,
    /// One page in two is a repeated word, another one each time.
    Half,
}

/// A machine to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    memory_mib: u32,
    cpus: u32,
    content: Content,
}

/// Runs what the variables name; returns whether they name anything.
///
/// # Errors
///
/// In words: a variable that cannot be understood, or which machines failed.
pub(super) fn run_chosen() -> Result<bool, String> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let [memory, cpus, samples] = ["MEM", "CPUS", "SAMPLE"].map(variable);
    let hostile = variable("HOSTILE");
    if [&memory, &cpus, &samples, &hostile].iter().all(|text| text.is_empty()) {
        return Ok(false);
    }
    let mut failed = Vec::new();
    if hostile.is_empty() {
        let cells = cells(&memory, &cpus, &samples)?;
        failed.extend(
            cells.into_iter().filter(|cell| !is_right(&cell.name(), &fill(*cell))).map(Cell::name),
        );
    } else {
        let (first, end) = seeds(&hostile)?;
        let name = |seed| format!("hostile programs of seed {seed}");
        failed
            .extend((first..end).filter(|seed| !is_right(&name(*seed), &provoke(*seed))).map(name));
    }
    match failed.len() {
        0 => Ok(true),
        count => Err(format!("{count} failed: {}", failed.join("; "))),
    }
}

/// Says how a machine did; returns whether it was right.
fn is_right(name: &str, result: &Result<Duration, String>) -> bool {
    match result {
        Ok(elapsed) => println!("{name}: right, {} s", elapsed.as_secs()),
        Err(why) => println!("{name}: FAILED: {why}"),
    }
    result.is_ok()
}

/// Fills machines of all sizes with the usual pages, one at least, until so many seconds are over or all
/// were run; the seed says which comes first.
///
/// # Errors
///
/// In words, what went wrong, with the log.
pub(super) fn run_all(seconds: u64, first_seed: u64) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let all = cells("", "", "usual")?;
    let first = first_seed as usize % all.len();
    for (at, cell) in all.iter().cycle().skip(first).take(all.len()).enumerate() {
        if at > 0 && Instant::now() > deadline {
            println!("{at} of {} sizes of machines", all.len());
            break;
        }
        let elapsed = fill(*cell)?;
        println!("{}: right, {} s", cell.name(), elapsed.as_secs());
    }
    Ok(())
}

/// Returns the cells that the lists choose; an empty list is all there is.
fn cells(memory: &str, cpus: &str, samples: &str) -> Result<Vec<Cell>, String> {
    let number = |text: &str| u32::from_str(text).map_err(|_| format!("{text}: not a number"));
    let memory = list(memory, &MEMORIES_MIB, number)?;
    let cpus = list(cpus, &CPU_COUNTS, number)?;
    let samples = list(samples, &[Content::Usual, Content::Random, Content::Half], Content::named)?;
    let mut cells = Vec::new();
    for content in samples {
        for memory_mib in memory.iter().copied() {
            cells.extend(cpus.iter().map(|&cpus| Cell { memory_mib, cpus, content }));
        }
    }
    Ok(cells)
}

fn list<T: Clone>(
    text: &str,
    all: &[T],
    one: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    if text.is_empty() { Ok(all.to_vec()) } else { text.split(',').map(one).collect() }
}

/// Returns the first seed and the one behind the last of `FIRST..END`.
fn seeds(text: &str) -> Result<(u64, u64), String> {
    let parts = text.split_once("..");
    let parsed = parts.and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    parsed.ok_or_else(|| format!("HOSTILE={text}: not FIRST..END"))
}

impl Content {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "usual" => Ok(Self::Usual),
            "random" => Ok(Self::Random),
            "half" => Ok(Self::Half),
            _ => Err(format!("SAMPLE={name}: there are usual, random and half")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Random => "random",
            Self::Half => "half",
        }
    }

    /// Returns the sample that goes into the image.
    fn corpus(self) -> Result<PathBuf, String> {
        match self {
            Self::Usual | Self::Half => corpus::wanted(),
            Self::Random => noise(),
        }
    }

    /// Returns how many MiB a machine is filled with: half more than it has, unless all must stay.
    fn fill_mib(self, memory_mib: u32) -> u32 {
        match self {
            Self::Usual | Self::Half => memory_mib * 3 / 2,
            Self::Random => memory_mib / 2,
        }
    }
}

impl Cell {
    fn name(self) -> String {
        let Self { memory_mib, cpus, content } = self;
        format!("MEM={memory_mib} CPUS={cpus} SAMPLE={}", content.name())
    }

    /// Returns the lines that fill, check, swap off, reset and end.
    fn script(self) -> String {
        let Self { memory_mib, cpus, content } = self;
        let (disksize_mib, size_mib) = (memory_mib * 3, content.fill_mib(memory_mib));
        let same_filled = if content == Content::Half { 50 } else { 0 };
        let more = match content {
            Content::Usual | Content::Half => String::new(),
            // More than there is: one program goes, and the rest lives.
            Content::Random => {
                format!("! memhog --size {}M --threads {cpus}\n", memory_mib * 3 / 2)
            }
        };
        format!(
            "echo disksize={disksize_mib}M > zram:control/hot_add\n\
             swapon zram:0\n\
             {more}\
             memhog --size {size_mib}M --passes 1 --threads {cpus} --same-filled {same_filled}\n\
             swapoff zram:0\n\
             echo 1 > zram:0/reset\n\
             echo 1 > zram:control/exit\n\
             sleep 300\n"
        )
    }
}

/// Returns a sample of pages that no codec makes smaller.
fn noise() -> Result<PathBuf, String> {
    let path = place::under_target("corpus/random.bin")?;
    let mut random = Random::new(1);
    let words = (0..256 * corpus::PAGE_SIZE / 8).map(|_| random.next().to_le_bytes());
    let bytes: Vec<u8> = words.flatten().collect();
    fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Fills a machine, checks every byte, and takes all of it apart.
fn fill(cell: Cell) -> Result<Duration, String> {
    let (ended, log) = boot(cell, &cell.script())?;
    if log.contains(GIVEN_BACK) { Ok(ended) } else { Err(format!("the daemon kept pages:\n{log}")) }
}

/// Lets hostile programs of one seed loose on a machine, and sees whether it still works.
fn provoke(seed: u64) -> Result<Duration, String> {
    let script = format!(
        "hostile odd {seed}\n\
         hostile random {seed} 5000\n\
         hostile odd {}\n\
         echo disksize=256M > zram:control/hot_add\n\
         swapon zram:0\n\
         memhog --size 150M --passes 1 --threads 2\n\
         cat swap:stat\n\
         swapoff zram:0\n",
        seed.wrapping_add(1_000_000)
    );
    let cell = Cell { memory_mib: HOSTILE_MIB, cpus: HOSTILE_CPUS, content: Content::Usual };
    let (ended, log) = boot(cell, &script)?;
    if log.contains("closed 0") { Ok(ended) } else { Err(format!("the pager closed:\n{log}")) }
}

/// Boots a machine whose script must end well; returns its time and log.
fn boot(cell: Cell, script: &str) -> Result<(Duration, String), String> {
    let sample = cell.content.corpus()?;
    let contents = Contents {
        corpus: &sample,
        script: Some(script),
        configuration: None,
        daemon: DAEMON,
        build: Build::Checked,
    };
    let image = Image::pack("soak", contents)?;
    let machine = Machine {
        memory_mib: cell.memory_mib,
        cpus: cell.cpus,
        threading: Threading::Multi,
        command_line: String::new(),
    };
    let ended = machine.run(&image, LIMITS, &mut |_, _| ()).map_err(|no| no.to_string())?;
    if ended.succeeded() {
        Ok((ended.elapsed, ended.log))
    } else {
        Err(format!("the guest failed:\n{}", ended.log))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Content, cells, seeds};

    #[test]
    fn what_no_list_names_is_all_there_is() {
        assert_eq!(cells("", "", "").map(|cells| cells.len()), Ok(5 * 4 * 3));
        let chosen = cells("128", "1,8", "half").expect("they exist");
        let cell = |cpus| Cell { memory_mib: 128, cpus, content: Content::Half };
        assert_eq!(chosen, [cell(1), cell(8)]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(cells("128,", "", "").is_err());
        assert!(cells("", "many", "").is_err());
        assert!(cells("", "", "zeros").is_err());
        assert!(seeds("7").is_err());
        assert_eq!(seeds("7..9"), Ok((7, 9)));
    }
}
