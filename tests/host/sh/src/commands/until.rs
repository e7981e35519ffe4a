//! `until NAME NUMBER`: waits until the line NAME of swap:stat has reached NUMBER.
//!
//! For scripts that must do something while memory is short, on machines of any speed.

use alloc::format;
use alloc::string::ToString;

use guest::statistics::Statistics;
use zram_rt::time;

use super::Failure;
use crate::output::Output;

/// The longest wait; what scripts wait for takes seconds.
const WAIT_MAX_NS: u64 = 120_000_000_000;

/// From one look to the next.
const PAUSE_NS: u64 = 20_000_000;

pub(super) fn run(words: &[&str], _: &mut Output) -> Result<(), Failure> {
    let &[name, number] = words else {
        return Err(Failure::words("which line of swap:stat, and how much?".to_string()));
    };
    let Ok(wanted) = number.parse::<u64>() else {
        return Err(Failure::words(format!("{number}: no number")));
    };
    let start_ns = time::now_ns();
    loop {
        let statistics =
            Statistics::read().map_err(|error| Failure::of_file("swap:stat", error))?;
        let Some(found) = statistics.get(name) else {
            return Err(Failure::words(format!("{name}: no line of swap:stat")));
        };
        if found >= wanted {
            return Ok(());
        }
        if time::since_ns(start_ns) > WAIT_MAX_NS {
            return Err(Failure::words(format!("{name} is still {found}")));
        }
        time::sleep_ns(PAUSE_NS);
    }
}
