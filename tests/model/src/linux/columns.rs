//! An interleaving printed as in the report of the race: one column for each path.

use std::fmt::Write as _;

use stateright::Path;

use super::{Linux, Module, Turn};

const WIDTH: usize = 40;

/// Returns the way as a table with a column for each path, and who waits for ever in the end.
pub(super) fn columns(model: &Linux, way: Path<Module, Turn>) -> String {
    let names: Vec<&str> = model.paths.iter().map(|path| path.name()).collect();
    let rules: Vec<String> = names.iter().map(|name| "-".repeat(name.len())).collect();
    let mut text = row(&names) + &row(&rules);
    let last = way.last_state().clone();
    for (module, turn) in way.into_vec() {
        let Some(turn) = turn else { continue };
        text += &turn.step.words(&module).map_or_else(String::new, |it| cell(turn.walker, it));
    }
    if last.is_deadlocked() {
        for (walker, it) in last.walkers.iter().enumerate().filter(|(_, it)| it.is_under_way()) {
            let words = it.next().words(&last).unwrap_or_default();
            text += &cell(walker, &format!("waits for ever: {words}"));
        }
    }
    text
}

fn cell(column: usize, words: &str) -> String {
    let mut cells = vec![""; column];
    cells.push(words);
    row(&cells)
}

fn row(cells: &[impl AsRef<str>]) -> String {
    let mut row = String::from("   ");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(row, " {:WIDTH$}", cell.as_ref());
    }
    row.truncate(row.trim_end().len());
    row.push('\n');
    row
}
