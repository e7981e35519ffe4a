//! The verbs of the Makefile that need more than a line: `qemu VERB`.
//!
//! Each verb prints what it does before it does it, and its exit code tells whether it worked.

#![forbid(unsafe_code)]

use std::process::ExitCode;

mod verbs {
    //! One file for each verb.
    pub(crate) mod bench_guest;
    pub(crate) mod demo;
    pub(crate) mod settings;
    pub(crate) mod shell;
    pub(crate) mod soak;
    pub(crate) mod test;
}

const USAGE: &str =
    "usage: qemu demo | shell | corpus | corpora FOLDER | test | soak | bench-guest";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["demo"] => verbs::demo::run(),
        ["shell"] => verbs::shell::run(),
        ["corpus"] => qemu::corpus::capture().map(|_| ()),
        ["corpora", folder] => qemu::corpus::capture_each(folder.as_ref()),
        ["test"] => verbs::test::run(),
        ["soak"] => verbs::soak::run(),
        ["bench-guest"] => verbs::bench_guest::run(),
        [qemu::corpus::SPECIMEN_VERB] => qemu::corpus::be_specimen(None),
        [qemu::corpus::SPECIMEN_VERB, argument] => qemu::corpus::be_specimen(Some(argument)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}
