//! `echo TEXT [> FILE]`: shows text, or writes it to a file with a newline behind it.

use alloc::string::String;

use super::Failure;

pub(super) fn run(words: &[&str]) -> Result<String, Failure> {
    let mut text = words.join(" ");
    text.push('\n');
    Ok(text)
}
