//! `ls [PATH]`: lists the programs, or the names at a path such as `zram:` or `/scheme`.

use alloc::format;
use alloc::string::String;

use zram_rt::fs;

use super::Failure;
use crate::output::Output;

pub(super) fn run(paths: &[&str], output: &mut Output) -> Result<(), Failure> {
    let path = match paths {
        [] => "/",
        [option] if option.starts_with('-') => return Err(Failure::unknown(option)),
        [path] => path,
        _ => return Err(Failure::words(String::from("one path at a time"))),
    };
    let names = fs::list(path).map_err(|error| Failure::of_file(path, error))?;
    names.iter().try_for_each(|name| output.text(&format!("{name}\n")))
}
