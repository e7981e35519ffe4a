//! The verbs of the Makefile that need more than a line: `qemu VERB`.
//!
//! Each verb prints what it does before it does it, and its exit code tells whether it worked.

#![forbid(unsafe_code)]

use std::process::ExitCode;

mod verbs {
    //! One file for each verb.
    pub(crate) mod bench_guest;
    pub(crate) mod demo;
    pub(crate) mod redox;
    pub(crate) mod settings;
    pub(crate) mod shell;
    pub(crate) mod soak;
    pub(crate) mod test;
}

const USAGE: &str = "usage: qemu demo | shell | redox | corpus | corpora FOLDER | test | test-redox | soak | bench-guest";

/// The exit code of a verb that was not told what it needs.
const NOT_TOLD: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["demo"] => verbs::demo::run(),
        ["shell"] => verbs::shell::run(),
        ["redox" | "test-redox"] if !verbs::redox::is_told() => {
            eprintln!("{}", verbs::redox::NEEDED);
            return ExitCode::from(NOT_TOLD);
        }
        ["redox"] => verbs::redox::run(),
        ["test-redox"] => {
            verbs::redox::kernel().and_then(|kernel| verbs::test::run_on_redox(&kernel))
        }
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
