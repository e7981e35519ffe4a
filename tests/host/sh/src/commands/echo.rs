//! `echo [-n] TEXT [> FILE]`: shows text, or writes it to a file, with a newline behind it unless `-n`.

use super::Failure;
use crate::output::Output;

pub(super) fn run(words: &[&str], output: &mut Output) -> Result<(), Failure> {
    let (words, end) = match words {
        ["-n", rest @ ..] => (rest, ""),
        all => (all, "\n"),
    };
    output.text(&(words.join(" ") + end))
}
