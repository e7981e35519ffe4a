//! `cat FILE ...`: shows files, a page at a time.
//!
//! No command of the shell can be interrupted, so a file that would keep the console busy for
//! minutes is refused beforehand: a device may have a size of a terabyte.

use alloc::format;
use alloc::string::ToString;

use syscall::O_RDONLY;
use zram_abi::PAGE_SIZE;
use zram_rt::fs;

use super::Failure;
use crate::output::Output;

/// The largest file that is shown: the sample of the image is one of this size.
const FILE_MAX: u64 = 4 << 20;

pub(super) fn run(files: &[&str], output: &mut Output) -> Result<(), Failure> {
    if files.is_empty() {
        return Err(Failure::words("which file?".to_string()));
    }
    if let Some(option) = files.iter().find(|file| file.starts_with('-')) {
        return Err(Failure::unknown(option));
    }
    files.iter().try_for_each(|file| show(file, output))
}

fn show(path: &str, output: &mut Output) -> Result<(), Failure> {
    let failure = |error| Failure::of_file(path, error);
    let file = fs::open(path, O_RDONLY).map_err(failure)?;
    // What does not tell its size is shown up to the limit.
    let size = file.size().unwrap_or(0);
    let (mut page, mut shown) = ([0; PAGE_SIZE], 0);
    loop {
        if size.max(shown) > FILE_MAX {
            let kib = FILE_MAX >> 10;
            return Err(Failure::words(format!("{path}: it is larger than {kib} KiB")));
        }
        match file.read(&mut page).map_err(failure)? {
            0 => return Ok(()),
            read => {
                output.bytes(&page[..read])?;
                shown += read as u64;
            }
        }
    }
}
