//! `cat FILE ...`: shows files.

use alloc::string::{String, ToString};

use zram_rt::fs;

use super::Failure;

pub(super) fn run(files: &[&str]) -> Result<String, Failure> {
    if files.is_empty() {
        return Err(Failure::words("which file?".to_string()));
    }
    let texts =
        files.iter().map(|file| fs::read_text(file).map_err(|error| Failure::of_file(file, error)));
    texts.collect()
}
