//! The commands that are part of the shell: each takes arguments and an output.

mod cat;
mod echo;
mod free;
mod help;
mod kill;
mod ls;
mod sleep;
mod until;

use alloc::format;
use alloc::string::{String, ToString};

use zram_rt::errno::Error;

use crate::output::Output;

/// A command of the shell.
pub(crate) type Builtin = fn(&[&str], &mut Output) -> Result<(), Failure>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong use, in words.
    Words(String),
    /// A system call's error, and the file that it was about.
    System {
        /// The file as the person wrote it.
        file: Option<String>,
        /// The error.
        error: Error,
    },
}

impl Failure {
    /// Returns a failure in words.
    pub(crate) fn words(words: String) -> Self {
        Self::Words(words)
    }

    /// Returns the refusal of an argument that the command does not know.
    pub(crate) fn unknown(argument: &str) -> Self {
        Self::Words(format!("{argument}: unknown option or argument"))
    }

    /// Returns the failure of a file.
    pub(crate) fn of_file(file: &str, error: Error) -> Self {
        Self::System { file: Some(file.to_string()), error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::System { file: None, error }
    }
}

/// The commands of the shell, those that `shell` does itself included.
pub(crate) const NAMES: [&str; 10] =
    ["cat", "echo", "exit", "free", "help", "kill", "ls", "sleep", "until", "wait"];

/// Returns the command called `name`.
pub(crate) fn find(name: &str) -> Option<Builtin> {
    Some(match name {
        "cat" => cat::run,
        "echo" => echo::run,
        "free" => free::run,
        "help" => help::run,
        "kill" => kill::run,
        "ls" => ls::run,
        "sleep" => sleep::run,
        "until" => until::run,
        _ => return None,
    })
}
