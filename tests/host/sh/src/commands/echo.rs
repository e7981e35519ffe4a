//! `echo TEXT [> FILE]`: shows text, or writes it to a file with a newline behind it.

use super::Failure;
use crate::output::Output;

pub(super) fn run(words: &[&str], output: &mut Output) -> Result<(), Failure> {
    let mut text = words.join(" ");
    text.push('\n');
    output.text(&text)
}
