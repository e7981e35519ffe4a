//! Reads the list of hooks, `HOOKS.md`, strictly, so that no hook is overlooked.
//!
//! ````text
//! ## FILE: PLACE
//!
//! Why, in words.
//!
//! ```anchor
//! a line that is there, or some lines that follow one another
//! ```
//!
//! ```after
//! the lines to put behind it
//! ```
//! ````
//!
//! PLACE is `fn NAME`, `impl TYPE::NAME`, `(file)` for text outside of functions, or `[TABLE]` in a
//! manifest. In place of `after` there may be `before` or `instead`. `$ZRAM` in a line to insert
//! stands for this repository's path. An inserted line gets the indentation of the anchor, plus its
//! own indentation in the list.

use std::fmt;

use crate::refusal::{Reason, Refusal};

/// Lines for one place of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Path from the tree's root.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What is put there.
    pub edits: Vec<Edit>,
}

/// A part of a file that keeps its name when lines move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// What stands in no function.
    File,
    /// A function that belongs to no type.
    Function(String),
    /// A function in an `impl` of a type.
    Method {
        /// The type, without path and parameters.
        owner: String,
        /// The function.
        name: String,
    },
    /// A table of a manifest.
    Table(String),
}

/// An anchor and the lines that are put at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Lines of the kernel that follow one another; blanks do not count.
    pub anchor: Vec<String>,
    /// On which side of them.
    pub side: Side,
    /// The lines to put, as the list has them.
    pub lines: Vec<String>,
}

/// Where lines go, seen from their anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In front of its first line.
    Before,
    /// Behind its last line.
    After,
    /// In place of it.
    Instead,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => write!(out, "(file)"),
            Self::Function(name) => write!(out, "fn {name}"),
            Self::Method { owner, name } => write!(out, "impl {owner}::{name}"),
            Self::Table(name) => write!(out, "[{name}]"),
        }
    }
}

impl Hook {
    /// Returns the words that name this hook in messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}: {}", self.file, self.place)
    }
}

fn place(words: &str) -> Option<Place> {
    if words == "(file)" {
        return Some(Place::File);
    }
    if let Some(name) = words.strip_prefix("fn ") {
        return Some(Place::Function(name.to_owned()));
    }
    if let Some((owner, name)) = words.strip_prefix("impl ").and_then(|rest| rest.split_once("::"))
    {
        return Some(Place::Method { owner: owner.to_owned(), name: name.to_owned() });
    }
    let table = words.strip_prefix('[')?.strip_suffix(']')?;
    Some(Place::Table(table.to_owned()))
}

fn heading(line: &str) -> Option<Hook> {
    let (file, words) = line.strip_prefix("## ")?.split_once(": ")?;
    // A list must not reach out of the tree.
    let inside =
        !file.starts_with('/') && file.split('/').all(|part| !part.is_empty() && part != "..");
    let place = inside.then(|| place(words.trim())).flatten()?;
    Some(Hook { file: file.to_owned(), place, edits: Vec::new() })
}

/// What has been read so far.
struct Reader<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    /// How many lines the list has.
    count: usize,
    repository: &'a str,
    hooks: Vec<Hook>,
    anchor: Option<Vec<String>>,
}

impl Reader<'_> {
    fn fence(&mut self, line: usize) -> Result<Vec<String>, Reason> {
        let mut inside = Vec::new();
        for (_, text) in self.lines.by_ref() {
            if text == "```" {
                return Ok(inside);
            }
            inside.push(text.to_owned());
        }
        Err(Reason::List { line, expected: "the end of this block" })
    }

    fn block(&mut self, line: usize, kind: &str) -> Result<(), Reason> {
        let content = self.fence(line)?;
        let expected = |expected| Reason::List { line, expected };
        let Some(hook) = self.hooks.last_mut() else {
            return Err(expected("a heading `## FILE: PLACE` above the block"));
        };
        if content.is_empty() {
            return Err(expected("a block with lines in it"));
        }
        let side = match kind {
            "anchor" if self.anchor.is_some() => {
                return Err(expected("what to put at the anchor above"));
            }
            "anchor" => {
                self.anchor = Some(content);
                return Ok(());
            }
            "before" => Side::Before,
            "after" => Side::After,
            "instead" => Side::Instead,
            _ => return Err(expected("a block `anchor`, `before`, `after` or `instead`")),
        };
        let anchor = self.anchor.take().ok_or(expected("an anchor above this block"))?;
        let lines = content.iter().map(|text| text.replace("$ZRAM", self.repository)).collect();
        hook.edits.push(Edit { anchor, side, lines });
        Ok(())
    }

    /// A section ends at the next heading and at the end of the list.
    fn section_ends(&self, line: usize) -> Result<(), Reason> {
        if self.anchor.is_some() {
            return Err(Reason::List { line, expected: "what to put at the anchor above" });
        }
        match self.hooks.last() {
            Some(hook) if hook.edits.is_empty() => {
                Err(Reason::List { line, expected: "lines to put in the section above" })
            }
            _ => Ok(()),
        }
    }

    fn read(&mut self) -> Result<(), Reason> {
        while let Some((index, text)) = self.lines.next() {
            let line = index + 1;
            if let Some(kind) = text.strip_prefix("```") {
                self.block(line, kind.trim())?;
            } else if text.starts_with("## ") {
                self.section_ends(line)?;
                let hook = heading(text).ok_or(Reason::List {
                    line,
                    expected: "`## FILE: fn NAME`, `impl TYPE::NAME`, `(file)` or `[TABLE]`",
                })?;
                self.hooks.push(hook);
            }
        }
        self.section_ends(self.count)
    }
}

/// Returns the hooks of a list, in its order; `repository` is the path that `$ZRAM` stands for.
///
/// # Errors
///
/// Where the list says something that is not understood: nothing of it is passed over.
pub fn parse(list: &str, repository: &str) -> Result<Vec<Hook>, Refusal> {
    let refuse = |reason| Refusal { place: "HOOKS.md".to_owned(), reason };
    if repository.contains(['"', '\\', '\n']) {
        return Err(refuse(Reason::Repository));
    }
    let (lines, count) = (list.lines().enumerate(), list.lines().count());
    let mut reader = Reader { lines, count, repository, hooks: Vec::new(), anchor: None };
    reader.read().map_err(refuse)?;
    Ok(reader.hooks)
}

#[cfg(test)]
mod tests;
