//! The estimates as people read them: a line and a bar each.

use ctl::table::{Column, Form, Side, Table};
use ctl::units::{ratio, shortened};

use crate::estimate::Estimate;
use crate::pages::{PAGE_SIZE, Pages, Source};

/// Characters of a bar that stands for everything.
const BAR_MAX: usize = 40;

/// Returns the table of a source's estimates.
pub(crate) fn text(source: &Source, pages: &Pages, all: &[Estimate], in_bytes: bool) -> String {
    let size = |bytes: usize| match in_bytes {
        true => bytes.to_string(),
        false => shortened(bytes as u64),
    };
    let looked_at = pages.pages.len();
    let mut text = format!("{source}: {} pages, {}", pages.all, size(pages.all * PAGE_SIZE));
    if looked_at < pages.all {
        text += &format!("; {looked_at} of them looked at, and the rest taken to be like them");
    }
    if let Some(first) = all.first() {
        text += &format!("; {} of one repeated word", percent(first.same_filled, first.pages));
    }
    text.push('\n');
    let right = |name| Column { name, side: Side::Right, is_number: true };
    let left = |name| Column { name, side: Side::Left, is_number: false };
    let mut table = Table::new(vec![
        left("ALGORITHM"),
        right("LEVEL"),
        right("RATIO"),
        right("INCOMPRESSIBLE"),
        right("TAKES"),
        right("SAVES"),
        left("SAVED"),
    ]);
    for estimate in all {
        let takes = takes(estimate, pages.all);
        let whole = pages.all * PAGE_SIZE;
        let saved = whole - takes.min(whole);
        let bar = "#".repeat(saved * BAR_MAX / whole.max(1));
        table.add(vec![
            Some(estimate.compressor.algorithm().name().to_owned()),
            Some(estimate.compressor.level().to_string()),
            Some(ratio(whole as u64, takes as u64).unwrap_or_default()),
            Some(percent(estimate.incompressible, estimate.pages)),
            Some(size(takes)),
            Some(size(saved)),
            Some(format!("{bar} {}", percent(saved, whole)).trim_start().to_owned()),
        ]);
    }
    text + &table.text(Form::Columns, true, "estimates")
}

/// Returns the bytes that all pages would take, by those that were looked at.
fn takes(estimate: &Estimate, all: usize) -> usize {
    let exact = estimate.stored_bytes as u128 * all as u128 / estimate.pages.max(1) as u128;
    usize::try_from(exact).unwrap_or(usize::MAX)
}

fn percent(part: usize, whole: usize) -> String {
    let tenths = part as u128 * 1000 / whole.max(1) as u128;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use zram::{Algorithm, Compressor};

    use super::{Estimate, PAGE_SIZE, Pages, Source, text};

    #[test]
    fn each_estimate_has_a_line_and_a_bar_and_the_rest_is_taken_to_be_alike() {
        let estimate = |algorithm, stored_bytes| Estimate {
            compressor: Compressor::of(algorithm),
            pages: 2,
            same_filled: 1,
            incompressible: 0,
            stored_bytes,
        };
        let pages = Pages { pages: vec![[0; PAGE_SIZE]; 2], all: 4 };
        let all = [estimate(Algorithm::Lz4, 2048), estimate(Algorithm::Pagelz, 8192)];
        let expected = "\
x: 4 pages, 16K; 2 of them looked at, and the rest taken to be like them; 50.0 % of one repeated word
ALGORITHM LEVEL RATIO INCOMPRESSIBLE TAKES SAVES SAVED
lz4           1  4.00          0.0 %    4K   12K ############################## 75.0 %
pagelz        1  1.00          0.0 %   16K    0B 0.0 %
";
        assert_eq!(text(&Source::file("x"), &pages, &all, false), expected);
    }
}
