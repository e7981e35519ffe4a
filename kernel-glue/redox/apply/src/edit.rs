//! One file's text with hooks, made from the text without: pure.

use std::ops::Range;

use crate::hooks::{Edit, Hook, Place, Side};
use crate::marks::{self, Comment};
use crate::refusal::{Reason, Refusal};
use crate::scopes;

/// An edit whose anchor has been found.
struct Found<'a> {
    edit: &'a Edit,
    anchor: Range<usize>,
    /// Blanks of the anchor's first line.
    indent: String,
}

fn collapsed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Returns where an anchor is among the lines of its place.
fn find(lines: &[&str], place: &[Range<usize>], edit: &Edit) -> Result<Range<usize>, Reason> {
    let wanted: Vec<_> = edit.anchor.iter().map(|line| collapsed(line)).collect();
    let starts = place.iter().flat_map(|range| {
        let last = (range.end + 1).saturating_sub(wanted.len());
        range.start..last.max(range.start)
    });
    let is_it = |start: &usize| {
        let there = &lines[*start..*start + wanted.len()];
        there.iter().zip(&wanted).all(|(line, wanted)| collapsed(line) == *wanted)
    };
    let found: Vec<_> = starts.filter(is_it).collect();
    match found[..] {
        [start] => Ok(start..start + wanted.len()),
        _ => Err(Reason::Anchors { first: wanted[0].clone(), count: found.len() }),
    }
}

/// Two edits may share an anchor's edge, but not lines that one of them replaces.
fn overlap(one: &Found<'_>, other: &Found<'_>) -> bool {
    if one.edit.side != Side::Instead {
        return false;
    }
    match other.edit.side {
        Side::Instead => one.anchor.start < other.anchor.end && other.anchor.start < one.anchor.end,
        Side::Before => {
            one.anchor.start < other.anchor.start && other.anchor.start < one.anchor.end
        }
        Side::After => one.anchor.start < other.anchor.end && other.anchor.end < one.anchor.end,
    }
}

/// Returns the lines of an edit as they stand in the tree.
fn written<'a>(
    found: &'a Found<'_>,
    comment: Comment,
    end: &'a str,
) -> impl Iterator<Item = String> {
    let own = indent_of(&found.edit.anchor[0]);
    found.edit.lines.iter().map(move |line| {
        let line = line.strip_prefix(own).unwrap_or(line);
        marks::put(&format!("{}{line}", found.indent), comment, end)
    })
}

fn assemble(lines: &[&str], found: &[Found<'_>], comment: Comment) -> String {
    let mut text = String::new();
    let put = |text: &mut String, index: usize, chosen: &dyn Fn(&Found<'_>) -> bool| {
        let end = marks::split_end(lines[index]).1;
        for found in found.iter().filter(|found| chosen(found)) {
            text.extend(written(found, comment, end));
        }
    };
    for (index, line) in lines.iter().enumerate() {
        put(&mut text, index, &|it| it.edit.side == Side::Before && it.anchor.start == index);
        let replaced =
            |it: &&Found<'_>| it.edit.side == Side::Instead && it.anchor.contains(&index);
        if found.iter().any(|it| replaced(&it)) {
            text.push_str(&marks::keep(line, comment));
        } else {
            text.push_str(line);
        }
        put(&mut text, index, &|it| it.edit.side == Side::Instead && it.anchor.end == index + 1);
        put(&mut text, index, &|it| it.edit.side == Side::After && it.anchor.end == index + 1);
    }
    text
}

fn locate<'a>(text: &str, lines: &[&str], hook: &'a Hook) -> Result<Vec<Found<'a>>, Vec<Reason>> {
    let place = scopes::lines_of(text, &hook.place).map_err(|reason| vec![reason])?;
    let mut found = Vec::new();
    let mut reasons = Vec::new();
    for edit in &hook.edits {
        match find(lines, &place, edit) {
            Ok(anchor) => {
                let indent = indent_of(lines[anchor.start]).to_owned();
                found.push(Found { edit, anchor, indent });
            }
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() { Ok(found) } else { Err(reasons) }
}

/// Returns the text of a file with the lines of its hooks, all of which name this file.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn with_hooks(file: &str, text: &str, hooks: &[&Hook]) -> Result<String, Vec<Refusal>> {
    let refuse = |reason| Refusal { place: file.to_owned(), reason };
    if !text.ends_with('\n') {
        return Err(vec![refuse(Reason::NoLineEnd)]);
    }
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    let mut refusals = Vec::new();
    for hook in hooks {
        match locate(text, &lines, hook) {
            Ok(edits) => found.extend(edits),
            Err(reasons) => {
                let refusal = |reason| Refusal { place: hook.name(), reason };
                refusals.extend(reasons.into_iter().map(refusal));
            }
        }
    }
    for (index, one) in found.iter().enumerate() {
        let others = found.iter().enumerate().filter(|(other, _)| *other != index);
        if others.into_iter().any(|(_, other)| overlap(other, one)) {
            refusals.push(refuse(Reason::Overlaps(collapsed(&one.edit.anchor[0]))));
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let result = assemble(&lines, &found, Comment::of(file));
    // What the list says may be wrong too; better seen here than by the compiler.
    if hooks.iter().any(|hook| !matches!(hook.place, Place::Table(_))) {
        scopes::read(&result).map_err(|words| vec![refuse(Reason::BreaksRust(words))])?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
