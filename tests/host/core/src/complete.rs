//! Completion of a word: the possible words, and the part that all of them share.
//!
//! The caller lists the names; this module says which list a word needs and computes the
//! completion.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Most choices that are shown: they fill half of a screen.
const SHOWN_MAX: usize = 40;

/// What the word before the cursor may be.
#[derive(Debug, PartialEq, Eq)]
pub enum Sought<'a> {
    /// A command that begins so.
    Command(&'a str),
    /// A name in a directory that begins so; without a directory, the name of a scheme.
    Name {
        /// Up to and with the `/` or `:`; empty for a scheme's name.
        directory: &'a str,
        /// What is there of the name.
        start: &'a str,
    },
}

/// What is done about it.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing begins so.
    Nothing,
    /// This is certain, and more than was there.
    Insert {
        /// What follows the start.
        rest: String,
        /// Whether the name is complete with it.
        is_whole: bool,
    },
    /// One name, and it is complete.
    Complete,
    /// One of these; more than are shown end with `...`.
    Choices(Vec<String>),
}

/// Returns what the end of `before`, the line up to the cursor, asks for.
pub fn sought(before: &str) -> Sought<'_> {
    let word_start = before
        .rfind(|letter: char| letter.is_whitespace() || matches!(letter, '>' | ';' | '&' | '!'))
        .map_or(0, |at| at + 1);
    let (front, word) = before.split_at(word_start);
    let front = front.trim_end();
    let begins_command = front.is_empty() || front.ends_with([';', '!']);
    match word.rfind(['/', ':']) {
        Some(at) => {
            let (directory, start) = word.split_at(at + 1);
            Sought::Name { directory, start }
        }
        None if begins_command => Sought::Command(word),
        None => Sought::Name { directory: "", start: word },
    }
}

/// Returns what follows from the names that there are.
pub fn answer(start: &str, names: &[String]) -> Answer {
    let mut fitting: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with(start)).collect();
    fitting.sort_unstable();
    fitting.dedup();
    let Some((first, rest)) = fitting.split_first() else { return Answer::Nothing };
    let certain = rest.iter().fold(first.len(), |length, name| length.min(common(first, name)));
    match (certain > start.len(), rest.is_empty()) {
        (true, is_whole) => {
            Answer::Insert { rest: first[start.len()..certain].to_string(), is_whole }
        }
        (false, true) => Answer::Complete,
        (false, false) => {
            let more = (fitting.len() > SHOWN_MAX).then_some("...");
            let shown = fitting.iter().take(SHOWN_MAX).copied().chain(more);
            Answer::Choices(shown.map(ToString::to_string).collect())
        }
    }
}

/// Returns how many bytes two names have in common at their start.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.char_indices().zip(other.chars());
    pairs
        .take_while(|((_, a), b)| a == b)
        .last()
        .map_or(0, |((at, letter), _)| at + letter.len_utf8())
}
