//! `kill NAME`: ends what init has started, which is `zramd`, without warning.

use alloc::string::{String, ToString};

use zram_rt::fs;

use super::Failure;

pub(super) fn run(names: &[&str]) -> Result<String, Failure> {
    let [name] = names else { return Err(Failure::words("which program?".to_string())) };
    fs::write("/scheme/init/kill", name.as_bytes())
        .map_err(|error| Failure::of_file(name, error))?;
    Ok(String::new())
}
