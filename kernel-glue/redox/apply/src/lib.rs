//! Puts the hook lines of `HOOKS.md` into the tree of a Redox kernel, and takes them out again.
//!
//! - [`hooks`] reads the list: which lines go where.
//! - [`scopes`] finds a function in a file of the kernel, by its name.
//! - [`marks`] makes lines that can be told from the kernel's own, and takes them out of a text.
//! - [`edit`] makes one file's text with hooks from the text without: pure.
//! - [`plan`] says for all files of a tree what is there and what is to be written.
//! - [`tree`] reads and writes the files.
//!
//! Nothing is kept beside the tree: every line that is put carries a mark, and a line that was replaced
//! stays as a comment with the same mark. So the lines can be taken out without the list that put them,
//! also those of an older list, and the files are then what they were, byte for byte.

#![forbid(unsafe_code)]

pub mod edit;
pub mod hooks;
pub mod marks;
pub mod plan;
pub mod refusal;
pub mod scopes;
pub mod tree;
