//! Takes every CPU but the first offline and back online, one after the other.

use alloc::format;

use host_core::order::Random;
use zram_rt::errno::Error;
use zram_rt::{fs, time};

use crate::finding::{Finding, Storm, retry};

/// Longest time that a CPU is away.
const AWAY_MAX_NS: u64 = 5_000_000;

/// Longest time between two.
const PAUSE_MAX_NS: u64 = 20_000_000;

/// Goes on until the storm ends; then all CPUs are back.
pub(crate) fn run(storm: &Storm, seed: u64) {
    let mut random = Random::new(seed);
    let mut cpu = 1;
    while storm.goes_on() {
        match cycle(cpu, &mut random) {
            Ok(Some(took_ns)) => {
                storm.note_cpu_cycle(took_ns);
                cpu += 1;
            }
            // There was no such CPU.
            Ok(None) if cpu == 1 => return,
            Ok(None) => cpu = 1,
            Err(finding) => return storm.note(finding),
        }
        time::sleep_ns(random.below(PAUSE_MAX_NS));
    }
}

/// Sends a CPU away and back; returns how long the two changes took, or nothing if there is none.
fn cycle(cpu: u32, random: &mut Random) -> Result<Option<u64>, Finding> {
    let file = format!("/scheme/cpu/{cpu}/online");
    let began_ns = time::now_ns();
    let gone = change(&file, b"0\n")?;
    match gone {
        Ok(()) => {}
        Err(error) if error.errno == syscall::ENOENT => return Ok(None),
        Err(error) => return Err(Finding::of(&format!("cpu {cpu} offline"), error)),
    }
    let gone_ns = time::since_ns(began_ns);
    time::sleep_ns(random.below(AWAY_MAX_NS));
    let began_ns = time::now_ns();
    // There may be no memory for its streams at this moment.
    let back =
        retry("cpu online", &[syscall::EBUSY, syscall::ENOMEM], || fs::write(&file, b"1\n"))?;
    back.map_err(|error| Finding::of(&format!("cpu {cpu} online"), error))?;
    Ok(Some(gone_ns + time::since_ns(began_ns)))
}

fn change(file: &str, to: &[u8]) -> Result<Result<(), Error>, Finding> {
    retry(file, &[syscall::EBUSY], || fs::write(file, to))
}
