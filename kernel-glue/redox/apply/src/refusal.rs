//! Why nothing was written: one line for each thing that is wrong.

use std::fmt;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file, and for a hook its function.
    pub place: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What can be wrong with a list of hooks or with a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A line of the list that says nothing that is known here; its number and what was expected.
    List {
        /// From 1.
        line: usize,
        /// In plain words.
        expected: &'static str,
    },
    /// The path of this repository cannot stand in a line of the kernel.
    Repository,
    /// No such file, or it cannot be read or written: the system's words.
    Io(String),
    /// The tree is no Redox kernel's.
    NoKernel,
    /// A folder, a link, or else no plain file.
    NotPlain,
    /// The file may not be written.
    ReadOnly,
    /// The file is not UTF-8.
    NotText,
    /// The last line has no end, so that lines behind it could not be taken out byte for byte.
    NoLineEnd,
    /// The file is not Rust as it is read here; where.
    NotRust(String),
    /// With the hook lines in, the file would not be Rust; where.
    BreaksRust(String),
    /// So many functions (or tables) of the name, where one is wanted.
    Functions(usize),
    /// The anchor that begins with this line occurs so many times, where once is wanted.
    Anchors {
        /// Its first line.
        first: String,
        /// How often the whole of it occurs.
        count: usize,
    },
    /// The anchor that begins with this line overlaps lines that another hook replaces.
    Overlaps(String),
    /// Some files have the lines, this one has not.
    HalfApplied,
    /// The file has marked lines that are not those of the list.
    OtherLines,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { line, expected } => write!(out, "line {line}: expected {expected}"),
            Self::Repository => {
                write!(out, "this repository's path has a quote, a backslash or a line end in it")
            }
            Self::Io(words) => write!(out, "{words}"),
            Self::NoKernel => write!(out, "no tree of a Redox kernel (its package is `kernel`)"),
            Self::NotPlain => write!(out, "no plain file"),
            Self::ReadOnly => write!(out, "may not be written"),
            Self::NotText => write!(out, "not UTF-8"),
            Self::NoLineEnd => write!(out, "the last line has no line end"),
            Self::NotRust(words) => write!(out, "cannot be read as Rust: {words}"),
            Self::BreaksRust(words) => {
                write!(out, "with the lines of HOOKS.md it is not Rust: {words}")
            }
            Self::Functions(count) => write!(out, "there are {count} of that name, wanted is 1"),
            Self::Anchors { first, count } => {
                write!(out, "`{first}` is there {count} times, wanted is once")
            }
            Self::Overlaps(first) => {
                write!(out, "`{first}` is among lines that another hook replaces")
            }
            Self::HalfApplied => {
                write!(out, "has not the lines that other files have: --remove first")
            }
            Self::OtherLines => {
                write!(out, "has marked lines that HOOKS.md has not: --remove first")
            }
        }
    }
}
