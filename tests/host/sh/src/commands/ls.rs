//! `ls [PATH]`: lists the programs, or the names at a path such as `zram:` or `/scheme`.

use alloc::string::String;

use zram_rt::fs;

use super::Failure;

pub(super) fn run(paths: &[&str]) -> Result<String, Failure> {
    let path = match paths {
        [] => "/",
        [path] => path,
        _ => return Err(Failure::words(String::from("one path at a time"))),
    };
    let names = fs::list(path).map_err(|error| Failure::of_file(path, error))?;
    Ok(names.iter().flat_map(|name| [name.as_str(), "\n"]).collect())
}
