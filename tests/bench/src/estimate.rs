//! `make estimate`: the size that each codec gives to the pages of `CORPUS=FILE`, and the time it
//! takes.
//!
//! The ratio is that of the codec alone; a device takes some hundredths more, which `make bench`
//! measures. Times are of a few rounds only: enough for a choice, too few to publish.

use std::fmt::Write;

use crate::clock;
use crate::corpus::Corpus;
use crate::report::Row;
use crate::subjects;

/// Rounds, unless `ROUNDS=N` says otherwise.
pub(crate) const ROUNDS: usize = 3;

/// Characters of a bar that stands for pages as they are.
const BAR: f64 = 40.0;

/// Measures and prints the table.
///
/// # Errors
/// In words, when there are no pages or one does not come back.
pub(crate) fn run(rounds: usize) -> Result<(), String> {
    let corpus = Corpus::read()?;
    clock::pin(*clock::cpus().last().ok_or("no CPU to run on")?);
    let rows = subjects::codec_times(&corpus.pages, rounds)?;
    let (count, same) = (corpus.pages.len(), corpus.same_filled);
    println!("{}: {count} pages; {same} same-filled ones take no memory\n", corpus.path.display());
    print!("{}", table(&rows));
    Ok(())
}

/// Returns a line for each row: ratio, costs, and a bar for what remains of the pages.
fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:24}{:>7}{:>10}{:>10}  of the pages remain\n",
        "", "ratio", "store ns", "load ns"
    );
    for row in rows {
        let Some(ratio) = row.ratio else { continue };
        let (store, load) = (row.store.median(), row.load.median());
        let bar = "#".repeat((BAR / ratio).round() as usize);
        let percent = 100.0 / ratio;
        let name = &row.name;
        let _ = writeln!(
            text,
            "{name:24}{ratio:>7.3}{store:>10.0}{load:>10.0}  {percent:>5.1} % {bar}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;
    use crate::report::Row;
    use crate::rounds::Times;

    #[test]
    fn a_line_has_ratio_costs_and_a_bar_of_what_remains() {
        let times = |ns| Times { rounds: vec![ns], wall: vec![ns] };
        let row =
            Row { name: "any".into(), store: times(50.0), load: times(7.0), ratio: Some(4.0) };
        let text = table(&[row]);
        assert!(text.ends_with("4.000        50         7   25.0 % ##########\n"), "{text}");
    }
}
