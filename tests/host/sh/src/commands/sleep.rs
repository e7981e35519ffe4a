//! `sleep MS`: waits that many milliseconds.

use alloc::format;
use alloc::string::String;

use zram_rt::time;

use super::Failure;
use crate::output::Output;

pub(super) fn run(words: &[&str], _: &mut Output) -> Result<(), Failure> {
    let [text] = words else {
        return Err(Failure::words(String::from("how many milliseconds?")));
    };
    let Ok(milliseconds) = text.parse::<u32>() else {
        return Err(Failure::words(format!("{text}: no number of milliseconds")));
    };
    time::sleep_ns(u64::from(milliseconds) * 1_000_000);
    Ok(())
}
