//! `kill NAME`: ends a program that init has started (only `zramd`), without warning.

use alloc::format;
use alloc::string::ToString;

use zram_rt::fs;

use super::Failure;
use crate::output::Output;

pub(super) fn run(names: &[&str], _: &mut Output) -> Result<(), Failure> {
    let [name] = names else { return Err(Failure::words("which program?".to_string())) };
    fs::write("/scheme/init/kill", name.as_bytes()).map_err(|error| match error.errno {
        syscall::ENOENT => Failure::words(format!("{name}: init runs no program of that name")),
        _ => Failure::of_file(name, error),
    })
}
