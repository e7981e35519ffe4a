//! Puts the hook lines of `HOOKS.md` into the tree of a Redox kernel, and takes them out again.
//!
//! - [`hooks`] reads the list: which lines go where.
//! - [`scopes`] finds a function in a file of the kernel, by its name.
//! - [`marks`] makes lines that can be told from the kernel's own, and removes them from a text.
//! - [`edit`] makes one file's text with hooks from the text without: pure.
//! - [`plan`] says for all files of a tree which hooks are there and what is to be written.
//! - [`tree`] reads and writes the files.
//!
//! Nothing is kept beside the tree: every inserted line carries a mark, and a replaced line stays
//! as a comment with the same mark. So the lines can be removed without the list that inserted
//! them, also those of an older list, and the files are then what they were, byte for byte.

#![forbid(unsafe_code)]

pub mod edit;
pub mod hooks;
pub mod marks;
pub mod plan;
pub mod refusal;
pub mod scopes;
pub mod tree;
