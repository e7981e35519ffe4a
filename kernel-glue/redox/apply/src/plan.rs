//! Which hooks are in a tree, and what is to be written.

use std::collections::BTreeMap;

use crate::edit;
use crate::hooks::Hook;
use crate::marks::{self, Comment};
use crate::refusal::{Reason, Refusal};
use crate::tree::{Change, Tree};

/// What is to be done to a tree.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Everything is as it should be; nothing is written.
    Nothing,
    /// These files are to be written.
    Write(Vec<Change>),
}

/// What a file has of its hooks.
enum State {
    /// None of the lines.
    Plain,
    /// All of them.
    Applied,
    /// Marked lines, but not those of the list.
    Other,
}

fn by_file(hooks: &[Hook]) -> BTreeMap<&str, Vec<&Hook>> {
    let mut files: BTreeMap<&str, Vec<&Hook>> = BTreeMap::new();
    for hook in hooks {
        files.entry(&hook.file).or_default().push(hook);
    }
    files
}

fn state(old: &str, plain: &str, new: &str) -> State {
    if old == plain {
        State::Plain
    } else if old == new {
        State::Applied
    } else {
        State::Other
    }
}

/// Returns what puts all hooks into a tree.
///
/// # Errors
///
/// Everything in the tree that is not as the list expects it; also where it has only some of the lines.
pub fn apply(tree: &Tree, hooks: &[Hook]) -> Result<Plan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut changes = Vec::new();
    let mut applied = 0;
    for (file, hooks) in by_file(hooks) {
        let old = match tree.read(file) {
            Ok(old) => old,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let plain = marks::strip(&old, Comment::of(file));
        let new = edit::with_hooks(file, &plain, &hooks);
        match new.map(|new| (state(&old, &plain, &new), new)) {
            Ok((State::Plain, new)) => {
                changes.push(Change { file: file.to_owned(), old, new });
            }
            Ok((State::Applied, _)) => applied += 1,
            Ok((State::Other, _)) => {
                refusals.push(Refusal { place: file.to_owned(), reason: Reason::OtherLines });
            }
            Err(wrong) => refusals.extend(wrong),
        }
    }
    if applied > 0 {
        let half =
            |change: &Change| Refusal { place: change.file.clone(), reason: Reason::HalfApplied };
        refusals.extend(changes.iter().map(half));
    }
    finish(tree, changes, refusals)
}

/// Returns what takes every marked line out of a tree, whichever list put it there.
///
/// # Errors
///
/// Files that cannot be read or written.
pub fn remove(tree: &Tree) -> Result<Plan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut changes = Vec::new();
    for file in tree.sources().map_err(|refusal| vec![refusal])? {
        match tree.read(&file) {
            Ok(old) => {
                let new = marks::strip(&old, Comment::of(&file));
                if new != old {
                    changes.push(Change { file, old, new });
                }
            }
            // A file of another encoding has none of our lines.
            Err(Refusal { reason: Reason::NotText, .. }) => {}
            Err(refusal) => refusals.push(refusal),
        }
    }
    finish(tree, changes, refusals)
}

fn finish(
    tree: &Tree,
    changes: Vec<Change>,
    mut refusals: Vec<Refusal>,
) -> Result<Plan, Vec<Refusal>> {
    refusals.extend(changes.iter().filter_map(|change| tree.writable(&change.file)));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(if changes.is_empty() { Plan::Nothing } else { Plan::Write(changes) })
}
